using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>Targets that end, stop or replace themselves while they are watched.</summary>
public sealed class LifetimeTests
{
    private const string Set = "tokio143-release";

    [Fact]
    public async Task What_was_seen_until_the_process_ended_is_reported()
    {
        using var workload = await Workload.StartAsync(Set, "sleep", "--seconds 4");
        var run = await HudRun.OnAsync(workload, 20);
        Assert.NotEmpty(run.Document.Hotspots);
        Assert.Equal("TargetGone", Assert.Single(run.Document.Targets).Reason);
        Assert.NotEqual(0, run.ExitCode);
    }

    [Fact]
    public async Task A_program_that_forks_and_replaces_itself_lives_on()
    {
        using var workload = await Workload.StartAsync(Set, "exec_mid_run", "--every-ms 100");
        var run = await HudRun.OnAsync(workload, 5);
        Assert.False(workload.HasExited);
        Assert.NotEmpty(run.Document.Hotspots);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        Assert.True(workload.Lines.Count(line => line.Ready is true) > 1, "it did not replace itself");
    }

    /// <summary>Measured: 46 MiB after 12 seconds and no more later; with the runtime's own size of the young generation 67 after 20.</summary>
    [Fact]
    public async Task The_agent_takes_no_more_memory_the_longer_it_runs()
    {
        using var workload = await Workload.StartAsync(Set, "cpu_hog");
        var run = await HudRun.OnAsync(workload, 14);
        Assert.NotEmpty(run.Document.Hotspots);
        Assert.InRange(run.Document.Overhead.AgentPeakBytes, 20 << 20, 50 << 20);
    }

    [Fact]
    public async Task Being_stopped_by_a_signal_is_not_blocking()
    {
        using var workload = await Workload.StartAsync(Set, "throughput", "--spin 2000");
        var running = HudRun.OnAsync(workload, 5);
        await Task.Delay(3000, TestContext.Current.CancellationToken);
        workload.Signal("-STOP");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        workload.Signal("-CONT");
        var run = await running;
        Assert.False(workload.HasExited);
        Assert.DoesNotContain(run.Document.Hotspots, hotspot => hotspot.MaxNs > 400_000_000);
    }
}
