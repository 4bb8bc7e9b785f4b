using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// What a task waited behind, where the culprit is known: against the blocks and the waits that the program noted itself.
/// </summary>
[Collection(Alone.Name)]
public sealed class BehindTests
{
    private const string Set = "tokio143-release";
    private const string AllTimed = "--budget 10 --force-level 0 --threshold 5ms";
    private const long ThresholdNs = 5_000_000;

    /// <summary>Of the time of the long waits, in percent.</summary>
    private const double Tolerance = 12;

    private enum Case
    {
        NextSlot,
        Channel,
        Timer,
        Io,
        Notify,
        WokeItself,
        CurrentThread,
        LocalSet,
        TwoRuntimes,
        TwoAtOnce,
        Lock,
        ShortPolls,
        InPlace,
        Starved,
    }

    private static async Task<(TaskWaits Waits, Truth Truth)> RunAsync(Case which, params string[] prefix)
    {
        using var workload = await Workload.StartAsync(
            Set,
            "behind",
            $"--case {(int)which} --block-ms 20 --every-ms 15",
            prefix
        );
        var run = await HudRun.OnAsync(workload, 4, AllTimed);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        var waits = run.Document.Tasks.Where(t => t.Name.Contains("victim", StringComparison.Ordinal)).ToList();
        Assert.Equal("", Assert.Single(run.Document.Targets).WakesNotTimed);
        Assert.Equal(0, run.Document.Losses.WaitsLimited);
        return (Assert.Single(waits).Waits!, Truth.Of(workload, run.Document));
    }

    /// <summary>The long waits as the program noted them, and the share of their time in which a function kept a worker.</summary>
    private sealed record Truth(IReadOnlyList<(long From, long To)> Long, IReadOnlyList<TruthBlock> Blocks)
    {
        public static Truth Of(Workload workload, ProfileDocument document)
        {
            long start =
                document.Summary.StartedAt.Subtract(DateTimeOffset.UnixEpoch).Ticks * 100
                - workload.UnixMinusMonotonicNs;
            long end = start + document.Summary.ObservedNs;
            return new Truth(
                [
                    .. workload
                        .Lines.Where(l => l.Wait is not null && l.WakeNs > start && l.PollNs < end)
                        .Select(l => (From: l.WakeNs!.Value, To: l.PollNs!.Value))
                        .Where(w => w.To - w.From > ThresholdNs),
                ],
                workload.Blocks
            );
        }

        public double Percent(string function)
        {
            var blocks = Blocks.Where(b => b.Function == function).ToList();
            double behind = Long.Sum(w =>
                blocks.Sum(b => (double)Math.Max(0, Math.Min(w.To, b.EndNs) - Math.Max(w.From, b.StartNs)))
            );
            return behind * 100 / Long.Sum(w => (double)(w.To - w.From));
        }
    }

    private static double Percent(TaskWaits waits, string function, HotspotCause cause) =>
        waits
            .Behind.Where(b => b.Cause == cause && b.Function.EndsWith("::" + function, StringComparison.Ordinal))
            .Sum(b => b.Percent);

    private static async Task BehindOneAsync(
        Case which,
        string function = "keep_the_worker",
        HotspotCause cause = HotspotCause.BlockingCall
    )
    {
        var (waits, truth) = await RunAsync(which);
        Assert.True(truth.Long.Count > 20, $"only {truth.Long.Count} waits were long: this says nothing");
        Assert.EndsWith("::" + function, waits.Behind[0].Function, StringComparison.Ordinal);
        double real = truth.Percent(function);
        Assert.InRange(Percent(waits, function, cause), real - Tolerance, real + Tolerance);
        Assert.InRange(waits.Behind[0].Count, truth.Long.Count * 0.8, truth.Long.Count * 1.1 + 5);
        Assert.InRange(waits.Behind.Sum(b => b.Percent), 0, 101);
    }

    [Fact]
    public Task In_the_slot_for_the_next_task_it_waits_for_the_one_that_woke_it() => BehindOneAsync(Case.NextSlot);

    [Fact]
    public Task A_message_from_a_thread_of_its_own() => BehindOneAsync(Case.Channel);

    [Fact]
    public Task A_timer_that_is_due_with_that_of_a_blocker() => BehindOneAsync(Case.Timer);

    [Fact]
    public Task A_socket_that_is_ready_with_that_of_a_blocker() => BehindOneAsync(Case.Io);

    [Fact]
    public Task A_notification() => BehindOneAsync(Case.Notify);

    [Fact]
    public Task A_task_that_wakes_itself_goes_behind_the_one_it_has_woken() => BehindOneAsync(Case.WokeItself);

    [Fact]
    public Task On_one_thread() => BehindOneAsync(Case.CurrentThread);

    [Fact]
    public Task In_a_local_set() => BehindOneAsync(Case.LocalSet);

    [Fact]
    public Task A_lock() => BehindOneAsync(Case.Lock, "wait_for_the_lock", HotspotCause.LockWait);

    [Fact]
    public async Task Another_runtime_is_not_to_blame()
    {
        var (waits, truth) = await RunAsync(Case.TwoRuntimes);
        Assert.True(truth.Percent("run_batch") > 50, "the other runtime is not blocked");
        double real = truth.Percent("keep_the_worker");
        Assert.InRange(
            Percent(waits, "keep_the_worker", HotspotCause.BlockingCall),
            real - Tolerance,
            real + Tolerance
        );
        Assert.Equal(0, Percent(waits, "run_batch", HotspotCause.BlockingCall));
    }

    [Fact]
    public async Task Two_blockers_at_once_share_the_wait()
    {
        var (waits, truth) = await RunAsync(Case.TwoAtOnce);
        Assert.True(truth.Long.Count > 20);
        double first = Percent(waits, "keep_the_worker", HotspotCause.BlockingCall),
            second = Percent(waits, "keep_the_other", HotspotCause.BlockingCall);
        Assert.InRange(first, 50 - Tolerance, 50 + Tolerance);
        Assert.InRange(second, 50 - Tolerance, 50 + Tolerance);
    }

    [Fact]
    public async Task Many_short_polls_are_no_culprit()
    {
        var (waits, truth) = await RunAsync(Case.ShortPolls);
        Assert.True(truth.Long.Count > 20);
        // a machine that is busy with others makes polls slow, too
        Assert.InRange(waits.Behind.Where(b => !b.Cause.IsCpuPressure()).Sum(b => b.Percent), 0, Tolerance);
    }

    [Fact]
    public async Task A_block_after_the_queue_was_handed_over_is_no_culprit()
    {
        var (waits, truth) = await RunAsync(Case.InPlace);
        Assert.True(truth.Blocks.Count > 20);
        Assert.Equal(0, Percent(waits, "keep_the_worker", HotspotCause.BlockingCall));
    }

    [Fact]
    public async Task Where_the_worker_had_no_cpu_that_is_what_it_was_behind()
    {
        string[] onCpu0 = ["taskset", "-c", "0"];
        using var burner = await Workload.StartAsync(Set, "burner", "--tasks 2", onCpu0);
        var (waits, truth) = await RunAsync(Case.Starved, onCpu0);
        Assert.True(truth.Long.Count > 20);
        Assert.InRange(waits.Behind.Where(b => b.Cause == HotspotCause.RunQueue).Sum(b => b.Percent), 30, 98);
        Assert.InRange(Percent(waits, "compute", HotspotCause.OnCpu), 2, 70);
    }
}
