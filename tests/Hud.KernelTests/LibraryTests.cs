using Hud.Core.Profile;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>
/// Tokio in a file that is not the process's executable. A program that is started through the dynamic loader is the simplest such
/// process: its executable is the loader, and the program is mapped as a library is.
/// </summary>
public sealed class LibraryTests
{
    private const string Loader = "/lib64/ld-linux-x86-64.so.2";

    private static Workload ThroughTheLoader(string set, string name, string arguments)
    {
        string program = Need.Workload(set, name);
        if (!File.Exists(Loader))
            Need.Missing($"{Loader} is not there");
        return Workload.StartFile(program, arguments, Loader);
    }

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void Polls_of_a_library_are_timed_in_each_probe_mode(string probeMode)
    {
        Need.ProbeMode(probeMode);
        using var workload = ThroughTheLoader("tokio143-release", "cpu_hog", "--seconds 100");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 2, new() { ForceProbeMode = probeMode, ForceLevel = 0 })
        );

        Assert.True(agent.ExitCode == 0, agent.Text);
        var target = Assert.Single(agent.Profile.Targets);
        Assert.StartsWith("ld-linux", Path.GetFileName(target.Executable), StringComparison.Ordinal);
        Assert.Equal("1.43.1", target.TokioVersion);
        Assert.True(target.SlowPolls > 0, agent.Profile.Verdict);
        Assert.StartsWith(
            "cpu_hog::",
            agent.Profile.Hotspots.First(h => h.Cause == HotspotCause.OnCpu).UserFrame,
            StringComparison.Ordinal
        );
        Assert.Equal(0, agent.Profile.Losses.MissedReturns);
        Assert.Equal(0, agent.Profile.Losses.TruncatedStacks);
        workload.EndsWell();
    }

    [Fact]
    public void Without_probes_its_task_types_are_known_by_their_addresses()
    {
        Need.Kernel();
        using var workload = ThroughTheLoader("tokio143-release", "cpu_hog", "--seconds 100");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2, new() { ForceProbeMode = "sched-only" }));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.StartsWith(
            "cpu_hog::",
            agent.Profile.Hotspots.First(h => h.Cause == HotspotCause.OnCpu).Task,
            StringComparison.Ordinal
        );
        workload.EndsWell();
    }

    [Fact]
    public void What_a_stripped_library_lacks_is_reported_with_its_name()
    {
        Need.Kernel();
        using var workload = ThroughTheLoader("tokio143-stripped", "cpu_hog", "--seconds 100");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2));
        Assert.True(agent.Profile.Summary.SlowPolls > 0, agent.Profile.Verdict);
        Assert.Contains(
            agent.Profile.Warnings,
            w => w.Id == "HUD305" && w.Message.Contains("tokio143-stripped/cpu_hog", StringComparison.Ordinal)
        );
        workload.EndsWell();
    }
}
