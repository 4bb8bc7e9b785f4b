using System.Diagnostics;
using System.Text;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Attach and observe, with played kernel probes and a real process.</summary>
public sealed class ObservationTests : IDisposable
{
    private readonly PlayedKernel _kernel = new();
    private readonly MemoryStream _output = new();
    private readonly List<Diagnostic> _warnings = [];
    private readonly List<PlayedEvents> _opened = [];
    private readonly RunTargets _targets;

    public ObservationTests() => _targets = new RunTargets(node: null, _warnings.Add);

    public void Dispose() => _targets.Dispose();

    private TargetProcess Add(int pid)
    {
        var target = new TargetProcess
        {
            Id = new(_targets.All.Count),
            Spec = new AgentTarget(),
            Pid = pid,
            Name = "service",
            Identity = ProcessIdentity.Of(pid),
            Tokio = new TokioBinary { Types = [new TaskType("shop::cart", 0, 0, default, 0)] },
            ReturnProbesAllowed = false, // there is no file to probe
        };
        _targets.Add(target);
        _kernel.Threads[pid] = [new TaskRecord { Tgid = (uint)pid }];
        return target;
    }

    private Observation Observe(string duration = "1h", Action? eachPoll = null, params string[] workers)
    {
        var session = new ProfilingSessionSpec { Duration = GoDuration.Parse(duration), WorkerThreadNames = workers };
        _targets.AssignTypes();
        var observation = new Observation(
            session,
            _kernel,
            _targets,
            new Stage(),
            new RunLog(new AgentStreamWriter(_output)),
            accept =>
            {
                _opened.Add(new PlayedEvents(accept, eachPoll ?? (() => { })));
                return _opened[^1];
            }
        );
        Attachment.Make(_kernel, _targets, sampleHertz: 99);
        observation.Begin(new ProbeCost(TimedNs: 2000, SkippedNs: 200), forcedLevel: null);
        return observation;
    }

    [Fact]
    public void The_programs_learn_types_and_targets_before_any_probe_is_on()
    {
        Add(Environment.ProcessId);
        using var observation = Observe();
        Assert.Equal(["start counting", "set type", "add target", "attach scheduler"], _kernel.Asked);
        Assert.Equal((uint)Environment.ProcessId, _targets.All[0].Tgid);
        Assert.Equal(1u, _kernel.Control.Enabled);
    }

    [Fact]
    public void A_cpu_that_comes_online_and_cannot_be_sampled_is_told_once()
    {
        Add(Environment.ProcessId);
        _kernel.NoClock = BpfException.FromErrno("open the clock of CPU 3", 12);
        using (var observation = Observe("2500ms"))
        {
            Assert.Equal(RunEnd.Completed, observation.Run(default, () => true, _ => { }));
            Assert.Equal("HUD315", Assert.Single(observation.Facts(AgentClock.NowNs).Warnings).Id);
        }

        Assert.InRange(_kernel.Followed, 2, 3);
    }

    [Fact]
    public void A_process_that_ends_while_the_agent_attaches_is_reported_and_the_others_go_on()
    {
        var gone = Add(Environment.ProcessId);
        _kernel.Threads.Remove(gone.Pid);
        using var observation = Observe();
        Assert.True(gone.Gone);
        var warning = Assert.Single(_warnings);
        Assert.Equal(DiagnosticKinds.TargetGone, warning.Kind);
        Assert.Contains("while the agent attached", warning.Message, StringComparison.Ordinal);
        Assert.Equal(RunEnd.TargetGone, observation.Run(CancellationToken.None, () => true, _ => { }));
    }

    [Fact]
    public void It_ends_when_its_time_is_over()
    {
        Add(Environment.ProcessId);
        using var observation = Observe("1s");
        var looks = 0;
        Assert.Equal(RunEnd.Completed, observation.Run(CancellationToken.None, () => true, _ => looks++));
        Assert.True(_opened[0].Drains > 0);
    }

    [Fact]
    public void Once_a_second_it_says_how_far_it_is()
    {
        Add(Environment.ProcessId);
        using var stop = new CancellationTokenSource();
        using var observation = Observe();
        var facts = new List<long>();
        var ended = observation.Run(
            stop.Token,
            () => true,
            now =>
            {
                facts.Add(observation.Facts(now).EndNs - observation.Facts(now).StartNs);
                if (facts.Count == 2)
                    stop.Cancel();
            }
        );
        Assert.Equal(RunEnd.Interrupted, ended);
        Assert.True(facts[0] >= 1_000_000_000, $"{facts[0]}");
        Assert.True(facts[1] > facts[0]);
    }

    [Fact]
    public void A_stop_still_reads_what_was_recorded_until_then()
    {
        Add(Environment.ProcessId);
        using var stop = new CancellationTokenSource();
        using var observation = Observe(eachPoll: stop.Cancel);
        Assert.Equal(RunEnd.Interrupted, observation.Run(stop.Token, () => true, _ => { }));
        Assert.True(_opened[0].Drains > 0);
    }

    [Fact]
    public void Without_a_reader_the_run_ends()
    {
        Add(Environment.ProcessId);
        using var observation = Observe();
        Assert.Equal(RunEnd.ReaderGone, observation.Run(CancellationToken.None, () => false, _ => { }));
    }

    [Fact]
    public void It_ends_with_the_last_of_its_targets()
    {
        using var child = Process.Start("sleep", "600");
        Add(child.Id);
        using var observation = Observe(eachPoll: () => child.Kill());
        Assert.Equal(RunEnd.TargetGone, observation.Run(CancellationToken.None, () => true, _ => { }));
        var warning = Assert.Single(_warnings);
        Assert.Contains("ended during the run", warning.Message, StringComparison.Ordinal);
        child.WaitForExit();
    }

    [Fact]
    public void An_exec_ends_the_target_and_not_the_run()
    {
        var changed = Add(Environment.ProcessId);
        Add(Environment.ProcessId);
        using var stop = new CancellationTokenSource();
        using var observation = Observe(eachPoll: () =>
        {
            _opened[0]
                .Send(
                    new HudEvent
                    {
                        Kind = EventKind.Lifecycle,
                        Type = (uint)LifecycleKind.Exec,
                        Target = (uint)changed.Id.Index,
                    }
                );
            stop.Cancel();
        });
        Assert.Equal(RunEnd.Interrupted, observation.Run(stop.Token, () => true, _ => { }));
        Assert.True(changed.Gone);
        Assert.Equal(DiagnosticKinds.TargetGone, Assert.Single(_warnings).Kind);
        Assert.Single(_targets.Watched);
    }

    [Fact]
    public void Nothing_counts_after_the_stop_and_no_probe_is_left()
    {
        Add(Environment.ProcessId);
        using var observation = Observe();
        long end = observation.Stop();
        observation.Settle();
        Assert.Equal(0u, _kernel.Control.Enabled);
        Assert.All(_targets.All, t => Assert.False(t.Probes.Any));
        Assert.Equal(end, observation.Facts(end).EndNs);
    }

    [Fact]
    public void A_long_wait_is_laid_at_the_slow_poll_that_its_worker_was_in()
    {
        Add(Environment.ProcessId);
        _kernel.Workers.Add(
            new WorkerState
            {
                NsTid = 7,
                Runtime = 0x1000,
                Polls = 2,
                Used = 1,
            }
        );
        using var observation = Observe();
        _opened[0]
            .Send(
                new HudEvent
                {
                    Kind = EventKind.Poll,
                    NsTid = 7,
                    Runtime = 0x1000,
                    StartNs = 100_000_000,
                    WallNs = 50_000_000,
                    Syscall = -1,
                }
            );
        _opened[0]
            .Send(
                new HudWait
                {
                    Kind = EventKind.Wait,
                    Flags = WaitFlags.OwnQueue,
                    NsTid = 7,
                    Weight = 2,
                    WakeNs = 120_000_000,
                    PollNs = 150_000_001,
                    Runtime = 0x1000,
                }
            );
        observation.Stop();
        observation.Settle();

        Assert.Equal(2, observation.Aggregator.Waits.All[new(0)].Count);
        Assert.Equal(new WaitSum(2, 60_000_000), Assert.Single(observation.Aggregator.Waits.Behind).Value);
    }

    [Fact]
    public void A_wait_on_a_thread_that_is_no_worker_of_the_session_does_not_count()
    {
        Add(Environment.ProcessId);
        using var observation = Observe(workers: "no-such-thread");
        _opened[0]
            .Send(
                new HudWait
                {
                    Kind = EventKind.Wait,
                    NsTid = (uint)Environment.ProcessId,
                    Weight = 1,
                    PollNs = 150_000_000,
                }
            );
        observation.Settle();

        Assert.Empty(observation.Aggregator.Waits.All);
    }

    [Fact]
    public void A_hundred_warnings_are_kept_and_written()
    {
        var log = new RunLog(new AgentStreamWriter(_output));
        for (var i = 0; i < 150; i++)
            log.Warn(new Diagnostic(DiagnosticKinds.Idle, $"warning {i}", "none"));
        Assert.Equal(7, log.End("Completed", 7));
        Assert.Equal(100, log.Warnings.Count);
        var lines = Encoding.UTF8.GetString(_output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(101, lines.Length);
        Assert.Contains("\"exitCode\":7", lines[^1], StringComparison.Ordinal);
    }

    /// <summary>A buffer without a kernel: each poll does what the test wants.</summary>
    private sealed class PlayedEvents(RecordHandler accept, Action eachPoll) : IEventSource
    {
        public int Drains { get; private set; }

        public void Send<T>(T record)
            where T : unmanaged =>
            accept(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in record)));

        public int Poll(TimeSpan timeout)
        {
            eachPoll();
            Thread.Sleep(timeout);
            return 0;
        }

        public int Drain()
        {
            Drains++;
            return 0;
        }

        public void Dispose() { }
    }
}
