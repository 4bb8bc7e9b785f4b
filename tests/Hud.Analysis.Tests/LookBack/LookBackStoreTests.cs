using Hud.Core.Profile;
using Hud.Frames;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

/// <summary>A run of any length, of which the last ten seconds are kept; times in ms since its start.</summary>
public sealed class LookBackStoreTests
{
    private const long Second = 1000 * Ms;
    private const long Length = 10 * Second;
    private static readonly DateTimeOffset Began = new(2026, 3, 1, 3, 0, 0, TimeSpan.Zero);

    private readonly Stage _stage = new();
    private readonly LookBackStore _store;
    private readonly PollAggregator _run;
    private readonly long[] _histogram = new long[Log2Histogram.Slots];
    private readonly StackId _sleep;
    private long _polls;
    private long _slow;
    private long _totalNs;
    private long _maxNs;

    public LookBackStoreTests()
    {
        _store = new LookBackStore(_stage.Attributor, Threshold, Length, maxPolls: 400);
        _run = new PollAggregator(_stage.Attributor, Threshold) { Listener = _store };
        _sleep = _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait");
    }

    /// <summary>The kernel's sums at this moment.</summary>
    private ProfileInputs At(long ms) =>
        new()
        {
            StartedAt = Began,
            EndNs = ms * Ms,
            Targets = [new TargetProfile { Pid = 7, CpuNs = ms * Ms / 2 }],
            Types =
            [
                new TaskTypeFacts
                {
                    Name = "shop::cart",
                    Polls = _polls,
                    Slow = _slow,
                    TotalNs = _totalNs,
                    MaxNs = _maxNs,
                    Histogram = [.. _histogram],
                },
            ],
            Workers =
            [
                new WorkerFacts
                {
                    Tid = 1,
                    Name = "tokio-rt-worker",
                    Runtime = 0xabc,
                    Polls = _polls,
                    Slow = _slow,
                    BusyNs = _totalNs,
                    Histogram = new long[Log2Histogram.Slots],
                },
            ],
            Losses = new Losses { RateLimited = ms / 1000 },
        };

    private void Counted(long ns, bool slow)
    {
        _polls++;
        _slow += slow ? 1 : 0;
        _totalNs += ns;
        _maxNs = Math.Max(_maxNs, ns);
        _histogram[Log2Histogram.Slot(ns)]++;
    }

    private void Block(long startMs, long ms)
    {
        _run.AddPoll(Slow(blocked: ms, start: startMs) with { BlockStack = _sleep, Syscall = "clock_nanosleep" });
        Counted(ms * Ms, slow: true);
    }

    /// <summary>Time goes on, second by second.</summary>
    private void Pass(long fromMs, long toMs)
    {
        for (long ms = fromMs; ms <= toMs; ms += 1000)
            _store.Look(At(ms));
    }

    private ProfileDocument Report(long ms)
    {
        var (facts, aggregator) = _store.Take(At(ms), _run, Began.AddMilliseconds(ms));
        return ProfileBuilder.Build(facts, aggregator, _stage.Stacks, _stage.Attributor, exact: true);
    }

    private static long StartMs(ProfileDocument report) => (long)(report.Summary.StartedAt - Began).TotalMilliseconds;

    [Fact]
    public void A_run_that_is_younger_is_told_whole()
    {
        Block(500, 200);
        Pass(1000, 3000);
        var report = Report(3000);
        Assert.Equal((0, 3 * Second, 1), (StartMs(report), report.Summary.ObservedNs, report.SlowPolls.Count));
        Assert.Equal(500 * Ms, Assert.Single(report.SlowPolls).StartNs);
    }

    [Fact]
    public void A_freeze_that_is_over_is_told_with_its_place_in_time()
    {
        Pass(1000, 60_000);
        Block(60_100, 700);
        Pass(61_000, 66_000);
        var report = Report(66_000);
        var poll = Assert.Single(report.SlowPolls);
        Assert.Equal(60_100, StartMs(report) + poll.StartNs / Ms);
        Assert.Equal((1, 700 * Ms, 700 * Ms), (report.Summary.Polls, poll.WallNs, report.Tasks[0].MaxNs));
        Assert.False(poll.Before);
        Assert.Equal("shop::wait", Assert.Single(report.Hotspots).UserFrame);
    }

    [Fact]
    public void What_ended_before_is_not_told_and_not_counted()
    {
        Pass(1000, 20_000);
        Block(20_100, 700);
        Pass(21_000, 40_000);
        Counted(1000, slow: false);
        var report = Report(40_000);
        Assert.Empty(report.SlowPolls);
        Assert.Empty(report.Hotspots);
        Assert.Equal((1, 0), (report.Summary.Polls, report.Summary.SlowPolls));
        Assert.Equal(VerdictLevel.Healthy, report.VerdictLevel);
        Assert.InRange(report.Tasks[0].MaxNs, 1000, 1023);
    }

    [Fact]
    public void It_reaches_back_one_look_back_and_a_quarter_more_at_most()
    {
        Pass(1000, 30_000);
        for (long ms = 31_000; ms < 90_000; ms += 1000)
        {
            _store.Look(At(ms));
            var summary = Report(ms).Summary;
            Assert.InRange(summary.ObservedNs, Length, Length + Length / 4 + Second);
            Assert.Equal(Began.AddMilliseconds(ms), summary.StartedAt.AddTicks(summary.ObservedNs / 100));
        }
    }

    [Fact]
    public void A_freeze_that_began_before_and_ended_within_counts_from_the_beginning_on()
    {
        Pass(1000, 20_000);
        // nothing is recorded before it ends
        Pass(21_000, 45_000);
        Block(21_000, 24_500);
        Pass(46_000, 50_000);
        var report = Report(50_000);
        var poll = Assert.Single(report.SlowPolls);
        long begins = StartMs(report);
        Assert.Equal((0, (45_500 - begins) * Ms, true), (poll.StartNs, poll.WallNs, poll.Before));
        Assert.Equal(1, Assert.Single(report.Hotspots).BeganBefore);
        Assert.Equal((1, poll.WallNs), (report.Tasks[0].Polls, report.Tasks[0].TotalNs));
        Assert.Equal(poll.WallNs, report.Workers[0].BusyNs);
        Assert.InRange(report.Summary.BlockedPercent, 1, 100);
    }

    [Fact]
    public void A_freeze_that_began_before_and_goes_on_is_told_as_such()
    {
        Pass(1000, 40_000);
        _run.NextLook();
        _run.SetOpen(
            Slow(blocked: 25_000, start: 15_000) with
            {
                BlockStack = _sleep,
                Syscall = "clock_nanosleep",
                Open = true,
            }
        );
        _store.Look(At(40_000));
        var report = Report(40_000);
        var poll = Assert.Single(report.SlowPolls);
        Assert.Equal((true, true, 0), (poll.Before, poll.Open, poll.StartNs));
        Assert.Equal(report.Summary.ObservedNs, poll.WallNs);
        Assert.Equal((1, 1), (report.Hotspots[0].BeganBefore, report.Hotspots[0].NotReturned));
        Assert.Equal(VerdictLevel.Blocked, report.VerdictLevel);
        Assert.Single(_run.OpenPolls); // asking changes nothing

        // when it ends it is told once
        Block(15_000, 26_000);
        Assert.Empty(_run.OpenPolls);
        Assert.Single(Report(41_000).SlowPolls);
    }

    [Fact]
    public void A_short_poll_over_the_beginning_is_not_a_slow_one_within()
    {
        Pass(1000, 8000);
        Block(8996, 8); // of 8 ms, 4 lie behind second 9, at which a slice begins
        Pass(9000, 19_000);
        var report = Report(19_000);
        Assert.Equal(9000, StartMs(report));
        Assert.Empty(report.SlowPolls);
        Assert.Equal((0, 0), (report.Summary.Polls, report.Summary.SlowPolls));
    }

    [Fact]
    public void A_record_that_comes_before_its_slice_begins_counts_where_the_kernel_counts_it()
    {
        Pass(1000, 5000);
        // it ended after second 6, of which the sums are read later
        var before = At(6000);
        Block(5900, 200);
        _store.Look(before);
        Pass(7000, 16_000);
        var report = Report(16_000);
        Assert.Equal(6000, StartMs(report));
        Assert.Equal((1, 100 * Ms), (report.Summary.SlowPolls, Assert.Single(report.SlowPolls).WallNs));
        Assert.False(report.Summary.Estimated);
    }

    [Fact]
    public void Of_ten_thousand_polls_the_longest_keep_their_place_and_the_sums_are_whole()
    {
        Pass(1000, 30_000);
        long all = 0;
        for (int i = 0; i < 10_000; i++)
        {
            long ms = i == 3000 ? 900 : 6 + i % 5;
            Block(30_000 + i, ms);
            all += ms * Ms;
        }

        Pass(31_000, 40_000);
        Assert.InRange(_store.Polls, 100, 6 * 400);
        var report = Report(40_000);
        Assert.Equal(10_000, report.Summary.SlowPolls);
        Assert.Equal(10_000, report.SlowPolls.Count + report.Losses.SlowPollsCut);
        Assert.Equal(900 * Ms, report.SlowPolls.Max(p => p.WallNs));
        var hotspot = Assert.Single(report.Hotspots);
        Assert.Equal((10_000, all, false), (hotspot.Count, hotspot.TotalNs, hotspot.Estimated));
        Assert.InRange(hotspot.P50Ns, 6 * Ms, 10 * Ms);
    }

    [Fact]
    public void A_second_stack_is_in_it_as_well_also_when_its_slice_has_ended()
    {
        var cpu = _stage.Stack("shop::hash");
        Pass(1000, 20_000);
        _run.AddPoll(
            Slow(cpu: 10, blocked: 20, start: 20_100) with
            {
                BlockStack = _sleep,
                Syscall = "clock_nanosleep",
            }
        );
        Counted(30 * Ms, slow: true);
        Pass(21_000, 23_000);
        _run.AddSecondaryStack(1, 20_100 * Ms, asleep: false, cpu);
        Pass(24_000, 26_000);
        Assert.Equal(["shop::wait", "shop::hash"], Report(26_000).Hotspots.Select(h => h.UserFrame));
    }

    [Fact]
    public void A_part_that_was_taken_back_is_taken_back_here_too()
    {
        var cpu = _stage.Stack("shop::hash");
        var inside = _stage.Stack(
            "read < shop::export < tokio::runtime::scheduler::multi_thread::worker::block_in_place"
        );
        Pass(1000, 20_000);
        _run.AddPoll(Slow(cpu: 20, blocked: 10, start: 20_100) with { CpuStack = cpu });
        Counted(30 * Ms, slow: true);
        _run.AddSecondaryStack(1, 20_100 * Ms, asleep: true, inside);
        var report = Report(21_000);
        Assert.Equal(["shop::hash"], report.Hotspots.Select(h => h.UserFrame));
        Assert.Equal((20 * Ms, 0), (report.Summary.CpuHogNs, report.Summary.BlockedNs));
    }

    [Fact]
    public void Waits_behind_a_freeze_are_told_and_those_of_before_are_not()
    {
        void Wait(long wakeMs, long pollMs) =>
            _run.Waits.Add(
                new LongWait
                {
                    Type = new(0),
                    Tid = 2,
                    Runtime = 0xabc,
                    WakeNs = wakeMs * Ms,
                    PollNs = pollMs * Ms,
                    Weight = 1,
                }
            );
        void Settle() => _run.Waits.Settle(long.MaxValue, new Runtimes(At(0).Workers), _run.OpenPolls);

        Pass(1000, 2000);
        Block(2000, 500);
        Wait(2000, 2500);
        Settle();
        Pass(3000, 30_000);
        Block(30_100, 300);
        Wait(30_100, 30_400);
        Settle();
        Pass(31_000, 33_000);
        var (_, aggregator) = _store.Take(At(33_000), _run, Began);
        var (behind, sum) = Assert.Single(aggregator.Waits.Behind);
        Assert.Equal((_sleep, 1, 300 * Ms), (behind.Behind.Stack, sum.Count, sum.Ns));
        Assert.Equal(new WaitSum(1, 300 * Ms), aggregator.Waits.All[new(0)]);
        Assert.Equal(2, _run.Waits.All[new(0)].Count);
    }

    [Fact]
    public void It_refers_to_the_stacks_of_what_it_keeps_and_to_no_others()
    {
        var old = _stage.Stack("shop::old");
        _run.AddPoll(Slow(cpu: 20, start: 500) with { CpuStack = old });
        Pass(1000, 30_000);
        Block(30_000, 50);
        Assert.Contains(_sleep, _store.Stacks());
        Assert.DoesNotContain(old, _store.Stacks());
    }

    [Fact]
    public void Losses_are_those_since_then()
    {
        Pass(1000, 100_000);
        var report = Report(100_000);
        Assert.Equal(report.Summary.ObservedNs / Second, report.Losses.RateLimited);
    }
}
