using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>How long tasks wait for a worker, against what they note themselves.</summary>
public sealed class WakeTests
{
    private const string Busy = "--workers 2 --block-ms 20 --every-ms 15";

    /// <summary>So that a machine that is busy with others leaves all wakes timed: what the budget leaves out is another test's.</summary>
    private const string AllTimed = "--budget 10 --force-level 0";

    private static readonly string[] Ways =
    [
        "from_elsewhere",
        "in_local_set",
        "notified",
        "read_ready",
        "received",
        "slept",
        "wakes_another",
        "woke_itself",
        "yielded",
    ];

    [Theory]
    [InlineData("tokio143-release")]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    [InlineData("tokio124-release")]
    [InlineData("tokio124-stripped")]
    [InlineData("tokio124-lto-abort")]
    [InlineData("tokio-new-release")]
    [InlineData("tokio-new-stripped")]
    [InlineData("tokio-new-lto-abort")]
    public async Task Every_way_to_wake_a_task_is_timed_as_the_task_times_it(string set)
    {
        using var workload = await Workload.StartAsync(set, "wakes", Busy);
        var run = await HudRun.OnAsync(workload, 5, AllTimed);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        var truth = TruthWaits.Of(workload, run.Document).ToList();

        Assert.Equal(Ways, truth.Select(t => t.Task).Order(StringComparer.Ordinal));
        Assert.Equal("", TruthWaits.Differences(truth, run.Document.Tasks));
        Assert.Equal("", Assert.Single(run.Document.Targets).WakesNotTimed);
        Assert.InRange(run.Document.Overhead.CostPerWakeNs, 1, 100_000);
    }

    [Fact]
    public async Task Where_the_budget_leaves_wakes_out_the_report_says_so()
    {
        using var workload = await Workload.StartAsync("tokio143-release", "wakes", Busy);
        var run = await HudRun.OnAsync(workload, 3, "--budget 0.1");

        Assert.Contains(
            "to keep to the budget",
            Assert.Single(run.Document.Targets).WakesNotTimed,
            StringComparison.Ordinal
        );
        Assert.All(run.Document.Tasks, task => Assert.True(task.Waits is null or { Estimated: true }));
    }

    /// <summary>Every other wait of the task begins in its own poll, behind one that blocks for 6 ms; one of 16 is timed.</summary>
    [Fact]
    public async Task Where_wakes_are_sampled_so_are_those_of_a_task_that_wakes_itself()
    {
        using var workload = await Workload.StartAsync(
            "tokio143-release",
            "behind",
            $"--case {(int)BehindCase.WokeItself} --block-ms 6 --every-ms 2"
        );
        var run = await HudRun.OnAsync(workload, 5, "--budget 10 --force-level 1");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        const int Slot = 22; // from 4.2 ms
        int noted = Assert
            .Single(TruthWaits.Of(workload, run.Document))
            .WaitsNs.Count(wait => Log2Histogram.Slot(wait) >= Slot);
        var waits = Assert
            .Single(run.Document.Tasks, task => task.Name.Contains("victim", StringComparison.Ordinal))
            .Waits!;

        Assert.True(noted > 300, $"only {noted} waits were long: this says nothing");
        // some 30 are timed, 5.5 the standard deviation
        Assert.InRange(waits.Histogram.Skip(Slot).Sum(), noted * 0.35, noted * 1.8);
        Assert.True(waits.Estimated);
    }
}
