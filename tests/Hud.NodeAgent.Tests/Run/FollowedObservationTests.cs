using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>A run that follows its targets, with played kernel probes and real processes that come and go.</summary>
public sealed class FollowedObservationTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private readonly PlayedKernel _kernel = new();
    private readonly MemoryStream _output = new();
    private readonly List<Diagnostic> _warnings = [];
    private readonly List<Process> _processes = [];
    private readonly List<WantedTarget> _wanted = [];
    private readonly List<string> _came = [];
    private readonly Dictionary<int, int> _types = [];
    private readonly HashSet<int> _refused = [];
    private RunTargets _targets;
    private TargetFollower _follower;
    private Observation _observation;
    private RecordHandler? _accept;

    public FollowedObservationTests() => Begin();

    [MemberNotNull(nameof(_targets), nameof(_follower), nameof(_observation))]
    private void Begin(bool neverEnds = false, long minNs = 60 * Second)
    {
        _observation?.Dispose();
        _targets?.Dispose();
        _targets = new RunTargets(node: null, _warnings.Add) { Follows = true };
        _follower = new TargetFollower(new Listed(_wanted), _targets, Open, _warnings.Add, neverEnds);
        _follower.OpenFirst(AgentClock.NowNs);
        _targets.AssignTypes();
        _observation = new Observation(
            new ProfilingSessionSpec { Duration = GoDuration.Parse("1h") },
            _kernel,
            _targets,
            new Stage(),
            new RunLog(new AgentStreamWriter(_output)),
            accept =>
            {
                _accept = accept;
                return new NoEvents();
            },
            lookBackNs: 10 * Second,
            neverEnds: neverEnds
        )
        {
            MinNs = minNs,
            Follower = _follower,
            Came = t => _came.Add($"{t.Id.Index} {t.Before.Processes}"),
        };
        Attachment.Make(_kernel, _targets, sampleHertz: 99);
        _observation.Begin(new ProbeCost(TimedNs: 2000, SkippedNs: 200), forcedLevel: null);
    }

    public void Dispose()
    {
        _observation.Dispose();
        _targets.Dispose();
        foreach (var process in _processes)
        {
            process.Kill();
            process.Dispose();
        }
    }

    private OpenedTarget Open(AgentTarget spec) =>
        _refused.Contains(spec.Pid!.Value)
            ? new(
                new RefusedTarget
                {
                    Spec = spec,
                    Pid = spec.Pid.Value,
                    Problem = new Diagnostic(DiagnosticKinds.NotTokio, "it has no Tokio", "none"),
                },
                []
            )
            : new(
                new TargetProcess
                {
                    Id = new(0),
                    Spec = spec with { Pid = null },
                    Pid = spec.Pid.Value,
                    Name = "service",
                    Identity = ProcessIdentity.Of(spec.Pid.Value),
                    Tokio = new TokioBinary
                    {
                        Types =
                        [
                            .. Enumerable.Repeat(
                                new TaskType("shop::cart", 0, 0, default, 0),
                                _types.GetValueOrDefault(spec.Pid.Value, 1)
                            ),
                        ],
                    },
                    ReturnProbesAllowed = false, // there is no file to probe
                },
                []
            );

    private Process Start()
    {
        var process = Process.Start("sleep", "600");
        _processes.Add(process);
        _kernel.Threads[process.Id] = [new TaskRecord { Tgid = (uint)process.Id }];
        _wanted.Add(WantedTarget.Of(new AgentTarget { Pid = process.Id }));
        return process;
    }

    private void End(Process process)
    {
        process.Kill();
        process.WaitForExit();
        _wanted.RemoveAll(t => t.Spec.Pid == process.Id);
        _targets.Look();
    }

    /// <summary>The clock of the follower, seconds from now.</summary>
    private void FollowAt(double seconds)
    {
        long at = AgentClock.NowNs + (long)(seconds * Second);
        _follower.Look(at, _observation);
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    _follower.TakeInOpened(at, _observation);
                    return !_follower.IsOpening;
                },
                TimeSpan.FromSeconds(30)
            )
        );
    }

    private void Send<T>(T record)
        where T : unmanaged =>
        _accept!(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in record)));

    private void SlowPoll(TargetProcess of, EventFlags flags = EventFlags.None) => SlowPoll(of.Number, flags);

    private void SlowPoll(uint number, EventFlags flags = EventFlags.None) =>
        SlowPollAt(number, AgentClock.NowNs, flags);

    private void SlowPollAt(uint number, long startNs, EventFlags flags = EventFlags.None) =>
        Send(
            new HudEvent
            {
                Kind = EventKind.Poll,
                Flags = flags,
                Target = number,
                Type = 0,
                NsTid = 7,
                StartNs = (ulong)startNs,
                WallNs = 50_000_000,
                Syscall = -1,
            }
        );

    private ProfileInputs Facts() => _observation.Facts(AgentClock.NowNs);

    [Fact]
    public void Three_restarts_are_one_row_with_the_polls_of_all()
    {
        for (int i = 0; i < 4; i++)
        {
            var process = Start();
            FollowAt(0);
            var target = Assert.Single(_targets.Watched);
            Assert.Equal((process.Id, (uint)process.Id), (target.Pid, target.Tgid));
            _kernel.Workers.Add(
                new WorkerState
                {
                    Target = target.Number,
                    Tid = 7,
                    NsTid = 7,
                    Polls = 1,
                    Used = 1,
                }
            );
            SlowPoll(target);
            End(process);
            Assert.Empty(_targets.Watched);
            FollowAt(1.5);
            Assert.True(target.IsSettled);
            Assert.Equal((uint)process.Id, _kernel.Removed[^1]);
            Assert.Empty(_kernel.Workers);
        }

        Assert.Equal(["0 0", "0 1", "0 2", "0 3"], _came);
        Assert.Equal([0, 64, 128, 192], _kernel.Added);
        Assert.Equal(4, _observation.Aggregator.SlowPolls);
        var row = Assert.Single(Facts().Targets);
        Assert.Equal((4, TargetState.Succeeded, "TargetGone"), (row.Processes, row.State, row.Reason));
        Assert.Single(Facts().Workers); // of the last one
        Assert.True(Facts().EarlierWorkerNs[new(0)] > 0);
    }

    [Fact]
    public void What_an_earlier_process_left_in_the_buffer_is_nobodys()
    {
        var first = Start();
        FollowAt(0);
        uint number = Assert.Single(_targets.Watched).Number;
        End(first);
        SlowPoll(number); // before the place is another's: it counts
        FollowAt(1.5);
        Start();
        FollowAt(0);
        SlowPoll(number);
        Assert.Equal(1, _observation.Aggregator.SlowPolls);
        SlowPoll(Assert.Single(_targets.Watched));
        Assert.Equal(2, _observation.Aggregator.SlowPolls);
    }

    /// <summary>What the programs count of the one thread and the one task type: the former from 0 with each process.</summary>
    private void Counted(TargetProcess target, ulong polls, ulong ofType)
    {
        _kernel.Workers.Clear();
        _kernel.Workers.Add(
            new WorkerState
            {
                Target = target.Number,
                Tid = 7,
                NsTid = 7,
                Polls = polls,
                Used = 1,
            }
        );
        _kernel.Types[0] = new TypeStats { Polls = ofType };
        _observation.Totals.Read(new PollWeights());
    }

    [Fact]
    public void A_look_back_over_a_restart_has_what_came_since_its_beginning()
    {
        long start = AgentClock.NowNs;
        var first = Start();
        FollowAt(0);
        SlowPoll(Assert.Single(_targets.Watched));
        Counted(Assert.Single(_targets.Watched), polls: 100, ofType: 100);
        _observation.LookBack!.Look(_observation.Facts(start + 3 * Second));
        SlowPollAt(Assert.Single(_targets.Watched).Number, start + 4 * Second);
        End(first);
        FollowAt(1.5);
        Start();
        FollowAt(0);
        SlowPollAt(Assert.Single(_targets.Watched).Number, start + 6 * Second);
        SlowPollAt(Assert.Single(_targets.Watched).Number, start + 7 * Second);
        Counted(Assert.Single(_targets.Watched), polls: 250, ofType: 350);
        var facts = _observation.Facts(start + 14 * Second);
        _observation.LookBack.Look(facts);

        var (since, polls) = _observation.LookBack.Take(facts, _observation.Aggregator, DateTimeOffset.UnixEpoch);
        Assert.Equal(3, polls.SlowPolls); // one of the first process, two of the second
        Assert.Equal(250, since.Types[0].Polls);
        Assert.Equal(250, Assert.Single(since.Workers).Polls);
        Assert.Equal(2, Assert.Single(since.Targets).Processes);
    }

    [Fact]
    public void Counters_that_are_served_begin_at_0_with_each_process_and_none_is_counted_twice()
    {
        var builder = new MetricsBuilder(
            _targets.All,
            _observation.Stacks,
            _observation.Attributor,
            _observation.Aggregator
        );
        Assert.Equal(MetricsMessage.NoTarget, Assert.Single(builder.Build(Facts())).Index); // the run is told of all the same
        var first = Start();
        FollowAt(0);
        SlowPoll(Assert.Single(_targets.Watched));
        Counted(Assert.Single(_targets.Watched), polls: 100, ofType: 100);
        Assert.Equal((first.Id, 1, 0), Served());
        SlowPoll(Assert.Single(_targets.Watched));
        End(first);
        FollowAt(1.5);
        var second = Start();
        FollowAt(0);
        Assert.Equal((second.Id, 1, 0), Served()); // what the first one did after its last message
        SlowPoll(Assert.Single(_targets.Watched));
        Counted(Assert.Single(_targets.Watched), polls: 250, ofType: 350);
        Assert.Equal((second.Id, 2, 0), Served());

        (int Pid, long Slow, int Index) Served()
        {
            var message = Assert.Single(builder.Build(Facts()));
            return (message.Target.Pid, message.Target.Tasks.Sum(t => t.SlowPolls), message.Index);
        }
    }

    [Fact]
    public void One_that_comes_at_once_has_the_row_of_the_one_before()
    {
        var first = Start();
        FollowAt(0);
        first.Kill();
        first.WaitForExit();
        _wanted.Clear();
        Start();
        FollowAt(0);
        Assert.Equal(["0 0", "0 1"], _came);
    }

    [Fact]
    public void A_poll_that_its_process_did_not_survive_counts_when_the_next_one_comes()
    {
        var first = Start();
        FollowAt(0);
        SlowPoll(Assert.Single(_targets.Watched), EventFlags.Open);
        End(first);
        FollowAt(1.5);
        Start();
        FollowAt(0);
        Assert.Equal(1, _observation.Aggregator.SlowPolls);
        Assert.Empty(_observation.Aggregator.OpenPolls);
    }

    [Fact]
    public void The_run_waits_when_no_target_is_left_and_says_so_once()
    {
        using var stop = new CancellationTokenSource();
        var waits = new List<WaitingFor?>();
        var ended = _observation.Run(
            stop.Token,
            () => true,
            now =>
            {
                waits.Add(_observation.Waiting(now));
                if (waits.Count == 3)
                    stop.Cancel();
            }
        );
        Assert.Equal(RunEnd.Interrupted, ended);
        Assert.All(waits, w => Assert.Equal(("service", false), (w!.Name, w.HadOne)));
        Assert.True(waits[2]!.ForNs > waits[0]!.ForNs);
        Assert.Contains(
            "there is no process service yet",
            Assert.Single(Facts().Warnings).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(true, 0, nameof(RunEnd.NoRoom))]
    [InlineData(true, 3600, nameof(RunEnd.Interrupted))] // it is too young
    [InlineData(false, 0, nameof(RunEnd.Interrupted))] // the report of what is watched is worth more
    public void A_run_without_end_ends_for_a_process_that_it_has_no_room_for(
        bool neverEnds,
        long minSeconds,
        string expected
    )
    {
        Begin(neverEnds, minSeconds * Second);
        Start();
        FollowAt(0);
        _types[Start().Id] = 5000;
        using var stop = new CancellationTokenSource();
        int reports = 0;
        var ended = _observation.Run(
            stop.Token,
            () => true,
            _ =>
            {
                if (++reports == 4)
                    stop.Cancel();
            }
        );
        Assert.Equal(expected, ended.ToString());
        Assert.Equal("HUD309", Assert.Single(_warnings).Kind.Id);
        Assert.Single(_targets.Watched); // those that it had were watched until then
    }

    [Fact]
    public void No_run_ends_for_a_process_that_is_wanted_no_more()
    {
        Begin(neverEnds: true);
        _types[Start().Id] = 5000;
        FollowAt(0);
        Assert.True(_follower.LacksRoom);
        _wanted.Clear();
        FollowAt(1);
        Assert.False(_follower.LacksRoom);
    }

    [Fact]
    public void A_run_without_end_waits_minutes_for_the_program_of_a_container()
    {
        Begin(neverEnds: true);
        var process = Start();
        _refused.Add(process.Id); // sh -c "migrate && exec service"
        for (int second = 0; second < 180; second++)
            FollowAt(second);
        Assert.Empty(_targets.Watched);
        _refused.Clear();
        for (int second = 180; second < 260; second++)
            FollowAt(second);
        Assert.Single(_targets.Watched);
        Assert.Single(_warnings);
    }

    [Fact]
    public void What_is_refused_and_wanted_no_more_leaves_a_run_without_end()
    {
        Begin(neverEnds: true);
        _refused.Add(Start().Id);
        FollowAt(0);
        _wanted.Clear();
        FollowAt(5);
        Assert.Single(_targets.Describe()); // lists flap
        FollowAt(16);
        Assert.Empty(_targets.Describe());
    }

    [Fact]
    public void Those_that_stay_are_not_touched()
    {
        Start();
        FollowAt(0);
        var stays = Assert.Single(_targets.Watched);
        _kernel.Asked.Clear();
        for (int i = 0; i < 3; i++)
        {
            var other = Start();
            FollowAt(0);
            End(other);
            FollowAt(1.5);
        }

        Assert.False(stays.Gone);
        Assert.Equal(["set type", "add target", "set type", "add target", "set type", "add target"], _kernel.Asked);
        Assert.Equal(0u, _kernel.Control.Epoch);
        SlowPoll(stays);
        Assert.Equal(1, _observation.Aggregator.SlowPolls);
    }

    [Fact]
    public void One_that_is_no_longer_wanted_is_let_go_and_can_be_wanted_again()
    {
        Start();
        FollowAt(0);
        var target = Assert.Single(_targets.Watched);
        var list = _wanted.ToList();
        _wanted.Clear();
        FollowAt(5);
        Assert.False(target.Gone);
        FollowAt(11);
        Assert.True(target.Gone);
        Assert.Equal([target.Tgid], _kernel.Removed);
        FollowAt(60);
        Assert.False(target.IsSettled); // it lives, and its threads have its number
        _wanted.AddRange(list);
        FollowAt(61);
        Assert.False(target.Gone);
        Assert.Equal([0, 0], _kernel.Added);
    }

    [Fact]
    public void One_that_ends_before_it_is_attached_is_no_target()
    {
        var process = Start();
        _kernel.Threads.Remove(process.Id);
        FollowAt(0);
        Assert.Empty(_targets.Watched);
        End(process);
        FollowAt(1.5);
        Start();
        FollowAt(1.5);
        Assert.Single(_targets.Watched);
    }

    [Fact]
    public void Places_that_no_probe_may_be_at_are_those_of_the_processes_now()
    {
        var process = Start();
        FollowAt(0);
        Assert.Equal(1UL, _kernel.Control.SchedOnly);
        var other = Start();
        FollowAt(0);
        Assert.Equal(3UL, _kernel.Control.SchedOnly);
        End(process);
        End(other);
    }

    [Fact]
    public void The_share_of_time_that_is_lost_goes_by_the_time_they_were_watched()
    {
        var facts = new ProfileInputs
        {
            EndNs = 100 * Second,
            Targets = [new TargetProfile()],
            Types = [new TaskTypeFacts { Name = "t", Histogram = new long[Abi.HistogramSlots] }],
            Workers =
            [
                new WorkerFacts
                {
                    Tid = 1,
                    Polls = 1,
                    WatchedNs = 5 * Second,
                },
            ],
            EarlierWorkerNs = new Dictionary<Frames.TargetId, long> { [new(0)] = 5 * Second },
        };
        var stage = new Stage();
        var aggregator = new PollAggregator(stage.Attributor, 5_000_000);
        aggregator.AddPoll(
            new PollRecord
            {
                Tid = 1,
                Type = new TaskTypeId(0),
                Split = PollSplit.From(Second, 0, 0, 0),
                Syscall = "",
                PreemptedBy = "",
                Weight = 1,
            }
        );
        var document = ProfileBuilder.Build(facts, aggregator, stage.Stacks, stage.Attributor, exact: true);
        Assert.Equal((10.0, 10.0), (document.Summary.BlockedPercent, document.Targets[0].BlockedPercent));
    }

    private sealed class Listed(IReadOnlyList<WantedTarget> list) : IWantedTargets
    {
        public string Name => "service";

        public IReadOnlyList<WantedTarget> Look(long nowNs) => list;
    }

    private sealed class NoEvents : Hud.NodeAgent.Kernel.IEventSource
    {
        public int Poll(TimeSpan timeout)
        {
            Thread.Sleep(timeout);
            return 0;
        }

        public int Drain() => 0;

        public void Dispose() { }
    }
}
