using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Symbolization;

namespace Hud.NodeAgent.Run;

/// <summary>One run from the task to the profile document: attach, observe, report. What Hud itself refuses, it reports as well.</summary>
internal sealed class ProfilerRun
{
    private const long FindSharersWithinNs = 5_000_000_000;

    /// <summary>The number that no target has.</summary>
    private static readonly TargetId CalibrationTarget = new(Abi.MaxTargets - 1);

    private readonly AgentTask _task;
    private readonly AgentStreamWriter _stream;
    private readonly CancellationToken _stop;
    private readonly RunLog _log;
    private readonly RunTargets _targets;
    private readonly LookBackRequests _requests;

    /// <param name="requests">For the last while, from whoever started the run; null for none.</param>
    public ProfilerRun(
        AgentTask task,
        AgentStreamWriter stream,
        CancellationToken stop,
        LookBackRequests? requests = null
    )
    {
        (_task, _stream, _stop, _requests) = (task, stream, stop, requests ?? new LookBackRequests());
        _log = new RunLog(stream);
        _targets = new RunTargets(task.Node, _log.Warn);
    }

    /// <param name="known">What is to be reported first, if anything.</param>
    /// <returns>The exit code; the stream has its end.</returns>
    public int Execute(Diagnostic? known = null)
    {
        if (known is not null)
            _log.Warn(known);
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

    private int Refuse(Diagnostic diagnostic)
    {
        _log.Warn(diagnostic);
        return _log.End(diagnostic.Kind.Id, diagnostic.Kind.ExitCode);
    }

    private int Run()
    {
        Preflight.Machine.Require();
        _targets.Open(_task.Targets, new TargetOpener(_stop));
        if (!_targets.All.Any())
            return NothingToMeasure();

        _targets.AssignTypes();
        var loaded = KernelLoader.Load(Settings(_targets.TypesWithSpare), _task.Options, CalibrationTarget);
        using var kernel = loaded.Kernel;
        new ReturnProbeGuard(
            kernel.ProbeMode,
            KernelVersion.Current,
            pid => ProcFs.ReadText($"/proc/{pid}/status"),
            target => FileSharers.Reached(target, kernel.ReachesOthers, AgentClock.NowNs + FindSharersWithinNs),
            () =>
                !_task.Options.PretendSeccompUnsafe
                && Calibration.SurvivesSeccomp(kernel, new TaskTypeId(_targets.TypesWithSpare), CalibrationTarget)
        ).Check(_targets.All, _log.Warn);

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
                    _task.Targets,
                    pid => ProcFs.ReadText($"/proc/{pid}/cgroup", 1 << 16),
                    pid => ProcFs.ReadText($"/proc/{pid}/status")
                )
                : null,
            LookBackNs
        );
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
        var metrics = _task.Options.Metrics
            ? new MetricsBuilder(_targets.All, observation.Stacks, observation.Attributor, observation.Aggregator)
            : null;
        var ended = observation.Run(
            _stop,
            _stream.CheckReader,
            now =>
            {
                var facts = observation.Facts(now);
                _stream.Write(progress.Build(facts, kernel.ReadWorkers(), now));
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
        Report(observation, frames, metrics, end);
        return _log.End(ended.ToString(), ended == RunEnd.TargetGone ? DiagnosticKinds.TargetGone.ExitCode : 0);
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
            TimeProvider.System
        );
        observation.AlsoInUse = answers.Stacks;
        return answers;
    }

    private KernelSettings Settings(int types)
    {
        var usual = new KernelSettings();
        return usual with
        {
            Types = types,
            Slots =
                _task.Options.WorkerSlots
                ?? Math.Clamp(_targets.All.Sum(t => ProcFs.Threads(t.Pid).Count) + 32, 32, 256),
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
        _task.Options.ForceLevel ?? (_targets.All.All(t => !t.ReturnProbesAllowed) ? 3 : null);

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
        foreach (var (i, target) in _targets.Describe().Index())
            _stream.Write(new TargetMessage { Index = i, Target = target });
    }

    private void Write(IEnumerable<MetricsMessage> messages)
    {
        foreach (var message in messages)
            _stream.Write(message);
    }

    private void Report(Observation observation, TargetFrames frames, MetricsBuilder? metrics, long endNs)
    {
        var budget = observation.Budget;
        Warn(observation.LateTokio.Select(ClosingWarnings.OfLateTokio));
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
