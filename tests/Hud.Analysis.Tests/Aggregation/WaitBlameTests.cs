using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

/// <summary>Waits and slow polls as the agent hands them over. Threads 1 and 2 are workers of one runtime, 3 of another.</summary>
public sealed class WaitBlameTests
{
    private const ulong One = 0x1000,
        Other = 0x2000;

    private static readonly TaskTypeId Victim = new(9);

    private static readonly Runtimes Runtimes = new([Worker(1, One), Worker(2, One), Worker(3, Other)]);

    private readonly Stage _stage = new();

    private PollAggregator Aggregator => _stage.Aggregator;

    private static WorkerFacts Worker(int tid, ulong runtime) =>
        new()
        {
            Tid = tid,
            Name = "w",
            Runtime = runtime,
            Polls = 1,
        };

    private static LongWait Wait(long from, long to, int tid = 1, bool own = false, int weight = 1) =>
        new()
        {
            Type = Victim,
            Tid = tid,
            Runtime = tid == 3 ? Other : One,
            WakeNs = from * Ms,
            PollNs = to * Ms,
            OwnQueue = own,
            Weight = weight,
        };

    private PollRecord Hashing(long start, long ms, int tid = 1) =>
        Slow(cpu: ms, tid: tid, start: start) with
        {
            CpuStack = _stage.Stack("shop::hash < shop::login"),
            Runtime = tid == 3 ? Other : One,
        };

    private PollRecord Asleep(long start, long ms, int tid = 1) =>
        Slow(blocked: ms, tid: tid, start: start) with
        {
            BlockStack = _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait"),
            Syscall = "clock_nanosleep",
            Runtime = One,
        };

    private void Settle(long beforeMs = 1_000_000) =>
        Aggregator.Waits.Settle(beforeMs * Ms, Runtimes, Aggregator.OpenPolls);

    private Dictionary<string, WaitSum> Behind() =>
        Aggregator
            .Waits.Behind.Where(p => p.Key.Waiting == Victim)
            .GroupBy(p => $"{p.Key.Behind.Cause} {p.Key.Behind.Stack.Number}")
            .ToDictionary(g => g.Key, g => g.Aggregate(default(WaitSum), (a, p) => a.Plus(p.Value.Count, p.Value.Ns)));

    private static string Key(HotspotCause cause, StackId stack) => $"{cause} {stack.Number}";

    private string Hash => Key(HotspotCause.OnCpu, _stage.Stack("shop::hash < shop::login"));

    private string Sleep =>
        Key(HotspotCause.BlockingCall, _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait"));

    [Fact]
    public void A_wait_is_behind_the_slow_poll_that_ran_meanwhile()
    {
        Aggregator.AddPoll(Hashing(100, 50));
        Aggregator.Waits.Add(Wait(110, 150));
        Settle();

        Assert.Equal(new WaitSum(1, 40 * Ms), Assert.Single(Behind(), p => p.Key == Hash).Value);
        Assert.Equal(new WaitSum(1, 40 * Ms), Aggregator.Waits.All[Victim]);
    }

    [Fact]
    public void The_record_of_a_poll_may_come_after_that_of_the_wait()
    {
        Aggregator.Waits.Add(Wait(110, 150, tid: 2));
        Aggregator.AddPoll(Hashing(100, 90, tid: 1));
        Settle();

        Assert.Equal(new WaitSum(1, 40 * Ms), Behind()[Hash]);
    }

    [Fact]
    public void A_wait_is_decided_on_when_all_polls_of_its_time_are_known()
    {
        Aggregator.Waits.Add(Wait(110, 150));
        Settle(beforeMs: 149);
        Assert.Empty(Aggregator.Waits.All);
        Assert.False(Aggregator.Waits.IsSettled);
        Settle(beforeMs: 150);
        Assert.True(Aggregator.Waits.IsSettled);
        Assert.Single(Aggregator.Waits.All);
    }

    [Fact]
    public void A_poll_of_another_runtime_is_not_to_blame()
    {
        Aggregator.AddPoll(Hashing(100, 90, tid: 3));
        Aggregator.Waits.Add(Wait(110, 150));
        Settle();

        Assert.Empty(Behind());
        Assert.Equal(40 * Ms, Aggregator.Waits.All[Victim].Ns);
    }

    [Fact]
    public void A_thread_and_a_scheduler_that_nothing_is_known_of_are_not_taken_for_the_first_runtime()
    {
        Aggregator.AddPoll(Hashing(100, 90));
        Aggregator.Waits.Add(Wait(110, 150) with { Tid = 77, Runtime = 0x9999 });
        Settle();

        Assert.Empty(Behind());
    }

    [Fact]
    public void A_worker_that_is_not_known_yet_is_found_by_its_tasks_scheduler()
    {
        Aggregator.AddPoll(Hashing(100, 90));
        Aggregator.Waits.Add(Wait(110, 150) with { Tid = 77 });
        Settle();

        Assert.Equal(40 * Ms, Behind()[Hash].Ns);
    }

    [Fact]
    public void Two_blockers_share_what_any_worker_could_have_taken()
    {
        Aggregator.AddPoll(Hashing(100, 50, tid: 1));
        Aggregator.AddPoll(Asleep(100, 100, tid: 2));
        Aggregator.Waits.Add(Wait(110, 150, tid: 1));
        Settle();

        Assert.Equal((20 * Ms, 20 * Ms), (Behind()[Hash].Ns, Behind()[Sleep].Ns));
    }

    [Fact]
    public void What_stood_in_the_workers_own_queue_waited_for_that_worker_alone()
    {
        Aggregator.AddPoll(Hashing(100, 50, tid: 1));
        Aggregator.AddPoll(Asleep(100, 100, tid: 2));
        Aggregator.Waits.Add(Wait(110, 150, tid: 1, own: true));
        Settle();

        Assert.Equal(new WaitSum(1, 40 * Ms), Behind()[Hash]);
        Assert.DoesNotContain(Sleep, Behind().Keys);
    }

    [Fact]
    public void A_poll_of_two_causes_is_blamed_in_proportion()
    {
        Aggregator.AddPoll(
            Slow(cpu: 30, blocked: 10, start: 100) with
            {
                CpuStack = _stage.Stack("shop::hash < shop::login"),
                BlockStack = _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait"),
                Syscall = "clock_nanosleep",
                Runtime = One,
            }
        );
        Aggregator.Waits.Add(Wait(120, 140));
        Settle();

        Assert.Equal((15 * Ms, 5 * Ms), (Behind()[Hash].Ns, Behind()[Sleep].Ns));
    }

    [Fact]
    public void Where_the_worker_had_no_cpu_the_wait_was_behind_that()
    {
        Aggregator.AddPoll(Slow(queued: 50, start: 100) with { Runtime = One });
        Aggregator.Waits.Add(Wait(110, 150));
        Settle();

        Assert.Equal(40 * Ms, Behind()[Key(HotspotCause.RunQueue, StackId.None)].Ns);
    }

    [Fact]
    public void A_second_stack_moves_the_blame_with_the_hotspot()
    {
        Aggregator.AddPoll(
            Slow(cpu: 30, blocked: 10, start: 100) with
            {
                CpuStack = _stage.Stack("shop::hash < shop::login"),
                Syscall = "clock_nanosleep",
                Runtime = One,
            }
        );
        Aggregator.AddSecondaryStack(
            1,
            100 * Ms,
            asleep: true,
            _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait")
        );
        Aggregator.Waits.Add(Wait(120, 140));
        Settle();

        Assert.Equal(5 * Ms, Behind()[Sleep].Ns);
        Assert.All(Aggregator.Waits.Behind.Keys, k => Assert.Contains(k.Behind, Aggregator.Hotspots.Keys));
    }

    [Fact]
    public void A_poll_that_is_still_open_gets_its_waits_when_it_is_over()
    {
        Aggregator.SetOpen(Hashing(100, 10) with { Open = true });
        Aggregator.Waits.Add(Wait(110, 150, tid: 2));
        Settle();
        Assert.Empty(Behind());

        // the live view counts it as far as it went, and takes nothing from the run
        var live = Aggregator.WithOpen();
        Assert.Equal(40 * Ms, Assert.Single(live.Waits.Behind).Value.Ns);
        Assert.Empty(Behind());

        Aggregator.AddPoll(Asleep(100, 400));
        Assert.Equal(new WaitSum(1, 40 * Ms), Behind()[Sleep]);
        Assert.Single(Behind());
    }

    [Fact]
    public void A_poll_that_never_ends_gets_them_when_the_run_does()
    {
        Aggregator.SetOpen(Hashing(100, 900) with { Open = true });
        Aggregator.Waits.Add(Wait(110, 150, tid: 2));
        Settle();
        Aggregator.CloseOpen();

        Assert.Equal(new WaitSum(1, 40 * Ms), Behind()[Hash]);
    }

    [Fact]
    public void Of_a_poll_whose_end_was_lost_nothing_is_known()
    {
        Aggregator.SetOpen(Hashing(100, 10) with { Open = true });
        Aggregator.Waits.Add(Wait(110, 150, tid: 2));
        Settle();
        Aggregator.NextLook();
        Aggregator.ForgetUnseen(_ => true);
        Aggregator.CloseOpen();

        Assert.Empty(Behind());
        Assert.Equal(40 * Ms, Aggregator.Waits.All[Victim].Ns);
    }

    [Fact]
    public void A_wait_behind_several_polls_of_one_meaning_counts_once()
    {
        for (int i = 0; i < 4; i++)
            Aggregator.AddPoll(
                Hashing(100 + 10 * i, 10) with
                {
                    CpuStack = _stage.Stack($"shop::hash::round{i} < shop::hash < shop::login"),
                }
            );
        foreach (var key in Aggregator.Hotspots.Keys)
            Assert.Equal(HotspotCause.OnCpu, key.Cause);
        Aggregator.AddPoll(Hashing(140, 10));
        Aggregator.AddPoll(Hashing(150, 10));
        Aggregator.Waits.Add(Wait(140, 160));
        Settle();

        Assert.Equal(new WaitSum(1, 20 * Ms), Behind()[Hash]);
    }

    [Fact]
    public void A_wait_that_stands_for_others_counts_for_them()
    {
        Aggregator.AddPoll(Hashing(100, 50));
        Aggregator.Waits.Add(Wait(110, 150, weight: 8));
        Settle();

        Assert.Equal(new WaitSum(8, 320 * Ms), Behind()[Hash]);
        Assert.Equal(new WaitSum(8, 320 * Ms), Aggregator.Waits.All[Victim]);
    }

    [Fact]
    public void A_flood_is_cut_and_counted()
    {
        const int Sent = 200_000;
        for (int i = 0; i < Sent; i++)
        {
            Aggregator.Waits.Add(Wait(i, i + 10));
            Aggregator.Waits.AddPoll(Hashing(i, 6, tid: 1 + i % 2));
        }

        Settle();
        Assert.Equal(Sent, Aggregator.Waits.Cut + Aggregator.Waits.All[Victim].Count);
        Assert.InRange(Aggregator.Waits.Cut, 1, Sent - 10_000);
    }
}
