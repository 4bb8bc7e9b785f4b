using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>A target that a return probe could kill is not probed, and a warning says so.</summary>
public sealed class ReturnProbeGuardTests
{
    private const string Confined = "Name:\tshop\nSeccomp:\t2\n";
    private const string Free = "Name:\tshop\nSeccomp:\t0\n";
    private const string ShadowStack = "Name:\tshop\nSeccomp:\t0\nx86_Thread_features:\tshstk wrss\n";

    private readonly List<Diagnostic> _warnings = [];
    private int _asked;

    private bool[] Allowed(
        string[] statuses,
        bool survives = true,
        string version = "6.12",
        ProbeMode mode = ProbeMode.Session,
        Func<int, IReadOnlyList<int>?>? sharers = null
    )
    {
        var targets = statuses
            .Select(
                (_, i) =>
                    new TargetProcess
                    {
                        Id = new(i),
                        Spec = new AgentTarget(),
                        Pid = i,
                        Name = "shop",
                    }
            )
            .ToList();
        new ReturnProbeGuard(
            mode,
            Version.Parse(version),
            pid => statuses[pid],
            target => sharers is null ? [target.Pid] : sharers(target.Pid),
            () =>
            {
                _asked++;
                return survives;
            }
        ).Check(targets, _warnings.Add);
        return [.. targets.Select(t => t.ReturnProbesAllowed)];
    }

    [Fact]
    public void A_target_that_nothing_confines_is_probed_and_nothing_is_tried()
    {
        Assert.Equal([true], Allowed([Free], survives: false));
        Assert.Equal(0, _asked);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_confined_one_where_a_child_of_ours_lived_is_probed() =>
        Assert.Equal([true, true], Allowed([Confined, Free]));

    [Fact]
    public void Where_the_child_died_confined_ones_are_not_probed_and_it_is_tried_once()
    {
        Assert.Equal([false, true, false], Allowed([Confined, Free, Confined], survives: false));
        Assert.Equal(1, _asked);
        Assert.Equal(2, _warnings.Count);
        Assert.All(_warnings, d => Assert.Equal(DiagnosticKinds.NoReturnProbes, d.Kind));
    }

    /// <summary>Before 6.10 a probe fires in every process with the file: one of them may be confined though the target is not.</summary>
    [Fact]
    public void Whoever_else_a_probe_reaches_counts_as_well_and_also_when_they_could_not_be_looked_at()
    {
        Assert.Equal([false, false], Allowed([Free, Confined], survives: false, sharers: pid => [pid, 1]));
        Assert.Contains("another process that runs its file", _warnings[0].Message, StringComparison.Ordinal);
        Assert.Equal([false], Allowed([Free], survives: false, sharers: _ => null));
        Assert.All(_warnings, d => Assert.Contains("another process that runs", d.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("6.10", false)]
    [InlineData("6.11", true)]
    public void A_shadow_stack_needs_a_kernel_that_knows_of_it(string version, bool allowed) =>
        Assert.Equal([allowed], Allowed([ShadowStack], version: version));

    [Fact]
    public void Without_poll_probes_nothing_can_kill()
    {
        Assert.Equal([true], Allowed([Confined], survives: false, mode: ProbeMode.SchedOnly));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_process_that_vanished_has_no_status_and_is_left_to_others() => Assert.Equal([true], Allowed([""]));
}
