using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Second stage of a run: drains the events, reads the kernel's sums, keeps the budget, until the time is over or there is nothing
/// more to see. What it knows at any moment are its <see cref="Facts"/>.
/// </summary>
internal sealed partial class Observation : IDisposable
{
    private const long SecondNs = 1_000_000_000;

    /// <summary>A process rarely loads another Tokio, and its mappings can be thousands.</summary>
    private const long LibrariesEveryNs = 5 * SecondNs;

    /// <summary>Threads whose names are looked at where none is known to poll.</summary>
    private const int MaxThreads = 256;

    private static readonly TimeSpan DrainEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Slow polls that are kept one by one: the first ones for a report, the latest where there is none.</summary>
    private const int FirstPolls = 20_000,
        LatestPolls = 8192;

    private readonly ProfilingSessionSpec _session;
    private readonly bool _neverEnds;
    private readonly IKernelProbes _kernel;
    private readonly RunTargets _targets;
    private readonly RunLog _log;
    private readonly WorkerNames _workerNames;
    private readonly EventSink _sink;
    private readonly Sleepers _sleepers;
    private readonly IEventSource _events;
    private readonly List<WorkerFacts> _parked;
    private readonly BlockingPools _pools;
    private readonly StackKeeper _stackKeeper;
    private List<CpuWaits> _waits = [];
    private BudgetKeeper? _budget;
    private bool _cpusMissed;
    private LateTokio? _late;
    private DateTimeOffset _startedAt;
    private long _startNs;
    private long _cpuAtStart;

    /// <summary>Looks at the targets as they are before any probe: parked workers show by their stacks alone.</summary>
    /// <param name="open">Opens the events for one that accepts them.</param>
    /// <param name="neighbours">What may be said of who had the CPU; null when all may.</param>
    /// <param name="lookBackNs">How much of the past is kept to be asked for; null for nothing.</param>
    /// <param name="neverEnds">The run goes on until it is stopped, whatever the session's duration.</param>
    public Observation(
        ProfilingSessionSpec session,
        IKernelProbes kernel,
        RunTargets targets,
        IFrameSource frames,
        RunLog log,
        Func<RecordHandler, IEventSource> open,
        Neighbours? neighbours = null,
        long? lookBackNs = null,
        bool neverEnds = false
    )
    {
        (_session, _kernel, _targets, _log, _neverEnds) = (session, kernel, targets, log, neverEnds);
        long threshold = session.Threshold.Nanoseconds;
        _workerNames = new WorkerNames(session.WorkerThreadNames);
        Attributor = new StackAttributor(Stacks, frames);
        LookBack = lookBackNs is { } length ? new LookBackStore(Attributor, threshold, length) : null;
        Aggregator = new PollAggregator(
            Attributor,
            threshold,
            neverEnds ? LatestPolls : FirstPolls,
            clockPeriodNs: SecondNs / Math.Max(1, session.SampleFrequencyHz)
        )
        {
            Listener = LookBack,
            KeepsLatest = neverEnds,
        };
        Totals = new RunTotals(kernel, targets.All, targets.Types);
        _sink = new EventSink(targets.All, Stacks, Attributor, Aggregator)
        {
            LearnFutex = kernel.LearnFutex,
            Lifecycle = OnLifecycle,
            Neighbours = neighbours,
        };
        _sink.Ticks.Watch(threshold, session.SampleFrequencyHz);
        _sink.Outside.LearnFutex = kernel.LearnFutex;
        _sink.Outside.SetRole = kernel.SetRole;
        if (_workerNames.Given)
            _sink.Counts = e =>
                _workerNames.Accept(
                    e,
                    Totals.NameOf(targets.All[(int)e.Target].Pid, (int)e.NsTid),
                    _sink.Weights.Of(e.TaskType)
                );
        if (_workerNames.Given)
            _sink.IsWorker = (target, tid) => _workerNames.IsWorker(Totals.NameOf(targets.All[target.Index].Pid, tid));
        _sleepers = new Sleepers(kernel, targets.All, _sink.Keep, _sink.Outside);
        _parked = [.. targets.All.SelectMany(t => ParkedWorkers.Find(t, frames))];
        _pools = new BlockingPools(targets.All, log.Warn);
        _stackKeeper = new StackKeeper(
            Stacks,
            Attributor,
            Aggregator,
            () => LookBack?.Stacks() ?? [],
            _sink.StacksInUse,
            () => AlsoInUse()
        );
        _events = open(_sink.Accept);
    }

    /// <summary>Takes in targets that come in mid-run; null where the run ends with those of its start.</summary>
    public TargetFollower? Follower { get; init; }

    /// <summary>Of a run without end: how long it goes on at least before it ends for processes that it has no room for.</summary>
    public long MinNs { get; init; } = 60 * SecondNs;

    public StackStore Stacks { get; } = new();

    public StackAttributor Attributor { get; }

    public PollAggregator Aggregator { get; }

    /// <summary>Null where nothing is kept.</summary>
    public LookBackStore? LookBack { get; }

    /// <summary>Stacks that others refer to.</summary>
    public Func<IEnumerable<StackId>> AlsoInUse { get; set; } = () => [];

    public RunTotals Totals { get; }

    public BudgetKeeper Budget => _budget ?? throw new InvalidOperationException("the run has not begun");

    /// <summary>Libraries with a Tokio of their own that the targets loaded in mid-run.</summary>
    public IReadOnlyList<LateLibrary> LateTokio => _late?.Seen ?? [];

    public UnwindStatistics Unwinding => _sink.Unwinding;

    public DateTimeOffset StartedAt => _startedAt;

    public Losses Losses => Totals.Losses(_sink) with { StacksCut = Stacks.Refused };

    /// <summary>From here on everything counts. What is open already is recorded as such.</summary>
    public void Begin(ProbeCost cost, int? forcedLevel)
    {
        _startedAt = DateTimeOffset.UtcNow;
        _startNs = AgentClock.NowNs;
        _cpuAtStart = AgentClock.OwnCpuNs;
        _budget = new BudgetKeeper(_kernel, _targets.All, _sink, _session, cost, _startNs, forcedLevel);
        _late = new LateTokio(_targets, _kernel, Totals, _budget, _startNs);
        _kernel.Control.Enabled = 1;
        _kernel.RecordOpenPolls();
        _sink.Outside.FirstLookNs = (ulong)AgentClock.NowNs;
        _sleepers.Look();
        _waits = [.. _targets.All.Select(t => new CpuWaits(t, _startNs))];
    }

    /// <param name="readerIsThere">Whether the output still has a reader.</param>
    /// <param name="progress">Called once a second.</param>
    /// <returns>Why it ended.</returns>
    public RunEnd Run(CancellationToken stop, Func<bool> readerIsThere, Action<long> progress)
    {
        long end = _neverEnds ? long.MaxValue : _startNs + _session.Duration.Nanoseconds,
            nextRead = _startNs + Budget.NextIntervalNs,
            nextReport = _startNs + SecondNs,
            nextLibraries = _startNs + SecondNs;
        while (true)
        {
            _events.Poll(
                TimeSpan.FromMilliseconds(
                    Math.Clamp((nextRead - AgentClock.NowNs) / 1_000_000, 1, DrainEvery.TotalMilliseconds)
                )
            );
            long now = AgentClock.NowNs;
            bool read = readerIsThere();
            // also before each report: what is told of a moment has to be what was recorded until then
            if (now >= nextRead || now >= nextReport || now >= end || stop.IsCancellationRequested || !read)
            {
                _targets.Look();
                // what was recorded so far goes by the level it was recorded at
                _events.Drain();
                Totals.Read(_sink.Weights);
                Budget.Tick(now, Totals.NewHits);
                nextRead = now + Budget.NextIntervalNs;
            }

            if (stop.IsCancellationRequested)
                return RunEnd.Interrupted;
            if (!read)
                return RunEnd.ReaderGone;
            if (now >= end)
                return RunEnd.Completed;
            if (!_targets.Watched.Any() && Follower is null)
                return RunEnd.TargetGone;
            if (LacksRoom(now))
                return RunEnd.NoRoom;
            if (Follower is { HasOpened: true })
                Follower.TakeInOpened(now, this);
            if (now >= nextReport)
            {
                Aggregator.NextLook();
                _sleepers.Look();
                _events.Drain();
                Aggregator.ForgetUnseen(_targets.IsThere);
                // a poll that began before this would by now be slow, and open or recorded
                SettleWaits(now - _session.Threshold.Nanoseconds);
                _waits.ForEach(w => w.Read(now));
                _pools.Look(Totals.Workers());
                FollowCpus();
                Follow(now);
                if (now >= nextLibraries)
                {
                    _late?.Look(now);
                    nextLibraries = now + LibrariesEveryNs;
                }

                progress(now);
                if (_stackKeeper.Look())
                    _sink.ForgetGoneStacks();
                nextReport = Math.Max(nextReport + SecondNs, now);
            }
        }
    }

    /// <summary>Open polls are recorded while the probes are on; then they go.</summary>
    /// <returns>When the last moment was that counts.</returns>
    public long Stop()
    {
        if (_targets.All.Any(t => t.IsAlive()))
        {
            _events.Drain();
            Aggregator.NextLook();
            _sleepers.Look();
            _late?.LookOnce();
        }

        _kernel.Control.Enabled = 0;
        long end = AgentClock.NowNs;
        _waits.ForEach(w => w.Read(end));
        _targets.Detach();
        return end;
    }

    /// <summary>After the probes are gone: the rest of the events and of the sums.</summary>
    public void Settle()
    {
        _events.Drain();
        Aggregator.ForgetUnseen(_targets.IsThere);
        _sink.Ticks.Flush();
        Aggregator.CloseOpen();
        SettleWaits(long.MaxValue);
        Totals.Read(_sink.Weights);
    }

    public AgentInfo Agent() =>
        new()
        {
            Version = AgentVersion.Text,
            Kernel = KernelVersion.Release,
            Machine = RuntimeInformation.ProcessArchitecture.ToString(),
            ProbeMode = _kernel.ProbeMode.Name(),
            BudgetLevel = _budget?.Level ?? 0,
        };

    /// <param name="nowNs">CLOCK_MONOTONIC.</param>
    public ProfileInputs Facts(long nowNs)
    {
        var all = Workers().ConvertAll(w => w with { WatchedNs = WatchedNs(_targets.All[w.Target.Index], nowNs) });
        List<WorkerFacts> workers = [.. all.Where(w => _workerNames.IsWorker(w.Name))];
        return new ProfileInputs
        {
            Session = _session,
            Agent = Agent(),
            StartedAt = _startedAt,
            StartNs = _startNs,
            EndNs = nowNs,
            Targets =
            [
                .. _targets.Describe().Select(t => t with { WakesNotTimed = WakeNotes.With(t, Budget.WakesLeftOut) }),
            ],
            Types = _workerNames.Narrow(
                Totals.Types,
                workers,
                Aggregator.RecordedByType,
                Aggregator.WorstNs,
                _session.Threshold.Nanoseconds
            ),
            Workers = workers,
            CpuWaits =
            [
                .. _waits
                    .SelectMany(w => w.Sums(nowNs))
                    .Where(w => !_workerNames.Given || _workerNames.IsWorker(NameOf(w.Target, w.Tid))),
            ],
            Losses = Losses,
            Overhead = Budget.Overhead(AgentClock.OwnCpuNs - _cpuAtStart),
            Warnings = _log.Warnings,
            Estimated = Budget.EverEstimated,
            Unclear = UnclearThreads.Count(
                _sink.Outside.Unclear.Select(t => (t.Target, NameOf(t.Target, t.Tid))),
                workers
            ),
            LoadedLate = LateTokio
                .Where(l => l.TimedFromNs is null)
                .DistinctBy(l => l.Target)
                .ToDictionary(l => l.Target.Id, l => l.Name),
            Untimed = _targets.All.Where(t => !Budget.AlwaysTimed(t)).Select(t => t.Id).ToHashSet(),
            EarlierWorkerNs = _targets
                .All.Where(t => t.Before.Processes > 0)
                .ToDictionary(t => t.Id, t => t.Before.WorkerNs),
            WithoutWorkers = _targets
                .All.Where(_ => _workerNames.Given)
                .Select(t => (t.Id, Text: _workerNames.Unmatched(NamesOf(t, all))))
                .Where(t => t.Text is not null)
                .ToDictionary(t => t.Id, t => t.Text!),
        };
    }

    public void Dispose() => _events.Dispose();

    private void FollowCpus()
    {
        try
        {
            _kernel.FollowCpus();
        }
        catch (BpfException e) when (!_cpusMissed)
        {
            _cpusMissed = true;
            _log.Warn(
                new Diagnostic(
                    DiagnosticKinds.CpuWithoutClock,
                    $"a CPU came online during the run and is not sampled: {e.Message}",
                    "what was computed on it shows without stacks; run Hud again to sample it"
                )
            );
        }
        catch (BpfException)
        {
            // said once
        }
    }

    private List<WorkerFacts> Workers() =>
        WithParked(Totals.Workers(), [.. _sink.Outside.Parked.UnionBy(_parked, w => (w.Target, w.Tid))]);

    private void SettleWaits(long beforeNs)
    {
        if (!Aggregator.Waits.IsSettled)
            Aggregator.Waits.Settle(beforeNs, new Runtimes(Workers()), Aggregator.OpenPolls);
    }

    private string NameOf(TargetId target, int tid) => Totals.NameOf(_targets.All[target.Index].Pid, tid);

    /// <summary>Workers that were parked at the start and never polled count too: their time is part of the total.</summary>
    private static List<WorkerFacts> WithParked(List<WorkerFacts> polled, List<WorkerFacts> parked)
    {
        var known = polled.Where(w => w.Polls > 0).Select(w => (w.Target, w.Tid)).ToHashSet();
        var idle = parked.Where(w => !known.Contains((w.Target, w.Tid))).ToList();
        var replaced = idle.Select(w => (w.Target, w.Tid)).ToHashSet();
        return [.. polled.Where(w => !replaced.Contains((w.Target, w.Tid))), .. idle];
    }

    /// <summary>Names of the threads that poll; of all threads while none is known to.</summary>
    private static List<string> NamesOf(TargetProcess target, IEnumerable<WorkerFacts> workers)
    {
        var names = workers.Where(w => w.Target == target.Id).Select(w => w.Name).ToList();
        return names.Count > 0
            ? names
            : [.. ProcFs.Threads(target.Pid).Take(MaxThreads).Select(tid => ProcFs.ThreadName(target.Pid, tid))];
    }

    private void OnLifecycle(HudEvent life)
    {
        var target = _targets.All[(int)life.Target];
        switch ((LifecycleKind)life.Type)
        {
            case LifecycleKind.Exec:
                _targets.OnExec(target);
                break;
            case LifecycleKind.Rename:
                Totals.Rename(target.Pid, (int)life.NsTid, EventDecoder.Comm(life.Comm));
                break;
        }
    }
}

/// <summary>Why a run ended; the names are in the stream.</summary>
internal enum RunEnd
{
    Completed,
    Interrupted,
    TargetGone,
    ReaderGone,

    /// <summary>A process is wanted that only another run can watch.</summary>
    NoRoom,
}
