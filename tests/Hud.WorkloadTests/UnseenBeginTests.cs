using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// Polls of which Hud sees no beginning or no end, and code on workers that is in no task's poll: a worker that is lost is reported as lost,
/// whenever Hud comes.
/// </summary>
public sealed class UnseenBeginTests
{
    private const string Set = "tokio143-release";
    private const string Stripped = "tokio143-stripped";
    private const string Newest = "tokio-new-release";

    [Theory]
    [InlineData(Set)]
    [InlineData(Stripped)]
    [InlineData(Newest)]
    public async Task A_worker_that_computed_for_ever_before_hud_came_is_lost_for_the_whole_run(string set)
    {
        var (document, began) = await AfterItBeganAsync(set, "never_returns", "--every-ms 50", count: 1);
        var hotspot = Assert.Single(document.Hotspots, h => h.Cause == HotspotCause.OnCpu);
        Assert.Equal((1, 1, 1), (hotspot.Count, hotspot.BeganBefore, hotspot.NotReturned));
        Named(set, hotspot, "compute_forever");
        var worker = Assert.Single(document.Workers, w => w.Tid == began[0].Tid);
        var poll = Assert.Single(document.SlowPolls, p => p.Before && p.Open);
        // computing or waiting for a CPU: other programs share the machine with it
        Assert.InRange(poll.WallNs, 0.9 * document.Summary.ObservedNs, document.Summary.ObservedNs);
        Assert.InRange(worker.BusyNs, 0.9 * document.Summary.ObservedNs, 1.01 * document.Summary.ObservedNs);
        Assert.Equal(VerdictLevel.Blocked, document.VerdictLevel);
    }

    [Theory]
    [InlineData(Set)]
    [InlineData(Stripped)]
    [InlineData(Newest)]
    public async Task Workers_that_sleep_for_ever_are_all_lost_and_the_runtime_stalls(string set)
    {
        var (document, began) = await AfterItBeganAsync(set, "all_stuck", "--every-ms 50", count: 2);
        var lost = document.Hotspots.Where(h => h.Cause is HotspotCause.LockWait or HotspotCause.BlockingCall).ToList();
        var hotspot = Assert.Single(lost);
        Assert.Equal((2, 2, 2), (hotspot.Count, hotspot.BeganBefore, hotspot.NotReturned));
        Assert.Equal("futex", hotspot.Syscall);
        Named(set, hotspot, "update_shared");
        if (set != Stripped)
            Assert.Equal(HotspotCause.LockWait, hotspot.Cause);
        Assert.Equal(2, document.Summary.Workers);
        Assert.InRange(document.Summary.BlockedPercent, 95, 100);
        Assert.Equal(
            began.Select(b => b.Tid!.Value).Order(),
            document.Workers.Where(w => w.LostNs > 0.9 * document.Summary.ObservedNs).Select(w => w.Tid).Order()
        );
        var stall = Assert.Single(document.Stalls);
        Assert.InRange(stall.DurationNs, 0.9 * document.Summary.ObservedNs, document.Summary.ObservedNs);
        Assert.Equal("", Assert.Single(document.Targets).Reason);
        Assert.Equal(VerdictLevel.Blocked, document.VerdictLevel);
    }

    [Theory]
    [InlineData("never_returns", "compute_forever")]
    [InlineData("all_stuck", "update_shared")]
    public async Task What_begins_while_hud_watches_and_never_ends_counts_as_far_as_it_went(
        string name,
        string function
    )
    {
        using var workload = await Workload.StartAsync(Set, name, "--every-ms 5000");
        var run = await HudRun.OnAsync(workload, 8);
        var began = workload.Lines.Where(l => l.Began is not null).ToList();
        long start = Start(workload, run.Document);
        Assert.SkipWhen(
            began.Count == 0 || began.Exists(b => b.StartNs < start),
            "the machine was too busy: it did not begin during the run"
        );
        var polls = run.Document.SlowPolls.Where(p => p.Open).ToList();
        Assert.Equal(began.Count, polls.Count);
        Assert.All(polls, p => Assert.False(p.Before));
        long end = start + run.Document.Summary.ObservedNs;
        foreach (var begin in began)
        {
            var poll = Assert.Single(polls, p => run.Document.Workers[p.Worker].Tid == begin.Tid);
            long real = end - begin.StartNs!.Value;
            Assert.InRange(poll.WallNs, real * 0.9 - 100e6, real * 1.1 + 100e6);
        }

        var hotspot = run.Document.Hotspots.First(h => h.NotReturned > 0);
        Assert.Equal(0, hotspot.BeganBefore);
        Assert.Contains(function, hotspot.UserFrame, StringComparison.Ordinal);
        Assert.All(run.Document.Tasks, t => Assert.True(t.TotalNs <= run.Document.Summary.ObservedNs * 2));
    }

    [Theory]
    [InlineData("cpu_hog", "burn")]
    [InlineData("sleep", "wait_a_little")]
    public async Task A_poll_in_whose_middle_hud_came_counts_from_there_and_ends_when_it_ends(
        string name,
        string function
    )
    {
        using var workload = await Workload.StartAsync(Set, name, "--block-ms 6000 --every-ms 100");
        await Task.Delay(600, TestContext.Current.CancellationToken);
        var run = await HudRun.OnAsync(workload, 9);
        for (int i = 0; i < 200 && workload.Blocks.Count == 0; i++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        var start = Start(workload, run.Document);
        var first = workload.Blocks.OrderBy(b => b.StartNs).FirstOrDefault(b => b.EndNs > start);
        Assert.SkipWhen(first is null, "the machine was too busy: no block ended");
        Assert.SkipWhen(
            first.StartNs > start || first.EndNs > start + run.Document.Summary.ObservedNs - 500_000_000,
            "the machine was too busy: the block did not begin before the run and end in it"
        );
        var poll = Assert.Single(run.Document.SlowPolls, p => p.Before);
        Assert.False(poll.Open);
        Assert.InRange(poll.StartNs + poll.WallNs, first.EndNs - start - 150e6, first.EndNs - start + 150e6);
        var hotspot = run.Document.Hotspots.First(h => h.BeganBefore > 0);
        Assert.True(
            hotspot.Stack.Any(f => f.Contains(function, StringComparison.Ordinal))
                || hotspot.UserFrame.Contains("handle", StringComparison.Ordinal),
            $"{hotspot.UserFrame}: {string.Join(" < ", hotspot.Stack)}"
        );
        Assert.Equal(VerdictLevel.Blocked, run.Document.VerdictLevel);
    }

    [Theory]
    [InlineData(Set, "root_blocks")]
    [InlineData(Newest, "root_blocks")]
    [InlineData(Set, "park_hook")]
    public async Task Code_on_workers_that_is_in_no_task_is_reported_as_lost_worker_time(string set, string workload)
    {
        var profiled = await Profiled.RunAsync(set, workload);
        profiled.AgreesWithTheProgram();
        Assert.All(
            profiled.Document.Hotspots.Where(h => h.Cause is HotspotCause.BlockingCall or HotspotCause.OnCpu),
            h => Assert.StartsWith("(no task", h.Task, StringComparison.Ordinal)
        );
    }

    private static void Named(string set, Hotspot hotspot, string function)
    {
        if (set != Stripped)
            Assert.Contains(function, hotspot.UserFrame, StringComparison.Ordinal);
        Assert.NotEmpty(hotspot.Stack);
    }

    private static long Start(Workload workload, ProfileDocument document) =>
        document.Summary.StartedAt.Subtract(DateTimeOffset.UnixEpoch).Ticks * 100 - workload.UnixMinusMonotonicNs;

    private static async Task<(ProfileDocument Document, List<TruthLine> Began)> AfterItBeganAsync(
        string set,
        string name,
        string arguments,
        int count
    )
    {
        using var workload = await Workload.StartAsync(set, name, arguments);
        for (int i = 0; i < 100 && workload.Lines.Count(l => l.Began is not null) < count; i++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        var run = await HudRun.OnAsync(workload, 4);
        var began = workload.Lines.Where(l => l.Began is not null).ToList();
        Assert.Equal(count, began.Count);
        return (run.Document, began);
    }
}
