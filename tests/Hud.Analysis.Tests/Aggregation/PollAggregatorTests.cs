using Hud.Core.Profile;
using Hud.Frames;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

public sealed class PollAggregatorTests
{
    private readonly Stage _stage = new();

    private PollAggregator Aggregator => _stage.Aggregator;

    private RawKey OnlyKey => Assert.Single(Aggregator.Hotspots).Key;

    [Fact]
    public void Where_the_latest_are_kept_the_sums_are_those_of_all_and_none_counts_as_cut()
    {
        var latest = new PollAggregator(_stage.Attributor, Threshold, maxPolls: 10) { KeepsLatest = true };
        var first = new PollAggregator(_stage.Attributor, Threshold, maxPolls: 10);
        for (int i = 0; i < 100; i++)
        {
            latest.AddPoll(Slow(cpu: 20, start: i * 100));
            first.AddPoll(Slow(cpu: 20, start: i * 100));
        }

        Assert.Equal((100, 2000 * Ms, 0), (latest.SlowPolls, latest.OnCpuNs, latest.PollsCut));
        Assert.Equal((100, 2000 * Ms, 90), (first.SlowPolls, first.OnCpuNs, first.PollsCut));
        Assert.InRange(latest.Polls.Count, 5, 10);
        Assert.Equal(9900 * Ms, latest.Polls[^1].StartNs);
        Assert.Equal(latest.Polls[0].StartNs - 80 * Ms, latest.ForgottenUntilNs);
        Assert.Equal(long.MinValue, first.ForgottenUntilNs);
        // also in what would be reported now
        latest.SetOpen(Slow(cpu: 20, start: 10_000));
        var open = latest.WithOpen();
        Assert.Equal((101, 0), (open.SlowPolls, open.PollsCut));
        Assert.Equal(10_000 * Ms, open.Polls[^1].StartNs);
    }

    [Fact]
    public void A_sleep_is_kept_by_its_stack_and_syscall()
    {
        StackId stack = _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait");
        Aggregator.AddPoll(Slow(blocked: 20) with { BlockStack = stack, Syscall = "clock_nanosleep" });

        Assert.Equal(
            new RawKey(new(0), HotspotCause.BlockingCall, new(0), stack, StackId.None, "clock_nanosleep"),
            OnlyKey
        );
        Assert.Equal(
            (1, 20 * Ms, 20 * Ms, 0),
            (Aggregator.SlowPolls, Aggregator.BlockedNs, Aggregator.WorstNs, Aggregator.OnCpuNs)
        );
    }

    [Fact]
    public void Page_faults_of_one_place_are_one_hotspot_whether_or_not_the_kernel_said_where_it_slept()
    {
        Attribution Of(StackId stack) =>
            _stage.Attributor.Attribute(stack, HotspotCause.BlockingCall, "", "shop::index", exact: false);
        var many = Of(_stage.Stack("shop::index::scan"));
        var longOne = Of(_stage.Stack("shop::index::scan", kernel: "__do_fault"));

        Assert.Equal(("PageFault", "MappedFile"), (many.Category, longOne.Category));
        Assert.Equal(many.Identity, longOne.Identity);
        Assert.NotEqual(many.Identity, Of(_stage.Stack("shop::index::load")).Identity);
    }

    [Fact]
    public void A_poll_counts_once_with_the_code_most_of_its_samples_share()
    {
        StackId often = _stage.Stack("shop::hash::round < shop::hash"),
            alsoOften = _stage.Stack("shop::hash::mix < shop::hash"),
            rare = _stage.Stack("shop::parse");
        foreach (var stack in (StackId[])[rare, often, rare, alsoOften, often, often])
            Aggregator.AddSample(1, 0, stack);
        Aggregator.AddSample(1, 99 * Ms, rare); // another poll
        Aggregator.AddSample(2, 0, rare); // another thread
        Aggregator.AddSample(1, 0, StackId.None);
        Aggregator.AddPoll(Slow(cpu: 60));

        Assert.Equal(often, OnlyKey.Stack);
        Assert.Equal(0, Aggregator.PollsWithoutStack);
        Assert.Equal(often, Assert.Single(Aggregator.Polls).CpuStack);
    }

    [Fact]
    public void The_records_own_stack_serves_where_no_sample_left_early()
    {
        StackId stack = _stage.Stack("shop::hash");
        Aggregator.AddPoll(Slow(cpu: 6) with { CpuStack = stack });
        Assert.Equal(stack, OnlyKey.Stack);
    }

    [Fact]
    public void A_poll_between_two_ticks_of_the_clock_has_no_stack_and_is_counted()
    {
        Aggregator.AddPoll(Slow(cpu: 6));
        Assert.True(OnlyKey.Stack.IsNone);
        Assert.Equal(1, Aggregator.PollsWithoutStack);
    }

    [Fact]
    public void A_waker_joins_the_wait_that_it_ended()
    {
        StackId waiter = _stage.Stack("syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < shop::reserve"),
            holder = _stage.Stack("std::sys::sync::mutex::futex::Mutex::wake < shop::charge");
        Aggregator.AddWaker(1, 77, holder, "worker");
        Aggregator.AddWaker(1, 78, waiter, "another wait");
        Aggregator.AddPoll(Slow(blocked: 30) with { BlockStack = waiter, Syscall = "futex", BlockStartNs = 77 });
        Assert.Equal(holder, OnlyKey.Holder);

        Aggregator.AddPoll(Slow(blocked: 30) with { BlockStack = waiter, Syscall = "futex", BlockStartNs = 77 });
        Assert.Contains(Aggregator.Hotspots.Keys, k => k.Holder.IsNone); // once joined, it is used up
    }

    [Fact]
    public void The_second_stack_of_a_poll_moves_its_part_to_it()
    {
        StackId sleep = _stage.Stack("clock_nanosleep < std::thread::sleep < shop::wait"),
            cpu = _stage.Stack("shop::hash");
        Aggregator.AddPoll(Slow(cpu: 10, blocked: 20) with { BlockStack = sleep, Syscall = "clock_nanosleep" });
        Assert.Equal(1, Aggregator.PollsWithoutStack);
        Aggregator.AddSecondaryStack(1, 0, asleep: false, cpu);

        Assert.Equal(0, Aggregator.PollsWithoutStack);
        Assert.Equal(
            [(HotspotCause.OnCpu, cpu, 10 * Ms), (HotspotCause.BlockingCall, sleep, 20 * Ms)],
            Aggregator.Hotspots.Select(h => (h.Key.Cause, h.Key.Stack, h.Value.Durations.TotalNs)).OrderBy(h => h.Cause)
        );
        Assert.Equal(1, Aggregator.SlowPolls);
    }

    [Fact]
    public void The_second_stack_may_be_the_sleep_and_brings_its_holder()
    {
        StackId cpu = _stage.Stack("shop::hash"),
            wait = _stage.Stack("syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < shop::reserve"),
            holder = _stage.Stack("shop::charge");
        Aggregator.AddWaker(1, 5, holder, "worker");
        Aggregator.AddPoll(Slow(cpu: 20, blocked: 10) with { CpuStack = cpu, Syscall = "futex", BlockStartNs = 5 });
        Aggregator.AddSecondaryStack(1, 0, asleep: true, wait);

        Assert.Contains(
            new RawKey(new(0), HotspotCause.BlockingCall, new(0), wait, holder, "futex"),
            Aggregator.Hotspots.Keys
        );
        Assert.DoesNotContain(Aggregator.Hotspots.Keys, k => k.Stack.IsNone);
    }

    [Fact]
    public void A_second_stack_in_block_in_place_takes_its_part_back()
    {
        StackId cpu = _stage.Stack("shop::hash"),
            inside = _stage.Stack(
                "read < shop::export < tokio::runtime::scheduler::multi_thread::worker::block_in_place"
            );
        Aggregator.AddPoll(Slow(cpu: 20, blocked: 10) with { CpuStack = cpu });
        Aggregator.AddSecondaryStack(1, 0, asleep: true, inside);

        Assert.Equal([(HotspotCause.OnCpu, cpu)], Aggregator.Hotspots.Keys.Select(k => (k.Cause, k.Stack)));
        Assert.Equal((20 * Ms, 0), (Aggregator.OnCpuNs, Aggregator.BlockedNs));
        Assert.Equal(1, Aggregator.SlowPolls);
    }

    [Fact]
    public void A_second_stack_without_its_poll_changes_nothing()
    {
        Aggregator.AddSecondaryStack(1, 0, asleep: false, _stage.Stack("shop::hash"));
        Aggregator.AddPoll(
            Slow(cpu: 10, blocked: 20, start: 7) with
            {
                BlockStack = _stage.Stack("read < shop::load"),
            }
        );
        Aggregator.AddSecondaryStack(1, 0, asleep: false, _stage.Stack("shop::hash")); // of an earlier poll
        Aggregator.AddSecondaryStack(1, 7 * Ms, asleep: false, StackId.None);
        Assert.Equal(1, Aggregator.PollsWithoutStack);
    }

    [Fact]
    public void Time_in_block_in_place_blocks_no_worker()
    {
        StackId inside = _stage.Stack(
            "read < std::fs::read < shop::export < tokio::runtime::scheduler::multi_thread::worker::block_in_place"
        );
        Aggregator.AddPoll(Slow(blocked: 20) with { BlockStack = inside });
        Aggregator.AddPoll(Slow(cpu: 20) with { CpuStack = inside });
        Aggregator.AddPoll(Slow(queued: 20) with { QueueStack = inside });
        Aggregator.AddSample(1, 0, inside);
        Aggregator.AddPoll(Slow(cpu: 20));
        Aggregator.AddPoll(Slow(cpu: 6)); // no stack: judged as the others of its type
        Aggregator.AddPoll(Slow(cpu: 6, type: 1));

        Assert.Equal((5, 1), (Aggregator.BlockInPlace, Aggregator.SlowPolls));
        Assert.Equal(1, OnlyKey.Type.Number);
    }

    /// <summary>The BPF programs have left out what came after the hand-over already: what is left blocked the worker.</summary>
    [Fact]
    public void A_poll_of_which_the_kernel_saw_everything_is_not_excused_by_names()
    {
        var poll = Slow(blocked: 20) with
        {
            BlockStack = _stage.Stack($"read < {EntryPoints.BlockInPlaceSignature}"),
            HandoversSeen = true,
        };
        Aggregator.AddPoll(poll);
        Assert.Equal((1, 0), (Aggregator.SlowPolls, Aggregator.BlockInPlace));

        Aggregator.AddPoll(poll with { Before = true });
        Aggregator.AddPoll(poll with { Outside = true });
        Aggregator.AddPoll(poll with { Open = true });
        Aggregator.AddPoll(poll with { HandoversSeen = false });
        Assert.Equal((1, 4), (Aggregator.SlowPolls, Aggregator.BlockInPlace));
    }

    [Fact]
    public void Waiting_for_a_CPU_is_reported_with_who_ran_instead()
    {
        var poll = Slow(cpu: 1, queued: 30) with
        {
            PreemptedBy = "burner",
            PreemptedByPid = 42,
            WorstQueueNs = 28 * Ms,
            PreemptedByNs = 28 * Ms,
        };
        Aggregator.AddPoll(poll);
        Aggregator.AddPoll(poll);
        Assert.Equal(HotspotCause.RunQueue, OnlyKey.Cause);
        Assert.Equal(56 * Ms, Aggregator.Hotspots[OnlyKey].Culprits[("burner", 42)]);
        Assert.Equal((0, 0, 60 * Ms), (Aggregator.OnCpuNs, Aggregator.BlockedNs, Aggregator.RunQueueNs));
    }

    [Fact]
    public void Waiting_for_the_quota_is_not_a_neighbours_doing()
    {
        Aggregator.AddPoll(Slow(cpu: 1, queued: 80, throttled: 80) with { PreemptedBy = "swapper/0" });
        Assert.Equal(HotspotCause.Throttled, OnlyKey.Cause);
        Assert.Empty(Aggregator.Hotspots[OnlyKey].Culprits);
        Assert.Equal(80 * Ms, Aggregator.ThrottledNs);
    }

    [Fact]
    public void An_open_poll_is_counted_at_the_end_and_only_once()
    {
        var open = Slow(blocked: 500) with { Open = true };
        Aggregator.SetOpen(open with { Split = PollSplit.From(300 * Ms, 300 * Ms, 0, 0) });
        Aggregator.SetOpen(open);
        Assert.Equal(0, Aggregator.SlowPolls);
        Assert.Single(Aggregator.OpenPolls);
        Aggregator.CloseOpen();
        Assert.Equal((1, 500 * Ms), (Aggregator.SlowPolls, Aggregator.WorstNs));
        Assert.True(Assert.Single(Aggregator.Polls).Open);
        Aggregator.CloseOpen();
        Assert.Equal(1, Aggregator.SlowPolls);
    }

    [Fact]
    public void A_poll_that_returned_after_all_is_not_open_any_more()
    {
        Aggregator.SetOpen(Slow(blocked: 500) with { Open = true });
        Aggregator.AddPoll(Slow(blocked: 700));
        Aggregator.CloseOpen();
        Assert.Equal((1, 700 * Ms), (Aggregator.SlowPolls, Aggregator.WorstNs));
    }

    [Fact]
    public void A_poll_that_is_no_longer_reported_ended_unless_its_process_did()
    {
        Aggregator.SetOpen(Slow(blocked: 100, start: 1) with { Open = true });
        Aggregator.SetOpen(Slow(blocked: 200, start: 2) with { Open = true });
        Aggregator.NextLook();
        Aggregator.SetOpen(Slow(blocked: 300, start: 2) with { Open = true });
        Aggregator.ForgetUnseen(_ => true);
        Assert.Equal(300 * Ms, Assert.Single(Aggregator.OpenPolls).Split.WallNs);
        Aggregator.NextLook();
        Aggregator.ForgetUnseen(_ => false);
        Aggregator.CloseOpen();
        Assert.Equal((1, 300 * Ms), (Aggregator.SlowPolls, Aggregator.BlockedNs));
    }

    [Fact]
    public void A_sampled_poll_stands_for_its_weight()
    {
        Aggregator.AddPoll(Slow(cpu: 10) with { Weight = 16 });
        Assert.Equal(
            (16, 160 * Ms, 16, 16),
            (Aggregator.SlowPolls, Aggregator.OnCpuNs, Aggregator.RecordedByType[new(0)], Aggregator.PollsWithoutStack)
        );
        Assert.Equal(10 * Ms, Aggregator.WorstNs);
    }

    [Fact]
    public void Everything_is_bounded()
    {
        var stage = new Stage(maxPolls: 100);
        StackId stack = stage.Stack("shop::hash");
        for (int i = 0; i < 20_000; i++)
        {
            stage.Aggregator.AddSample(1, i, stack); // polls whose records never come
            stage.Aggregator.AddWaker(1, i, stack, "x");
        }

        for (int i = 0; i < 1_000; i++)
            stage.Aggregator.AddSample(2, 0, stack);
        for (int i = 0; i < 300; i++)
            stage.Aggregator.AddPoll(
                Slow(queued: 10, start: i) with
                {
                    PreemptedBy = $"p{i}",
                    PreemptedByPid = i,
                    PreemptedByNs = Ms,
                }
            );
        Assert.Equal(100, stage.Aggregator.Polls.Count);
        Assert.Equal((200, 300), (stage.Aggregator.PollsCut, stage.Aggregator.SlowPolls));
        Assert.Equal(64, Assert.Single(stage.Aggregator.Hotspots).Value.Culprits.Count);
    }

    [Fact]
    public void Stacks_beyond_the_bound_share_one_hotspot()
    {
        for (int i = 0; i < 50_000; i++)
            Aggregator.AddPoll(Slow(blocked: 10) with { Syscall = $"call{i}" });
        int before = Aggregator.Hotspots.Count;
        for (int i = 0; i < 1_000; i++)
            Aggregator.AddPoll(
                Slow(blocked: 10) with
                {
                    BlockStack = _stage.Stack($"read < shop::f{i}"),
                    Syscall = "call1",
                }
            );
        Assert.Equal(before, Aggregator.Hotspots.Count);
        Assert.Equal(51_000 * 10 * Ms, Aggregator.Hotspots.Values.Sum(h => h.Durations.TotalNs));
    }

    [Fact]
    public void Equal_stacks_have_one_number_and_those_beyond_the_bound_none()
    {
        var stage = new Stage(maxStacks: 2);
        StackId first = stage.Stack("shop::a");
        Assert.Equal(first, stage.Stack("shop::a"));
        Assert.NotEqual(first, stage.Stack("shop::a", target: 1));
        Assert.True(stage.Stack("shop::b").IsNone);
        Assert.Equal(1, stage.Stacks.Refused);
        Assert.Equal(first, stage.Stack("shop::a"));
        Assert.Equal(StackId.None, stage.Stacks.Intern(new(0), [], UnwindQuality.None, StopReason.NoStack));
    }

    /// <summary>A clock of 10 ms. What stood on a CPU for long and was met by no tick did not compute; what shared the CPU may have been missed.</summary>
    [Theory]
    [InlineData(35, 0, 0, false, HotspotCause.RunQueue)]
    [InlineData(35, 0, 2, false, HotspotCause.RunQueue)]
    [InlineData(35, 0, 0, true, HotspotCause.OnCpu)]
    [InlineData(25, 0, 0, false, HotspotCause.OnCpu)]
    [InlineData(35, 0, 97, false, HotspotCause.OnCpu)]
    [InlineData(35, 60, 0, false, HotspotCause.OnCpu)]
    public void A_poll_that_no_tick_met_is_the_hosts_only_where_ticks_cannot_have_missed_it(
        long cpu,
        long blocked,
        long queued,
        bool ticked,
        HotspotCause cause
    )
    {
        var stage = new Stage();
        var aggregator = new PollAggregator(stage.Attributor, Threshold, clockPeriodNs: 10 * Ms);
        aggregator.AddPoll(Slow(cpu: cpu, blocked: blocked, queued: queued) with { Ticked = ticked });
        bool hosts = cause == HotspotCause.RunQueue;
        Assert.Equal(hosts ? 0 : cpu * Ms, aggregator.OnCpuNs);
        Assert.Contains(aggregator.Hotspots, h => h.Key.Cause == cause);
        Assert.Equal(
            hosts,
            aggregator.Hotspots.Values.Any(h => h.Culprits.Keys.Any(c => c.Name == PollAggregator.NotTheGuest))
        );
    }
}
