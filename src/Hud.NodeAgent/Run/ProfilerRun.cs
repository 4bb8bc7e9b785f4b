using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Symbolization;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>One run from the task to the profile document: attach, observe, report. What Hud itself refuses, it reports as well.</summary>
internal sealed class ProfilerRun
{
    /// <summary>Exit code of a run without end that ended by itself, so that another one begins with all that is wanted then.</summary>
    public const int BeginsAnew = 7;

    private const long FindSharersWithinNs = 5_000_000_000;

    /// <summary>The number that no target has.</summary>
    private static readonly TargetId CalibrationTarget = new(Abi.MaxTargets - 1);

    private readonly AgentTask _task;
    private readonly AgentStreamWriter _stream;
    private readonly CancellationToken _stop;
    private readonly RunLog _log;
    private readonly RunTargets _targets;
    private readonly LookBackRequests _requests;
    private readonly MetricsPipe? _pipe;
    private readonly UnwindTableCache _tables = new();

    /// <summary>Of all targets so far.</summary>
    private readonly List<AgentTarget> _specs;
    private ReturnProbeGuard? _guard;

    /// <param name="requests">For the last while, from whoever started the run; null for none.</param>
    /// <param name="pipe">Takes the metrics in the place of the stream; null where the stream has them, or there are none.</param>
    public ProfilerRun(
        AgentTask task,
        AgentStreamWriter stream,
        CancellationToken stop,
        LookBackRequests? requests = null,
        MetricsPipe? pipe = null
    )
    {
        (_task, _stream, _stop, _requests, _pipe) = (task, stream, stop, requests ?? new LookBackRequests(), pipe);
        _log = new RunLog(stream, pipe);
        _targets = new RunTargets(task.Node, _log.Warn) { Follows = task.Follows };
        _specs = [.. task.Targets];
    }

    /// <param name="known">What is to be reported first, if anything.</param>
    /// <returns>The exit code; the stream has its end.</returns>
    public int Execute(params IEnumerable<Diagnostic?> known)
    {
        Warn(known.OfType<Diagnostic>());
        _pipe?.Start();
        return Execute(Run);
    }

    /// <summary>Whatever ends the run, its stream says why, also where it is a fault of the agent itself.</summary>
    internal int Execute(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (DiagnosticException e)
        {
            return Refuse(e.Diagnostic);
        }
        catch (BpfException e)
        {
            return Refuse(BpfDiagnosis.Explain(e, _task.Options.ForceProbeMode));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            AgentLog.Write("a fault of the agent", e.ToString().Split('\n'));
            return Refuse(
                new Diagnostic(
                    DiagnosticKinds.AgentDied,
                    $"a fault of the agent ended the run: {e.GetType().Name}: {e.Message}",
                    "report it with the agent's log, which names the place; nothing stays attached to the target"
                )
            );
        }
        finally
        {
            _targets.Dispose();
        }
    }

    private bool HasMetrics => _task.Options.MetricsPipe is { Length: > 0 } ? _pipe is not null : _task.Options.Metrics;

    private int Refuse(Diagnostic diagnostic)
    {
        _log.Warn(diagnostic);
        return _log.End(diagnostic.Kind.Id, diagnostic.Kind.ExitCode);
    }

    private int Run()
    {
        Preflight.Machine.Require();
        var follower = _task.Follows ? Follow() : null;
        if (follower is null)
            _targets.Open(_task.Targets, new TargetOpener(_stop, tables: _tables));
        if (follower is null && !_targets.All.Any())
            return NothingToMeasure();

        _targets.AssignTypes();
        var loaded = KernelLoader.Load(Settings(_targets.TypesWithSpare), _task.Options, CalibrationTarget);
        using var kernel = loaded.Kernel;
        _guard = new ReturnProbeGuard(
            kernel.ProbeMode,
            KernelVersion.Current,
            pid => ProcFs.ReadText($"/proc/{pid}/status"),
            target => FileSharers.Reached(target, kernel.ReachesOthers, AgentClock.NowNs + FindSharersWithinNs),
            () =>
                !_task.Options.PretendSeccompUnsafe
                && Calibration.SurvivesSeccomp(kernel, new TaskTypeId(_targets.TypesWithSpare), CalibrationTarget)
        );
        _guard.Check(_targets.All, _log.Warn);
        if (follower is not null)
            _guard.AskBefore();

        using var symbolizer = OpenSymbolizer();
        var frames = new TargetFrames(_targets.All, symbolizer);
        using var observation = new Observation(
            _task.Session,
            kernel,
            _targets,
            frames,
            _log,
            accept => new RingBuffer(kernel.Events, accept),
            _task.HideNeighbours
                ? new Neighbours(
                    _specs,
                    pid => ProcFs.ReadText($"/proc/{pid}/cgroup", 1 << 16),
                    pid => ProcFs.ReadText($"/proc/{pid}/status")
                )
                : null,
            LookBackNs,
            _task.Continuous
        )
        {
            Follower = follower,
            Came = Introduce,
        };
        Attachment.Make(kernel, _targets, _task.Session.SampleFrequencyHz);
        observation.Begin(loaded.Cost, ForcedLevel());
        SayHello(observation, (long)loaded.Cost.TimedNs);

        var progress = new ProgressBuilder(
            _targets.All,
            observation.Stacks,
            observation.Attributor,
            observation.Aggregator,
            observation.Totals
        );
        var lookBack = Answers(observation);
        var metrics = HasMetrics
            ? new MetricsBuilder(
                _targets.All,
                observation.Stacks,
                observation.Attributor,
                observation.Aggregator,
                () => _pipe?.Dropped ?? 0
            )
            : null;
        var ended = observation.Run(
            _stop,
            _stream.CheckReader,
            now =>
            {
                var facts = observation.Facts(now);
                if (progress.IsDue(now, _task.Continuous))
                {
                    var message = progress.Build(facts, _targets.All.ByRow(kernel.ReadWorkers()), now) with
                    {
                        Waiting = observation.Waiting(now),
                    };
                    _stream.Write(_task.Continuous ? ProgressBuilder.Small(message) : message);
                }

                lookBack.Look(facts);
                if (metrics?.IsDue(now) == true)
                    Write(metrics.Build(facts));
            }
        );
        long end = observation.Stop();
        if (ended == RunEnd.ReaderGone)
            return _log.End(ended.ToString(), DiagnosticKinds.AgentDied.ExitCode); // no reader is left to make a report for
        observation.Settle();
        lookBack.End(observation.Facts(end));
        if (!_task.Continuous)
            Report(observation, frames, metrics, end);
        else if (metrics is not null)
            Write(metrics.Build(observation.Facts(end)));
        if (ended == RunEnd.NoRoom)
            TellNoRoom();
        return _log.End(
            ended.ToString(),
            ended switch
            {
                RunEnd.TargetGone => DiagnosticKinds.TargetGone.ExitCode,
                RunEnd.NoRoom => BeginsAnew,
                _ => 0,
            },
            _task.Continuous ? observation.Losses : null
        );
    }

    private void TellNoRoom()
    {
        string why =
            $"the run ends, as a process is wanted that it has no room for after {_targets.All.Count} others; what was kept to look back at is gone with it";
        _log.Warn(
            new Diagnostic(
                DiagnosticKinds.TooManyTargets,
                why,
                "start another run (a kubelet does): it has room for all that are wanted at its start"
            )
        );
        AgentLog.Write(why, []); // the stream may have had all the warnings that it takes
    }

    private long? LookBackNs =>
        _task.Options.LookBack is { } length
            ? Math.Clamp(
                length.Nanoseconds,
                SessionBounds.MinLookBack.Nanoseconds,
                SessionBounds.MaxLookBack.Nanoseconds
            )
            : null;

    private LookBackAnswers Answers(Observation observation)
    {
        var silent = new ClosingWarnings(new WorkerNames(_task.Session.WorkerThreadNames).Text);
        var answers = new LookBackAnswers(
            _requests,
            observation.LookBack,
            observation.Aggregator,
            observation.Stacks,
            observation.Attributor,
            _stream,
            document => silent.OfTargets(document).Select(RunLog.Warning),
            AgentClock.TimeOfDay,
            _task.LookBackFile is { Length: > 0 } file ? new LookBackFile(file, AgentClock.TimeOfDay, _log.Warn) : null
        );
        observation.AlsoInUse = answers.Stacks;
        return answers;
    }

    /// <summary>Opens the targets of the start, and those that come later.</summary>
    private TargetFollower Follow()
    {
        IWantedTargets wanted = _task.TargetsFile is { Length: > 0 } file
            ? new TargetsFile(file, _task.Targets, _log.Warn)
            : new NamedProcesses(_task.FollowName!, new ProcProcesses());
        var follower = new TargetFollower(wanted, _targets, Open, _log.Warn, _task.Continuous);
        follower.OpenFirst(AgentClock.NowNs);
        return follower;
    }

    /// <summary>In mid-run on another thread.</summary>
    private OpenedTarget Open(AgentTarget spec)
    {
        var target = new TargetOpener(_stop, tables: _tables).Open(new TargetId(0), spec);
        var warnings = new List<Diagnostic>();
        if (target is TargetProcess process)
            _guard?.Check([process], warnings.Add);
        return new OpenedTarget(target, warnings);
    }

    private void Introduce(TargetProcess target)
    {
        if (_specs.Count < TargetsFile.MaxTargets)
            _specs.Add(target.Spec);
        _stream.Write(new TargetMessage { Index = target.Id.Index, Target = target.Describe(_task.Node) });
    }

    private KernelSettings Settings(int types)
    {
        var usual = new KernelSettings();
        return usual with
        {
            Types = types,
            Slots =
                _task.Options.WorkerSlots
                ?? Math.Clamp(
                    _targets.All.Sum(t => ProcFs.Threads(t.Pid).Count) * (_task.Follows ? 2 : 1) + 32,
                    _task.Follows ? 64 : 32,
                    256
                ),
            RingKiB = _task.Options.RingBufferKiB ?? usual.RingKiB,
            ThresholdNs = _task.Session.Threshold.Nanoseconds,
            SlowPerSecond = _task.Options.SlowPerSecond ?? usual.SlowPerSecond,
            SamplesPerSecond = _task.Options.SamplesPerSecond ?? usual.SamplesPerSecond,
        };
    }

    private Symbolizer OpenSymbolizer()
    {
        if (_task.Options.DebuginfodUrls.Count > 0 && !SymbolizerProcess.CanDownload())
            _log.Warn(
                new Diagnostic(
                    DiagnosticKinds.MissingSymbols,
                    "no server is asked for debug files: libdebuginfod.so.1 is not installed",
                    "apt-get install libdebuginfod1 (dnf install elfutils-debuginfod-client)"
                )
            );
        return new Symbolizer(
            new SymbolizerOptions
            {
                DebugDirectories = _task.Options.DebugDirectories,
                DebuginfodUrls = _task.Options.DebuginfodUrls,
            },
            () =>
                SymbolizerProcess.Start(
                    debuginfodUrls: _task.Options.DebuginfodUrls,
                    giveUpRights: Confine.HelperSandbox.BeforeStart
                )
        );
    }

    private int? ForcedLevel() =>
        _task.Options.ForceLevel ?? (!_task.Follows && _targets.All.All(t => !t.ReturnProbesAllowed) ? 3 : null);

    private int NothingToMeasure()
    {
        ReportTargets();
        var problem = _targets.FirstProblem;
        return _log.End(problem?.Kind.Id ?? "NoTargets", (problem?.Kind ?? DiagnosticKinds.NoSuchProcess).ExitCode);
    }

    private void SayHello(Observation observation, long costPerPollNs)
    {
        _stream.Write(
            new HelloMessage
            {
                Agent = observation.Agent(),
                BudgetPercent = _task.Session.OverheadBudgetPercent,
                CostPerPollNs = costPerPollNs,
                StartedAt = observation.StartedAt,
                Session = _task.Session,
                LookBackNs = LookBackNs ?? 0,
            }
        );
        ReportTargets();
    }

    private void ReportTargets()
    {
        // in a run that follows its targets the rows behind them are those of others that come
        foreach (var (i, target) in _targets.Describe().Take(_task.Follows ? _targets.All.Count : int.MaxValue).Index())
            _stream.Write(new TargetMessage { Index = i, Target = target });
    }

    private void Write(IEnumerable<MetricsMessage> messages)
    {
        foreach (var message in messages)
        {
            if (_pipe is null)
                _stream.Write(message);
            else
                _pipe.Write(message);
        }
    }

    private void Report(Observation observation, TargetFrames frames, MetricsBuilder? metrics, long endNs)
    {
        var budget = observation.Budget;
        Warn(observation.LateTokio.Select(ClosingWarnings.OfLateTokio));
        Warn(ClosingWarnings.OfFollowed(_targets.EndedUntold, _targets.RefusedUnlisted));
        Warn(
            ClosingWarnings.OfRun(
                observation.Losses,
                observation.Unwinding.Stacks,
                observation.Unwinding.UsedScan,
                _stream.LeftOut,
                budget.EverEstimated ? budget.Changes : []
            )
        );
        var facts = observation.Facts(endNs);
        var document = ProfileBuilder.Build(
            facts,
            observation.Aggregator,
            observation.Stacks,
            observation.Attributor,
            exact: true
        );
        if (metrics is not null)
            Write(metrics.Build(facts, document));
        Warn(frames.Warnings().Select(w => new Diagnostic(DiagnosticKinds.MissingSymbols, w.Text, w.NextStep)));
        Warn(new ClosingWarnings(new WorkerNames(_task.Session.WorkerThreadNames).Text).OfTargets(document));
        _stream.WriteProfile(document with { Warnings = [.. _log.Warnings] });
    }

    private void Warn(IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
            _log.Warn(diagnostic);
    }
}
