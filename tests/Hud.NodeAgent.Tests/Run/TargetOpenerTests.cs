using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>What a target's files may cost, and that a run that is to stop looks at no further one.</summary>
public sealed class TargetOpenerTests
{
    private static readonly AgentTarget Self = new() { Pid = Environment.ProcessId };

    private static RefusedTarget Refused(TargetOpener opener) =>
        Assert.IsType<RefusedTarget>(opener.Open(new(0), Self));

    [Fact]
    public void A_process_within_the_bounds_is_looked_at()
    {
        var found = Refused(new TargetOpener(CancellationToken.None));
        Assert.Equal((Environment.ProcessId, "HUD201"), (found.Pid, found.Problem.Kind.Id));
    }

    [Fact]
    public void One_whose_files_are_too_large_is_refused_and_named()
    {
        var found = Refused(new TargetOpener(CancellationToken.None, bytesPerTarget: 10_000));
        Assert.Equal("HUD205", found.Problem.Kind.Id);
        Assert.Contains("too large", found.Problem.Message, StringComparison.Ordinal);
        Assert.Contains($"({Environment.ProcessId})", found.Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Those_that_come_after_all_the_time_is_gone_are_refused()
    {
        var found = Refused(new TargetOpener(CancellationToken.None, allTargets: TimeSpan.Zero));
        Assert.Equal("HUD205", found.Problem.Kind.Id);
        Assert.Contains("took all the time", found.Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_to_stop_reads_nothing_more()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var found = Refused(new TargetOpener(stop.Token));
        Assert.Contains("was ended before", found.Problem.Message, StringComparison.Ordinal);
    }
}
