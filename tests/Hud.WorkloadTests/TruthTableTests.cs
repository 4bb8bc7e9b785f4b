using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>The judge is judged first: a comparison that finds nothing wrong in a wrong report would prove nothing.</summary>
public sealed class TruthTableTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void A_right_report_has_no_differences()
    {
        var table = Compare(Block(), Poll(), Hotspot());
        Assert.Empty(table.Differences);
        Assert.Equal((1, 1), (table.Expected, table.Found));
    }

    [Fact]
    public void A_block_that_is_missing_is_a_difference() =>
        Assert.Contains(
            "was not reported",
            Assert.Single(Compare(Block(), poll: null, Hotspot()).Differences),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_block_that_is_missing_is_none_where_the_report_counts_a_loss()
    {
        var table = Compare(Block(), poll: null, Hotspot(), losses: new Losses { MissedReturns = 1 });
        Assert.Empty(table.Differences);
        Assert.Equal((1, 0), (table.Expected, table.Found));
        Assert.Contains("counted as lost", table.Excuses, StringComparison.Ordinal);
    }

    /// <summary>A machine that stands still for a moment between a poll's beginning and its block's.</summary>
    [Theory]
    [InlineData(3, 3, 0)]
    [InlineData(3, 0, 2)] // the poll is no longer than its block: the time is the block's own
    [InlineData(12, 12, 2)] // more than a moment
    public void A_poll_may_compute_a_little_around_its_block(long computed, long longer, int differences)
    {
        var poll = Poll() with
        {
            WallNs = (20 + longer) * Ms,
            OnCpuNs = computed * Ms,
            BlockedNs = (20 + longer - computed) * Ms,
        };
        Assert.Equal(differences, Compare(Block(), poll, Hotspot()).Differences.Count);
    }

    /// <summary>The kernel did not report a switch, and its sums lagged by the 3 ms that the block computed at its end.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 2)]
    public void Computing_may_be_sleep_where_a_switch_was_not_reported(long missed, int differences)
    {
        var block = Block() with { DurNs = 23 * Ms, CpuNs = 3 * Ms };
        var poll = Poll() with { WallNs = 23 * Ms, BlockedNs = 23 * Ms };
        Assert.Equal(
            differences,
            Compare(block, poll, Hotspot(), losses: new Losses { MissedSwitches = missed }).Differences.Count
        );
    }

    [Fact]
    public void Times_outside_the_tolerance_are_differences()
    {
        var table = Compare(Block(), Poll() with { WallNs = 24 * Ms, BlockedNs = 24 * Ms }, Hotspot());
        Assert.Equal(2, table.Differences.Count);
    }

    [Theory]
    [InlineData(HotspotCause.OnCpu, "clock_nanosleep", "sleep::wait_a_little")]
    [InlineData(HotspotCause.BlockingCall, "futex", "sleep::wait_a_little")]
    [InlineData(HotspotCause.BlockingCall, "clock_nanosleep", "sleep::retry")]
    public void A_wrong_cause_call_or_function_is_a_difference(HotspotCause cause, string syscall, string function) =>
        Assert.Single(
            Compare(
                Block(),
                Poll() with
                {
                    Cause = cause,
                },
                Hotspot() with
                {
                    Syscall = syscall,
                    UserFrame = function,
                }
            ).Differences
        );

    /// <summary>The program slept 12 ms, and the host took its CPU for 8: the program takes that for sleep, Hud for waiting.</summary>
    [Theory]
    [InlineData(12, 8, 10, 0)]
    [InlineData(12, 8, 5, 2)] // the host did not take as much
    [InlineData(12, 0, 10, 2)] // it is not reported as waiting
    [InlineData(28, 0, 10, 2)] // more sleep than there was
    public void Time_that_the_host_took_may_be_waiting_and_nothing_else(
        long blocked,
        long queued,
        long stolen,
        int differences
    )
    {
        var poll = Poll() with { WallNs = (blocked + queued) * Ms, BlockedNs = blocked * Ms, RunQueueNs = queued * Ms };
        Assert.Equal(differences, Compare(Block(), poll, Hotspot(), stolen * Ms).Differences.Count);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9, 0)]
    public void A_block_that_ran_undisturbed_is_not_blamed_on_the_programs_own_watch(long queued, int differences)
    {
        var poll = Poll() with { WallNs = (20 + queued) * Ms, RunQueueNs = queued * Ms };
        var block = Block() with { DurNs = (20 + queued) * Ms, RunDelayNs = queued * Ms };
        Assert.Equal(
            differences,
            Compare(
                block,
                poll,
                Hotspot() with
                {
                    UserFrame = "workloads::clock::thread_run_delay_ns",
                }
            ).Differences.Count
        );
    }

    [Fact]
    public void Blame_without_a_block_is_a_difference_and_pressure_is_not()
    {
        Assert.Single(Compare(block: null, Poll(), Hotspot()).Differences);
        Assert.Empty(Compare(block: null, Poll() with { Cause = HotspotCause.RunQueue }, Hotspot()).Differences);
    }

    [Fact]
    public void Stalls_are_the_times_when_all_workers_are_blocked()
    {
        var first = Block() with { StartNs = 10 * Ms, DurNs = 20 * Ms };
        var second = first with { StartNs = 15 * Ms, DurNs = 30 * Ms };
        Assert.Equal((1, 15 * Ms), Stalls.Of([first, second], workers: 2, 5 * Ms));
        Assert.Equal((0, 0L), Stalls.Of([first], workers: 2, 5 * Ms));
    }

    private static TruthTable Compare(
        TruthBlock? block,
        SlowPoll? poll,
        Hotspot hotspot,
        long stolenNs = 0,
        Losses? losses = null
    ) =>
        TruthTable.Compare(
            block is null ? [] : [block],
            0,
            new ProfileDocument
            {
                Summary = new ProfileSummary { StartedAt = DateTimeOffset.UnixEpoch, ObservedNs = 3000 * Ms },
                Workers = [new WorkerProfile { Tid = 7 }],
                Tasks = [new TaskProfile { Name = "sleep::retry" }],
                SlowPolls = poll is null ? [] : [poll],
                Hotspots = [hotspot],
                Losses = losses ?? new Losses(),
            },
            5 * Ms,
            named: true,
            stolenNs
        );

    private static TruthBlock Block() =>
        new()
        {
            Kind = "sleep",
            Function = "wait_a_little",
            StartNs = 1000 * Ms,
            DurNs = 20 * Ms,
            Tid = 7,
        };

    private static SlowPoll Poll() =>
        new()
        {
            StartNs = 1000 * Ms,
            WallNs = 20 * Ms,
            BlockedNs = 20 * Ms,
            Cause = HotspotCause.BlockingCall,
            Hotspot = 0,
        };

    private static Hotspot Hotspot() =>
        new()
        {
            Cause = HotspotCause.BlockingCall,
            Syscall = "clock_nanosleep",
            UserFrame = "sleep::wait_a_little",
        };
}
