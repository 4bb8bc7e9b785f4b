using System.Runtime.CompilerServices;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

public sealed class ProfileBuilderTests
{
    private readonly Stage _stage = new();

    private static ProfileInputs Facts(params TaskTypeFacts[] types) =>
        new()
        {
            Session = new ProfilingSessionSpec { Threshold = new GoDuration(Threshold) },
            Agent = new AgentInfo
            {
                Version = "0.1.0",
                Kernel = "6.18.0",
                Machine = "X64",
                ProbeMode = "uprobe.session",
            },
            StartedAt = new DateTimeOffset(2026, 11, 21, 4, 0, 0, TimeSpan.Zero),
            StartNs = 1_000 * Ms,
            EndNs = 2_000 * Ms,
            Targets =
            [
                new TargetProfile
                {
                    Pid = 42,
                    Process = "shop",
                    State = TargetState.Succeeded,
                    TokioVersion = "1.43.1",
                },
            ],
            Types = types,
            Workers = [Worker(1, 0x1000), Worker(2, 0x1000)],
        };

    private static WorkerFacts Worker(int tid, ulong runtime, long polls = 10, string name = "tokio-rt-worker") =>
        new()
        {
            Tid = tid,
            Name = name,
            Runtime = runtime,
            Polls = polls,
            Histogram = new long[40],
        };

    private static TaskTypeFacts Type(string name, long polls, long slow, long totalMs = 0, long maxMs = 0)
    {
        long[] histogram = new long[40];
        histogram[20] = polls;
        return new TaskTypeFacts
        {
            Name = name,
            Polls = polls,
            Slow = slow,
            TotalNs = totalMs * Ms,
            MaxNs = maxMs * Ms,
            Histogram = histogram,
        };
    }

    private static WaitFacts Waits(params (int Slot, long Count)[] slots)
    {
        long[] histogram = new long[40];
        foreach (var (slot, count) in slots)
            histogram[slot] = count;
        return new WaitFacts
        {
            Count = histogram.Sum(),
            TotalNs = slots.Sum(s => s.Count << s.Slot),
            MaxNs = 2L << slots[^1].Slot,
            Histogram = histogram,
        };
    }

    private ProfileDocument Build(ProfileInputs facts) =>
        ProfileBuilder.Build(facts, _stage.Aggregator, _stage.Stacks, _stage.Attributor, exact: true);

    [Fact]
    public void A_run_with_one_of_everything_gives_the_golden_document()
    {
        StackId sleep = _stage.Stack(
            "clock_nanosleep < std::thread::sleep < shop::cart::wait < shop::cart::checkout::{{closure}}"
        );
        StackId hash = _stage.Stack("sha2::sha256::compress < shop::auth::hash < shop::auth::login::{{closure}}");
        StackId hash2 = _stage.Stack("sha2::sha256::finalize < shop::auth::hash < shop::auth::login::{{closure}}");
        StackId wait = _stage.Stack(
            "syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < shop::stock::reserve < shop::cart::checkout::{{closure}}"
        );
        StackId holder = _stage.Stack(
            "syscall < std::sys::sync::mutex::futex::Mutex::wake < shop::stock::count < shop::stock::audit::{{closure}}"
        );
        StackId preempted = _stage.Stack("shop::auth::token < shop::auth::login::{{closure}}");
        var aggregator = _stage.Aggregator;
        aggregator.AddPoll(
            Slow(blocked: 20, tid: 1, start: 1100) with
            {
                BlockStack = sleep,
                Syscall = "clock_nanosleep",
                Runtime = 0x1000,
                TaskId = 7,
            }
        );
        aggregator.AddPoll(
            Slow(blocked: 40, cpu: 1, tid: 1, start: 1200) with
            {
                BlockStack = sleep,
                Syscall = "clock_nanosleep",
                Runtime = 0x1000,
                TaskId = 8,
            }
        );
        aggregator.AddSample(2, 1110 * Ms, hash);
        aggregator.AddSample(2, 1110 * Ms, hash2);
        aggregator.AddPoll(Slow(cpu: 30, tid: 2, type: 1, start: 1110) with { Runtime = 0x1000, TaskId = 9 });
        aggregator.AddWaker(2, 5, holder, "tokio-rt-worker");
        aggregator.AddPoll(
            Slow(blocked: 25, tid: 2, start: 1215) with
            {
                BlockStack = wait,
                Syscall = "futex",
                BlockStartNs = 5,
                Runtime = 0x1000,
            }
        );
        aggregator.AddPoll(
            Slow(cpu: 2, queued: 12, tid: 2, type: 1, start: 1300) with
            {
                QueueStack = preempted,
                PreemptedBy = "burner",
                PreemptedByPid = 99,
                WorstQueueNs = 11 * Ms,
                PreemptedByNs = 11 * Ms,
                Runtime = 0x1000,
            }
        );
        aggregator.AddPoll(
            Slow(cpu: 1, queued: 70, throttled: 70, tid: 1, type: 1, start: 1400) with
            {
                QueueStack = preempted,
                WorstQueueNs = 70 * Ms,
                Runtime = 0x1000,
            }
        );
        aggregator.SetOpen(
            Slow(blocked: 400, tid: 1, start: 1600) with
            {
                BlockStack = sleep,
                Syscall = "clock_nanosleep",
                Runtime = 0x1000,
                Open = true,
            }
        );
        aggregator.CloseOpen();

        var document = Build(
            Facts(
                Type("shop::cart::checkout", 500, 3, 600, 41) with
                {
                    Waits = Waits((12, 480), (24, 20)),
                },
                Type("shop::auth::login", 300, 3, 200, 71),
                Type("shop::never", 0, 0)
            )
        );
        Golden("everything.json", JsonSerializer.Serialize(document, HudJson.Indented.ProfileDocument) + "\n");
    }

    [Fact]
    public void Waits_of_a_type_are_there_when_one_was_timed()
    {
        var document = Build(
            Facts(
                Type("shop::cart", 100, 0) with
                {
                    Waits = Waits((10, 98), (25, 2)) with { Estimated = true },
                },
                Type("shop::login", 100, 0),
                Type("shop::audit", 100, 0) with
                {
                    Waits = new WaitFacts(),
                }
            )
        );
        var waits = document.Tasks[0].Waits!;
        Assert.Equal((100, true, 26), (waits.Count, waits.Estimated, waits.Histogram.Count));
        Assert.InRange(waits.P50Ns, 1 << 10, 2 << 10);
        Assert.InRange(waits.P99Ns, 1 << 25, 2 << 25);
        Assert.All(document.Tasks.Skip(1), t => Assert.Null(t.Waits));
    }

    /// <summary>One poll of `auth::hash` on thread 1 from 1100 to 1140 ms, one of `cart::wait` on thread 2 from 1100 to 1110 ms.</summary>
    private void BlockBoth()
    {
        _stage.Aggregator.AddPoll(
            Slow(cpu: 40, tid: 1, start: 1100) with
            {
                CpuStack = _stage.Stack("sha2::compress < shop::auth::hash < shop::auth::login::{{closure}}"),
                Runtime = 0x1000,
            }
        );
        _stage.Aggregator.AddPoll(
            Slow(blocked: 10, tid: 2, start: 1100) with
            {
                BlockStack = _stage.Stack("clock_nanosleep < std::thread::sleep < shop::cart::wait"),
                Syscall = "clock_nanosleep",
                Runtime = 0x1000,
            }
        );
    }

    private void Wait(long from, long to, int type = 0) =>
        _stage.Aggregator.Waits.Add(
            new LongWait
            {
                Type = new TaskTypeId(type),
                Tid = 1,
                Runtime = 0x1000,
                WakeNs = from * Ms,
                PollNs = to * Ms,
                Weight = 1,
            }
        );

    private ProfileDocument BuildSettled(ProfileInputs facts)
    {
        _stage.Aggregator.Waits.Settle(long.MaxValue, new Runtimes(facts.Workers), _stage.Aggregator.OpenPolls);
        return Build(facts);
    }

    [Fact]
    public void Long_waits_say_which_hotspots_they_were_behind_and_leave_the_rest_open()
    {
        BlockBoth();
        Wait(1100, 1140);
        Wait(1100, 1160);
        var document = BuildSettled(
            Facts(Type("shop::cart", 100, 2) with { Waits = Waits((10, 98), (25, 2)) }, Type("shop::login", 100, 0))
        );

        var behind = document.Tasks[0].Waits!.Behind;
        Assert.Equal(["shop::auth::hash", "shop::cart::wait"], behind.Select(b => b.Function));
        Assert.Equal([2L, 2L], behind.Select(b => b.Count));
        Assert.Equal([70 * Ms, 10 * Ms], behind.Select(b => b.TotalNs));
        Assert.Equal([70.0, 10.0], behind.Select(b => b.Percent));
        Assert.Equal(
            document.Hotspots.Select(h => h.Identity()),
            behind.Select(b => new HotspotIdentity(b.Cause, b.Fingerprint))
        );
    }

    [Fact]
    public void Only_the_hotspots_that_cost_a_task_type_most_are_named()
    {
        for (int i = 0; i < 9; i++)
            _stage.Aggregator.AddPoll(
                Slow(cpu: 10 + i, start: 1100 + 20 * i) with
                {
                    CpuStack = _stage.Stack($"shop::step{i} < shop::run"),
                    Runtime = 0x1000,
                }
            );
        Wait(1100, 1300);
        var document = BuildSettled(Facts(Type("shop::cart", 100, 9) with { Waits = Waits((27, 1)) }));

        Assert.Equal(
            ["shop::step8", "shop::step7", "shop::step6", "shop::step5", "shop::step4"],
            document.Tasks[0].Waits!.Behind.Select(b => b.Function)
        );
    }

    [Fact]
    public void Waits_that_found_no_room_are_a_loss()
    {
        for (int i = 0; i < 70_000; i++)
            Wait(1100, 1140);
        var facts = Facts(Type("shop::cart", 100, 0)) with { Losses = new Losses { WaitsLimited = 3 } };
        Assert.Equal(3 + 70_000 - 65_536, BuildSettled(facts).Losses.WaitsLimited);
    }

    [Fact]
    public void Leaves_that_differ_below_the_same_code_are_one_finding()
    {
        _stage.Aggregator.AddPoll(
            Slow(cpu: 30) with
            {
                CpuStack = _stage.Stack("sha2::a < shop::hash < shop::login::{{closure}}"),
            }
        );
        _stage.Aggregator.AddPoll(
            Slow(cpu: 10) with
            {
                CpuStack = _stage.Stack("sha2::b < shop::hash < shop::login::{{closure}}"),
            }
        );
        _stage.Aggregator.AddPoll(
            Slow(cpu: 10) with
            {
                CpuStack = _stage.Stack("shop::parse < shop::login::{{closure}}"),
            }
        );
        var document = Build(Facts(Type("shop::login", 3, 3)));

        Assert.Equal([(1, 2, 40 * Ms), (2, 1, 10 * Ms)], document.Hotspots.Select(h => (h.Rank, h.Count, h.TotalNs)));
        Assert.Contains("sha2::a", document.Hotspots[0].Stack[0], StringComparison.Ordinal);
        Assert.Equal([0, 0, 1], document.SlowPolls.Select(p => p.Hotspot));
    }

    [Fact]
    public void A_sample_that_met_a_copy_of_memory_is_part_of_the_work_around_it()
    {
        for (int i = 0; i < 4; i++)
            _stage.Aggregator.AddPoll(
                Slow(cpu: 30) with
                {
                    CpuStack = _stage.Stack($"sha2::a{i} < shop::hash < shop::login::{{{{closure}}}}"),
                }
            );
        _stage.Aggregator.AddPoll(
            Slow(cpu: 10) with
            {
                CpuStack = _stage.Stack("__memset_avx512 < shop::hash < shop::login::{{closure}}"),
            }
        );
        _stage.Aggregator.AddPoll(
            Slow(cpu: 10) with
            {
                CpuStack = _stage.Stack("shop::hash < shop::login::{{closure}}"),
            }
        );
        _stage.Aggregator.AddPoll(
            Slow(cpu: 10) with
            {
                CpuStack = _stage.Stack("flate2::a < shop::hash < shop::login::{{closure}}"),
            }
        );
        var document = Build(Facts(Type("shop::login", 7, 7)));

        Assert.Equal(
            [("Crypto", 6, 140 * Ms), ("Compression", 1, 10 * Ms)],
            document.Hotspots.Select(h => (h.Category, h.Count, h.TotalNs))
        );
        Assert.StartsWith("sha2::a", document.Hotspots[0].Stack[0], StringComparison.Ordinal);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1], document.SlowPolls.Select(p => p.Hotspot));
    }

    [Fact]
    public void Commonplace_work_that_is_not_small_stays_a_finding_of_its_own()
    {
        _stage.Aggregator.AddPoll(Slow(cpu: 30) with { CpuStack = _stage.Stack("sha2::a < shop::login::{{closure}}") });
        _stage.Aggregator.AddPoll(Slow(cpu: 20) with { CpuStack = _stage.Stack("shop::login::{{closure}}") });
        Assert.Equal(["Crypto", "Cpu"], Build(Facts(Type("shop::login", 2, 2))).Hotspots.Select(h => h.Category));
    }

    [Fact]
    public void The_live_view_is_exact_where_names_are_known_and_its_hotspots_stay_whole()
    {
        _stage.Exactly["shop::hash"] =
        [
            new Frame("sha2::compress", null, 0, Inlined: true, FrameKind.ThirdParty, "shop"),
            new Frame("shop::hash", "src/auth.rs", 7, Inlined: false, FrameKind.User, "shop"),
        ];
        StackId[] stacks =
        [
            _stage.Stack("shop::hash < shop::login::{{closure}}"),
            _stage.Stack("x < shop::hash < shop::login::{{closure}}"),
        ];
        foreach (var stack in (StackId[])[stacks[0], stacks[0], stacks[1]])
            _stage.Aggregator.AddPoll(Slow(cpu: 30) with { CpuStack = stack });
        ProfileDocument Live() =>
            ProfileBuilder.Build(
                Facts(Type("shop::login", 3, 3)),
                _stage.Aggregator,
                _stage.Stacks,
                _stage.Attributor,
                exact: false
            );
        Assert.Equal(
            ("", "Cpu", 3),
            (Assert.Single(Live().Hotspots).Location, Live().Hotspots[0].Category, Live().Hotspots[0].Count)
        );

        _stage.Attributor.Frames(stacks[0], exact: true);

        var hotspot = Assert.Single(Live().Hotspots);
        Assert.Equal(
            ("src/auth.rs:7", "Crypto", "shop::hash", 3),
            (hotspot.Location, hotspot.Category, hotspot.UserFrame, hotspot.Count)
        );
        Assert.Equal("sha2::compress", hotspot.Stack[0]);
    }

    [Fact]
    public void The_same_code_in_two_processes_is_one_finding_of_no_single_target()
    {
        _stage.Aggregator.AddPoll(Slow(cpu: 30) with { CpuStack = _stage.Stack("shop::hash") });
        _stage.Aggregator.AddPoll(
            Slow(cpu: 30, type: 1) with
            {
                Target = new(1),
                CpuStack = _stage.Stack("shop::hash", target: 1),
            }
        );
        var facts = Facts(Type("shop::login", 3, 1), Type("shop::login", 3, 1) with { Target = new(1) });
        var document = Build(facts with { Targets = [facts.Targets[0], facts.Targets[0] with { Pid = 43 }] });
        Assert.Equal((2, -1), (Assert.Single(document.Hotspots).Count, document.Hotspots[0].Target));
    }

    [Fact]
    public void Waiting_for_a_CPU_never_ranks_above_code_that_blocks()
    {
        _stage.Aggregator.AddPoll(Slow(cpu: 6) with { CpuStack = _stage.Stack("shop::hash") });
        _stage.Aggregator.AddPoll(Slow(queued: 900) with { QueueStack = _stage.Stack("shop::token") });
        var document = Build(Facts(Type("shop::login", 2, 2)));
        Assert.Equal([HotspotCause.OnCpu, HotspotCause.RunQueue], document.Hotspots.Select(h => h.Cause));
        Assert.Equal(0.3, document.Summary.BlockedPercent);
    }

    [Fact]
    public void What_the_token_bucket_left_out_is_scaled_and_marked()
    {
        for (int i = 0; i < 10; i++)
            _stage.Aggregator.AddPoll(Slow(cpu: 10, start: i * 20) with { CpuStack = _stage.Stack("shop::hash") });
        var document = Build(Facts(Type("shop::login", 100, 40)));
        var hotspot = Assert.Single(document.Hotspots);
        Assert.Equal((40, 400 * Ms, true), (hotspot.Count, hotspot.TotalNs, hotspot.Estimated));
        Assert.Equal(
            (40, true, 400 * Ms),
            (document.Summary.SlowPolls, document.Summary.Estimated, document.Summary.CpuHogNs)
        );
        Assert.Contains("about", document.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_scaled_when_nothing_was_left_out()
    {
        _stage.Aggregator.AddPoll(Slow(cpu: 10) with { CpuStack = _stage.Stack("shop::hash") });
        var document = Build(Facts(Type("shop::login", 100, 1)));
        Assert.False(document.Summary.Estimated);
        Assert.False(Assert.Single(document.Hotspots).Estimated);
    }

    [Fact]
    public void A_poll_without_a_stack_is_counted_with_the_most_expensive_of_its_type_and_marked()
    {
        _stage.Aggregator.AddPoll(Slow(cpu: 30) with { CpuStack = _stage.Stack("shop::hash") });
        _stage.Aggregator.AddPoll(Slow(cpu: 6));
        _stage.Aggregator.AddPoll(Slow(cpu: 6, type: 1));
        var document = Build(Facts(Type("shop::login", 2, 2), Type("shop::other", 1, 1)));
        Assert.Equal(
            [("shop::hash", 2, true), ("shop::other", 1, true)],
            document.Hotspots.Select(h => (h.UserFrame, h.Count, h.Estimated))
        );
        Assert.Equal(2, document.Losses.PollsWithoutStack);
        Assert.Equal(-1, document.Hotspots[1].StackIndex);
    }

    [Fact]
    public void Hotspots_beyond_the_bound_are_counted()
    {
        for (int i = 0; i < 30; i++)
            _stage.Aggregator.AddPoll(
                Slow(cpu: 30 - (i / 2), start: i * 50) with
                {
                    CpuStack = _stage.Stack($"shop::f{i}"),
                }
            );
        var document = Build(Facts(Type("shop::login", 30, 30)) with { MaxHotspots = 20 });
        Assert.Equal(20, document.Hotspots.Count);
        Assert.Equal(10, document.Losses.HotspotsCut);
        Assert.Equal(10, document.SlowPolls.Count(p => p.Hotspot == -1));
    }

    [Fact]
    public void Stalls_are_those_of_one_runtime_and_of_the_code()
    {
        StackId stack = _stage.Stack("shop::hash");
        foreach (
            var (tid, runtime, start, cpu, queued) in ((int, ulong, long, long, long)[])
                [(1, 0x1000, 1000, 50, 0), (2, 0x1000, 1020, 50, 0), (3, 0x2000, 1000, 70, 0), (4, 0x2000, 1000, 1, 70)]
        )
            _stage.Aggregator.AddPoll(
                Slow(cpu: cpu, queued: queued, tid: tid, start: start) with
                {
                    CpuStack = stack,
                    QueueStack = stack,
                    Runtime = runtime,
                }
            );
        var document = Build(
            Facts(Type("shop::login", 4, 4)) with
            {
                Workers = [Worker(1, 0x1000), Worker(2, 0x1000), Worker(3, 0x2000), Worker(4, 0x2000)],
            }
        );
        var stall = Assert.Single(document.Stalls);
        Assert.Equal((0, 20 * Ms, 30 * Ms), (stall.Runtime, stall.StartNs, stall.DurationNs));
        Assert.Equal(
            (1, 30 * Ms, 2, 4),
            (
                document.Summary.StallCount,
                document.Summary.LongestStallNs,
                document.Summary.Runtimes,
                document.Summary.Workers
            )
        );
    }

    [Fact]
    public void A_quiet_target_says_whether_it_was_idle_or_healthy()
    {
        Assert.Equal("Idle", Build(Facts(Type("shop::login", 0, 0))).Targets[0].Reason);
        var healthy = Build(Facts(Type("shop::login", 100, 0, maxMs: 2)));
        Assert.Equal(
            ("BelowThreshold", "100 polls, the longest 2ms"),
            (healthy.Targets[0].Reason, healthy.Targets[0].Message)
        );
        Assert.Equal(VerdictLevel.Healthy, healthy.VerdictLevel);
    }

    [Fact]
    public void Where_polls_are_not_timed_no_poll_counted_is_not_idle()
    {
        var untimed = Facts(Type("shop::login", 0, 0)) with { Untimed = new HashSet<TargetId> { new(0) } };
        var silent = Build(untimed);
        Assert.Equal(("NotTimed", VerdictLevel.NoData), (silent.Targets[0].Reason, silent.VerdictLevel));
        Assert.DoesNotContain("polled no task", silent.Verdict, StringComparison.Ordinal);
        Assert.Equal("Idle", Build(untimed with { Untimed = new HashSet<TargetId> { new(1) } }).Targets[0].Reason); // another one is

        _stage.Aggregator.AddPoll(
            Slow(blocked: 30) with
            {
                BlockStack = _stage.Stack("std::thread::sleep < shop::login::{{closure}}"),
            }
        );
        var busy = Build(untimed);
        Assert.Equal(
            ("", "", VerdictLevel.Blocked),
            (busy.Targets[0].Reason, busy.Targets[0].Message, busy.VerdictLevel)
        );
    }

    [Fact]
    public void A_target_that_got_no_cpu_is_neither_idle_nor_healthy()
    {
        var facts = Facts(Type("shop::login", 0, 0)) with
        {
            Workers = [],
            CpuWaits = [new CpuWait(new(0), 1, 900 * Ms, 800 * Ms), new CpuWait(new(0), 2, 700 * Ms, 700 * Ms)],
        };
        facts = facts with { Targets = [facts.Targets[0] with { CpuNs = 20 * Ms }] };
        var silent = Build(facts);
        Assert.Equal(
            ("Starved", 1600 * Ms, VerdictLevel.NoData),
            (silent.Targets[0].Reason, silent.Targets[0].CpuWaitNs, silent.VerdictLevel)
        );
        Assert.Equal(
            1600 * Ms,
            Build(facts with { Workers = [Worker(3, 0x1000, polls: 0) with { Idle = true }] }).Targets[0].CpuWaitNs
        ); // who is starved may not be known for a worker
        Assert.Equal("NO DATA: no task was polled: its threads waited 1.6s for a CPU and ran for 20ms", silent.Verdict);

        // where workers are known, only their waits count, and the programs' sums where those are more
        var few = Build(
            facts with
            {
                Types = [Type("shop::login", 3, 0, maxMs: 1)],
                Workers = [Worker(1, 0x1000), Worker(3, 0x1000) with { QueueNs = 5 * Ms, QueueMaxNs = 4 * Ms }],
            }
        );
        Assert.Equal(("Starved", 905 * Ms), (few.Targets[0].Reason, few.Targets[0].CpuWaitNs));
        Assert.Equal([900 * Ms, 5 * Ms], few.Workers.Select(w => w.RunQueueNs));
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers were kept waiting 905ms for a CPU between polls; they ran for 20ms, too little to judge the code"
            ),
            (few.VerdictLevel, few.Verdict)
        );
    }

    [Theory]
    [InlineData(900, 900, 950)] // it ran longer than it waited
    [InlineData(90, 90, 20)] // less than a tenth of the run
    [InlineData(900, 1, 20)] // many waits, all short
    public void Waits_that_any_busy_machine_has_are_not_starvation(long waitMs, long longestMs, long cpuMs)
    {
        var facts = Facts(Type("shop::login", 100, 0, maxMs: 2)) with
        {
            CpuWaits = [new CpuWait(new(0), 1, waitMs * Ms, longestMs * Ms)],
        };
        var document = Build(facts with { Targets = [facts.Targets[0] with { CpuNs = cpuMs * Ms }] });
        Assert.Equal(("BelowThreshold", VerdictLevel.Healthy), (document.Targets[0].Reason, document.VerdictLevel));
    }

    [Fact]
    public void A_timer_thread_that_waits_a_little_each_time_does_not_make_an_idle_service_a_starved_one()
    {
        var facts = Facts(Type("shop::login", 0, 0)) with
        {
            Workers = [],
            CpuWaits = [new CpuWait(new(0), 1, 0, 0), new CpuWait(new(0), 2, 600 * Ms, 40 * Ms)],
        };
        var idle = Build(facts with { Targets = [facts.Targets[0] with { CpuNs = 5 * Ms }] });
        Assert.Equal(
            ("Idle", 0L, VerdictLevel.NoData),
            (idle.Targets[0].Reason, idle.Targets[0].CpuWaitNs, idle.VerdictLevel)
        );
    }

    [Fact]
    public void A_poll_that_was_open_all_the_time_is_not_an_idle_service()
    {
        _stage.Aggregator.SetOpen(
            Slow(blocked: 900) with
            {
                BlockStack = _stage.Stack("std::thread::sleep < shop::login::{{closure}}"),
                Open = true,
            }
        );
        _stage.Aggregator.CloseOpen();
        var document = Build(Facts(Type("shop::login", 0, 0)));
        Assert.Equal(("", VerdictLevel.Blocked), (document.Targets[0].Reason, document.VerdictLevel));
    }

    [Fact]
    public void A_failed_targets_reason_is_kept()
    {
        var facts = Facts(Type("shop::login", 0, 0));
        var document = Build(
            facts with
            {
                Targets =
                [
                    facts.Targets[0] with
                    {
                        State = TargetState.Failed,
                        Reason = "TargetGone",
                        Message = "gone",
                    },
                ],
            }
        );
        Assert.Equal(("TargetGone", "gone"), (document.Targets[0].Reason, document.Targets[0].Message));
        Assert.Equal("NO DATA: gone", document.Verdict);
    }

    [Fact]
    public void A_type_without_a_name_is_called_after_the_outermost_user_frame()
    {
        _stage.Aggregator.AddPoll(
            Slow(cpu: 30) with
            {
                CpuStack = _stage.Stack("shop::hash < shop::login::{{closure}}"),
            }
        );
        var document = Build(Facts(Type("", 3, 1), Type("", 5, 0)));
        Assert.Equal(["shop::login", "task type 1"], document.Tasks.Select(t => t.Name));
    }

    [Fact]
    public void An_idle_worker_counts_for_the_runtime_of_its_name()
    {
        var runtimes = new Runtimes([
            Worker(1, 0xa, name: "web"),
            Worker(2, 0xb, name: "jobs"),
            Worker(3, 0, 0, "jobs") with
            {
                Idle = true,
            },
            Worker(4, 0, 0, "?") with
            {
                Idle = true,
            },
        ]);
        // no polling worker has the last one's name: a runtime without polls
        Assert.Equal(
            (1, 2, 4),
            (
                runtimes.WorkersOf(new(0), runtimes.NumberOf(new(0), 0xa)),
                runtimes.WorkersOf(new(0), runtimes.NumberOf(new(0), 0xb)),
                runtimes.TotalWorkers
            )
        );
        Assert.Equal(3, runtimes.RuntimesOf(new(0)));
    }

    [Fact]
    public void A_thread_with_a_runtime_of_its_own_is_never_another_ones_worker()
    {
        var runtimes = new Runtimes([
            Worker(1, 0xa),
            Worker(2, 0xb),
            Worker(3, 0, 0) with
            {
                Idle = true,
                Alone = true,
            },
        ]);
        Assert.Equal(
            (3, 1, 1),
            (runtimes.RuntimesOf(new(0)), runtimes.WorkersOf(new(0), 0), runtimes.WorkersOf(new(0), 1))
        );
    }

    [Fact]
    public void An_idle_worker_belongs_to_the_runtime_that_its_stack_points_to_whatever_the_names_are()
    {
        var runtimes = new Runtimes([
            Worker(1, 0x7f00_0000_1000),
            Worker(2, 0x7f00_0000_9000),
            Worker(3, 0, 0) with
            {
                Idle = true,
                StackWords = [1, 0x7f00_0000_0fff, 0x7f00_0000_9010, 0x5555],
            },
        ]);
        Assert.Equal(
            (2, 1, 2),
            (runtimes.RuntimesOf(new(0)), runtimes.WorkersOf(new(0), 0), runtimes.WorkersOf(new(0), 1))
        );
    }

    [Fact]
    public void Polls_of_one_thread_belong_to_one_runtime_whatever_handles_they_show()
    {
        StackId sleep = _stage.Stack("clock_nanosleep < shop::wait");
        foreach (var (start, handle) in new[] { (1100, 0x1000UL), (1200, 0x2000UL), (1300, 0UL) })
            _stage.Aggregator.AddPoll(
                Slow(blocked: 20, tid: 1, start: start) with
                {
                    BlockStack = sleep,
                    Runtime = handle,
                }
            );
        var facts = Facts(Type("shop::f", 3, 3));
        Assert.Equal(3, Build(facts with { Workers = [Worker(1, 0x1000)] }).Stalls.Count);
    }

    [Fact]
    public void A_poll_that_began_before_and_did_not_return_is_worker_time_like_any_other()
    {
        StackId spin = _stage.Stack("shop::reconcile");
        _stage.Aggregator.SetOpen(
            Slow(cpu: 1000, tid: 2, start: 1000) with
            {
                CpuStack = spin,
                Before = true,
                Open = true,
            }
        );
        var facts = Facts(Type("shop::controller", 0, 0)) with { Workers = [Worker(1, 0), Worker(2, 0, polls: 0)] };

        var live = ProfileBuilder.Build(
            facts,
            _stage.Aggregator.WithOpen(),
            _stage.Stacks,
            _stage.Attributor,
            exact: false
        );
        Assert.Equal(VerdictLevel.NoData, Build(facts).VerdictLevel); // the aggregator itself stays as it was
        _stage.Aggregator.CloseOpen();
        var document = Build(facts);

        Assert.Equal(VerdictLevel.Blocked, live.VerdictLevel);
        Assert.Equal(VerdictLevel.Blocked, document.VerdictLevel);
        var hotspot = Assert.Single(document.Hotspots);
        Assert.Equal((1, 1, 1), (hotspot.Count, hotspot.BeganBefore, hotspot.NotReturned));
        var task = Assert.Single(document.Tasks);
        Assert.Equal((1, 1), (task.Polls, task.SlowPolls));
        Assert.Equal(task.TotalNs, task.MaxNs);
        var worker = Assert.Single(document.Workers, w => w.Tid == 2);
        Assert.Equal((task.TotalNs, hotspot.TotalNs), (worker.BusyNs, worker.LostNs));
        Assert.Equal(2, document.Summary.Workers);
        Assert.True(Assert.Single(document.SlowPolls) is { Before: true, Open: true });
        Assert.Equal("", document.Targets[0].Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void A_Tokio_that_came_later_is_neither_idle_nor_healthy(long polls)
    {
        var facts = Facts(Type("shop::f", polls, 0)) with
        {
            LoadedLate = new Dictionary<TargetId, string> { [new(0)] = "libplugin.so" },
        };
        var document = Build(facts);
        Assert.Equal(("LoadedLate", VerdictLevel.NoData), (document.Targets[0].Reason, document.VerdictLevel));
        Assert.Contains("libplugin.so", document.Verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void What_is_not_known_of_a_worker_is_neither_idle_nor_healthy(long polls)
    {
        var facts = Facts(Type("shop::f", polls, 0)) with { Unclear = new Dictionary<TargetId, int> { [new(0)] = 1 } };
        var document = Build(facts);
        Assert.Equal(("Unclear", VerdictLevel.NoData), (document.Targets[0].Reason, document.VerdictLevel));
    }

    [Fact]
    public void The_same_facts_give_the_same_document()
    {
        var random = new Random(8);
        for (int i = 0; i < 500; i++)
        {
            StackId stack = _stage.Stack($"read < shop::f{random.Next(40)} < shop::g{random.Next(5)}::{{{{closure}}}}");
            _stage.Aggregator.AddPoll(
                Slow(
                    cpu: random.Next(10),
                    blocked: random.Next(20),
                    queued: random.Next(10),
                    tid: 1 + random.Next(2),
                    type: random.Next(3),
                    start: random.Next(1000)
                ) with
                {
                    BlockStack = stack,
                    CpuStack = stack,
                    QueueStack = stack,
                    Syscall = "read",
                }
            );
        }

        var facts = Facts(Type("shop::a", 100, 60), Type("shop::b", 100, 170), Type("", 400, 170));
        Assert.Equal(
            JsonSerializer.Serialize(Build(facts), HudJson.Default.ProfileDocument),
            JsonSerializer.Serialize(Build(facts), HudJson.Default.ProfileDocument)
        );
    }

    private static void Golden(string name, string actual, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
