using Hud.Core.Profile;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

public sealed class FactsSinceTests
{
    private static long[] Histogram(params (int Slot, long Count)[] slots)
    {
        long[] histogram = new long[Log2Histogram.Slots];
        foreach (var (slot, count) in slots)
            histogram[slot] = count;
        return histogram;
    }

    private static ProfileInputs Since(ProfileInputs now, ProfileInputs before) => FactsSince.Of(now, before, [], []);

    private static TaskTypeFacts Type(TaskTypeFacts now, TaskTypeFacts before) =>
        Since(new ProfileInputs { Types = [now] }, new ProfileInputs { Types = [before] }).Types[0];

    [Fact]
    public void Before_the_beginning_nothing_is_to_be_subtracted()
    {
        var now = new ProfileInputs { StartNs = 5, EndNs = 9 };
        Assert.Same(now, FactsSince.Of(now, null, [], []));
    }

    [Fact]
    public void It_begins_when_the_earlier_reading_was_made()
    {
        var since = Since(new ProfileInputs { StartNs = 5, EndNs = 90 }, new ProfileInputs { StartNs = 5, EndNs = 60 });
        Assert.Equal((60, 90), (since.StartNs, since.EndNs));
    }

    [Fact]
    public void Counts_sums_and_histograms_are_the_difference()
    {
        var since = Type(
            new TaskTypeFacts
            {
                Polls = 100,
                Slow = 5,
                TotalNs = 900,
                MaxNs = 70,
                Histogram = Histogram((3, 60), (6, 40)),
            },
            new TaskTypeFacts
            {
                Polls = 40,
                Slow = 2,
                TotalNs = 300,
                MaxNs = 60,
                Histogram = Histogram((3, 30), (5, 10)),
            }
        );
        Assert.Equal((60, 3, 600), (since.Polls, since.Slow, since.TotalNs));
        Assert.Equal((30, 40), (since.Histogram[3], since.Histogram[6]));
        Assert.Equal(0, since.Histogram[5]);
    }

    [Theory]
    [InlineData(70, 60, 6, 70)] // it has grown: it is of this time
    [InlineData(1000, 1000, 6, 127)] // it has not: no longer than the end of its slot
    [InlineData(100, 100, 6, 100)]
    [InlineData(1000, 1000, -1, 0)] // no poll at all
    public void A_maximum_is_exact_where_it_has_grown_and_else_bounded(long now, long before, int slot, long expected)
    {
        var polls = slot < 0 ? Histogram() : Histogram((slot, 1));
        Assert.Equal(
            expected,
            Type(
                new TaskTypeFacts { MaxNs = now, Histogram = polls },
                new TaskTypeFacts { MaxNs = before, Histogram = Histogram() }
            ).MaxNs
        );
    }

    [Fact]
    public void The_longest_poll_that_was_recorded_is_the_maximum()
    {
        var now = new TaskTypeFacts { MaxNs = 900 * Ms, Histogram = Histogram((24, 2), (29, 1)) };
        var before = new TaskTypeFacts { MaxNs = 900 * Ms, Histogram = Histogram((29, 1)) };
        var since = FactsSince.Of(
            new ProfileInputs { Types = [now] },
            new ProfileInputs { Types = [before] },
            [],
            [Slow(blocked: 20), Slow(blocked: 17)]
        );
        Assert.Equal(20 * Ms, since.Types[0].MaxNs);
    }

    [Fact]
    public void A_type_that_is_new_since_then_is_as_it_is()
    {
        var since = Since(
            new ProfileInputs { Types = [new() { Polls = 3 }, new() { Polls = 8 }] },
            new ProfileInputs { Types = [new() { Polls = 1 }] }
        );
        Assert.Equal([2, 8], since.Types.Select(t => t.Polls));
    }

    [Fact]
    public void A_worker_that_did_nothing_since_is_still_a_worker()
    {
        var worker = new WorkerFacts
        {
            Tid = 4,
            Polls = 10,
            Histogram = Histogram(),
        };
        var since = Since(new ProfileInputs { Workers = [worker] }, new ProfileInputs { Workers = [worker] });
        var one = Assert.Single(since.Workers);
        Assert.Equal((0, true), (one.Polls, one.PolledBefore));
    }

    [Fact]
    public void A_worker_whose_number_another_thread_has_got_is_not_subtracted()
    {
        var since = Since(
            new ProfileInputs
            {
                Workers =
                [
                    new()
                    {
                        Tid = 4,
                        Polls = 3,
                        Histogram = Histogram((2, 3)),
                    },
                ],
            },
            new ProfileInputs
            {
                Workers =
                [
                    new()
                    {
                        Tid = 4,
                        Polls = 10,
                        Histogram = Histogram((2, 9)),
                    },
                ],
            }
        );
        Assert.Equal((3, 3), (since.Workers[0].Polls, since.Workers[0].Histogram[2]));
    }

    [Fact]
    public void Waits_are_the_difference_and_none_where_there_were_none()
    {
        var early = new WaitFacts
        {
            Count = 4,
            TotalNs = 40,
            MaxNs = 20,
            Histogram = Histogram((4, 4)),
        };
        var late = new WaitFacts
        {
            Count = 6,
            TotalNs = 70,
            MaxNs = 20,
            Histogram = Histogram((3, 2), (4, 4)),
        };
        var waits = Type(new TaskTypeFacts { Polls = 2, Waits = late }, new TaskTypeFacts { Waits = early }).Waits!;
        Assert.Equal((2, 30, 15), (waits.Count, waits.TotalNs, waits.MaxNs));
        Assert.Null(Type(new TaskTypeFacts { Polls = 2, Waits = early }, new TaskTypeFacts { Waits = early }).Waits);
    }

    [Fact]
    public void A_wait_for_a_cpu_is_no_longer_than_what_is_waited_since()
    {
        var since = Since(
            new ProfileInputs { EndNs = 100, CpuWaits = [new CpuWait(default, 4, 90, 80)] },
            new ProfileInputs { EndNs = 40, CpuWaits = [new CpuWait(default, 4, 75, 75)] }
        );
        Assert.Equal(new CpuWait(default, 4, 15, 15), since.CpuWaits[0]);
    }

    [Fact]
    public void What_it_cost_is_the_share_of_the_time_between()
    {
        static ProfileInputs At(long endNs, long cpuNs, double percent, params LevelChange[] changes) =>
            new()
            {
                StartNs = 1000,
                EndNs = endNs,
                Targets =
                [
                    new TargetProfile
                    {
                        Pid = 7,
                        CpuNs = cpuNs,
                        ThrottledNs = cpuNs / 10,
                    },
                ],
                Overhead = new Overhead
                {
                    MeasuredPercent = percent,
                    ProbeHits = cpuNs,
                    LevelChanges = changes,
                },
            };
        var since = Since(
            At(9000, 400, 2.5, new LevelChange(100, 1, 8, "early"), new LevelChange(5000, 0, 1, "late")),
            At(5000, 300, 3)
        );
        Assert.Equal(1, since.Overhead.MeasuredPercent); // 10 of 400 and 9 of 300
        Assert.Equal((100, 100, 10), (since.Overhead.ProbeHits, since.Targets[0].CpuNs, since.Targets[0].ThrottledNs));
        Assert.Equal([new LevelChange(1000, 0, 1, "late")], since.Overhead.LevelChanges);
    }

    /// <param name="processes">That had the row so far.</param>
    private static ProfileInputs Row(long endNs, int processes, long cpuNs, params WorkerFacts[] workers) =>
        new()
        {
            EndNs = endNs,
            Targets =
            [
                new TargetProfile
                {
                    Pid = processes,
                    Processes = processes,
                    CpuNs = cpuNs,
                },
            ],
            Workers = workers,
            CpuWaits = [new CpuWait(new(0), 7, cpuNs, cpuNs)],
        };

    [Fact]
    public void Of_a_process_that_has_taken_a_row_over_nothing_was_counted_before()
    {
        var before = Row(
            1000,
            processes: 1,
            cpuNs: 300,
            new WorkerFacts
            {
                Tid = 7,
                Polls = 10,
                QueueNs = 5,
                BusyNs = 90,
            }
        );
        var now = Row(
            3000,
            processes: 2,
            cpuNs: 400,
            new WorkerFacts
            {
                Tid = 7,
                Polls = 12,
                QueueNs = 6,
                BusyNs = 95,
                WatchedNs = 1200,
            }
        ) with
        {
            EarlierWorkerNs = new Dictionary<TargetId, long> { [new(0)] = 1500 },
        };

        var since = Since(now, before);
        var worker = Assert.Single(since.Workers);
        Assert.Equal((12, 6, 95, 1200), (worker.Polls, worker.QueueNs, worker.BusyNs, worker.WatchedNs));
        Assert.False(worker.PolledBefore);
        Assert.Equal(400, since.CpuWaits[0].TotalNs);
        Assert.Equal(100, since.Targets[0].CpuNs); // of the row, which goes on
        Assert.Equal(500, since.EarlierWorkerNs[new(0)]); // 1000 of its 1500 were before

        // and once that reading is the earlier one, the second process is the same
        var later = Since(now with { EndNs = 4000 }, now);
        Assert.Equal((0, 0), (Assert.Single(later.Workers).Polls, later.EarlierWorkerNs[new(0)]));
    }

    [Fact]
    public void A_worker_counts_for_as_long_as_it_was_watched_since_then()
    {
        static WorkerFacts Watched(int tid, long? ns) =>
            new()
            {
                Tid = tid,
                Polls = 1,
                WatchedNs = ns,
            };
        var since = Since(
            Row(3000, 1, 0, Watched(1, null), Watched(2, 1500), Watched(3, 400), Watched(4, 700), Watched(5, 1300)),
            Row(1000, 1, 0, Watched(1, null), Watched(2, 500), Watched(3, 400), Watched(5, null))
        );
        Assert.Equal([null, 1000, 0, 700, 300], since.Workers.Select(w => w.WatchedNs));
    }

    [Fact]
    public void Long_waits_are_subtracted_in_both_histograms()
    {
        static TaskTypeFacts Waited(long count) =>
            new()
            {
                Histogram = Histogram(),
                Waits = new WaitFacts
                {
                    Count = count,
                    Histogram = Histogram((20, count)),
                    Long = [count, 2],
                },
            };
        Assert.Equal([30, 0], Type(Waited(40), Waited(10)).Waits!.Long);
    }

    [Fact]
    public void Losses_are_subtracted_one_by_one()
    {
        static Losses Lost(long by) =>
            new()
            {
                RingBufferDrops = 10 * by,
                WakesLost = 20 * by,
                UnwindStops = new Dictionary<string, long> { ["NoRows"] = 3 * by, ["NoModule"] = 1 },
            };
        var since = Since(new ProfileInputs { Losses = Lost(3) }, new ProfileInputs { Losses = Lost(1) }).Losses;
        Assert.Equal((20, 40, 6), (since.RingBufferDrops, since.WakesLost, since.UnwindStops["NoRows"]));
        Assert.False(since.UnwindStops.ContainsKey("NoModule"));
    }

    [Fact]
    public void A_poll_that_began_before_is_taken_out_of_what_the_kernel_counted()
    {
        var now = new ProfileInputs
        {
            Types =
            [
                new()
                {
                    Polls = 2,
                    Slow = 2,
                    TotalNs = 320 * Ms,
                    MaxNs = 300 * Ms,
                    Histogram = Histogram((24, 1), (28, 1)),
                },
            ],
            Workers =
            [
                new()
                {
                    Tid = 1,
                    Polls = 2,
                    Slow = 2,
                    BusyNs = 320 * Ms,
                    Histogram = Histogram(),
                },
            ],
        };
        var since = FactsSince.Of(
            now,
            new ProfileInputs
            {
                Types = [new() { Histogram = Histogram() }],
                Workers = [new() { Tid = 1, Histogram = Histogram() }],
            },
            early: [Slow(blocked: 300)],
            polls: [Slow(blocked: 20)]
        );
        var (type, worker) = (since.Types[0], since.Workers[0]);
        Assert.Equal((1, 1, 20 * Ms, 20 * Ms), (type.Polls, type.Slow, type.TotalNs, type.MaxNs));
        Assert.Equal((0, 1), (type.Histogram[28], type.Histogram[24]));
        Assert.Equal((1, 20 * Ms), (worker.Polls, worker.BusyNs));
    }
}
