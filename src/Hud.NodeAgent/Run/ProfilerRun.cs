using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Symbolization;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>One run from the task to the profile document: find, arm, observe, report. Whatever ends it, it reports.</summary>
internal sealed class ProfilerRun(AgentTask task, AgentStreamWriter stream, CancellationToken stop)
{
    private static readonly TimeSpan DrainEvery = TimeSpan.FromMilliseconds(250);
    private const long SecondNs = 1_000_000_000;
    private const string ReaderGone = "ReaderGone";
    private const string Starved = "Starved";
    private const string GiveItCpu =
        "give it a CPU request (in Kubernetes: resources.requests.cpu), see who else uses the machine (top), or watch for longer";

    private readonly List<TargetProcess> _targets = [];

    /// <summary>Threads whose names are looked at where none is known to poll.</summary>
    private const int MaxThreads = 256;

    private readonly WorkerNames _workers = new(task.Session.WorkerThreadNames);
    private readonly List<TargetProcess> _leftOut = [];
    private readonly List<ProfileWarning> _warnings = [];

    /// <param name="known">What is to be told first, if anything.</param>
    /// <returns>The exit code; the stream has been ended with a ending.</returns>
    public int Execute(Diagnostic? known = null)
    {
        try
        {
            if (known is not null)
                Warn(known);
            return Run();
        }
        catch (DiagnosticException e)
        {
            Warn(e.Diagnostic);
            return End(e.Diagnostic.Kind.Id, e.Diagnostic.Kind.ExitCode);
        }
        catch (BpfException e)
        {
            var diagnostic = BpfDiagnosis.Explain(e, task.Options.ForceProbeMode);
            Warn(diagnostic);
            return End(diagnostic.Kind.Id, diagnostic.Kind.ExitCode);
        }
        finally
        {
            foreach (var target in _targets)
                target.Dispose();
        }
    }

    private int Run()
    {
        Preflight.Machine.Require();
        OpenTargets(new TargetOpener(stop));
        if (_targets.TrueForAll(t => t.Problem is not null))
            return NothingToMeasure();

        int types = AssignTypes();
        var settings = new KernelSettings
        {
            Types = types,
            Slots =
                task.Options.WorkerSlots
                ?? Math.Clamp(
                    _targets.Where(t => t.Problem is null).Sum(t => ProcFs.Threads(t.Pid).Count) + 32,
                    32,
                    256
                ),
            RingKiB = task.Options.RingBufferKiB ?? 4096,
            ThresholdNs = task.Session.Threshold.Nanoseconds,
        };
        settings = settings with
        {
            SlowPerSecond = task.Options.SlowPerSecond ?? settings.SlowPerSecond,
            SamplesPerSecond = task.Options.SamplesPerSecond ?? settings.SamplesPerSecond,
        };
        var loaded = KernelLoader.Load(settings, task.Options, Abi.MaxTargets - 1);
        using var kernel = loaded.Kernel;
        new ReturnProbeGuard(
            kernel.ProbeMode,
            KernelVersion.Current,
            pid => ProcFs.ReadText($"/proc/{pid}/status"),
            () =>
                !task.Options.PretendSeccompUnsafe
                && Calibration.SurvivesSeccomp(kernel, (uint)types, Abi.MaxTargets - 1)
        ).Check(_targets, Warn);
        return Observe(kernel, loaded.Cost, types);
    }

    private void OpenTargets(TargetOpener opener)
    {
        var (watched, tooMany) = TargetFinder.Share(task.Targets);
        if (tooMany.Count > 0)
        {
            var problem = new Diagnostic(
                DiagnosticKinds.TooManyTargets,
                $"{tooMany.Count} of {task.Targets.Count} processes are not watched: one agent watches {watched.Count} at most",
                "choose fewer pods (target.maxPods), or use several sessions"
            );
            Warn(problem);
            _leftOut.AddRange(
                tooMany.Select((spec, i) => TargetProcess.Failed(watched.Count + i, spec, spec.Pid ?? 0, problem))
            );
        }

        foreach (var spec in watched)
        {
            var found = opener.Open(_targets.Count, spec);
            _targets.Add(found);
            if (found.Problem is not null)
                Warn(found.Problem);
            else if (found.Tokio.FromSymbols)
                Warn(
                    new Diagnostic(
                        DiagnosticKinds.OldTokio,
                        $"{found.Name} uses a Tokio before 1.23: its tasks are known by their symbols only",
                        "upgrade Tokio to see every task type"
                    )
                );
            if (found.Problem is null && found.Tokio.Refused.Count > 0)
                Warn(
                    new Diagnostic(
                        DiagnosticKinds.SlowProbeSites,
                        $"{found.Tokio.Refused.Count} of {found.Tokio.Refused.Count + found.Tokio.Types.Count} task types are not timed: their first instruction ({found.Tokio.Refused[0].Site.Instruction}) is expensive to probe",
                        "build with optimisation (cargo build --release)"
                    )
                );
        }
    }

    private int NothingToMeasure()
    {
        ReportTargets();
        var problem = _targets.Select(t => t.Problem).FirstOrDefault(p => p is not null);
        return problem is null
            ? End("NoTargets", DiagnosticKinds.NoSuchProcess.ExitCode)
            : End(problem.Kind.Id, problem.Kind.ExitCode);
    }

    /// <summary>In the order of the task; those that are not watched come last, as they do there.</summary>
    private IEnumerable<TargetProfile> DescribeTargets() =>
        _targets.Concat(_leftOut).Select(t => t.Describe(task.Node));

    private void ReportTargets()
    {
        foreach (var (i, target) in DescribeTargets().Index())
            stream.Write(new TargetMessage { Index = i, Target = target });
    }

    private int AssignTypes()
    {
        int types = 0;
        foreach (var target in _targets.Where(t => t.Problem is null))
        {
            target.TypeBase = types;
            types += target.Tokio.Types.Count + 1;
        }

        return types;
    }

    private int Observe(BpfProbes kernel, ProbeCost cost, int types)
    {
        var stacks = new StackStore();
        using var symbolizer = new Symbolizer(
            new SymbolizerOptions
            {
                DebugDirectories = task.Options.DebugDirectories,
                DebuginfodUrls = task.Options.DebuginfodUrls,
            }
        );
        if (task.Options.DebuginfodUrls.Count > 0 && !SymbolizerProcess.CanDownload())
            Warn(
                new Diagnostic(
                    DiagnosticKinds.MissingSymbols,
                    "no server is asked for debug files: libdebuginfod.so.1 is not installed",
                    "apt-get install libdebuginfod1 (dnf install elfutils-debuginfod-client)"
                )
            );
        var names = new TargetFrames(_targets, symbolizer);
        var attributor = new StackAttributor(stacks, names);
        var aggregator = new PollAggregator(
            attributor,
            task.Session.Threshold.Nanoseconds,
            clockPeriodNs: SecondNs / Math.Max(1, task.Session.SampleFrequencyHz)
        );
        var sink = new EventSink(_targets, stacks, attributor, aggregator) { LearnFutex = kernel.LearnFutex };
        sink.Ticks.Watch(task.Session.Threshold.Nanoseconds, task.Session.SampleFrequencyHz);
        sink.Outside.LearnFutex = kernel.LearnFutex;
        sink.Outside.SetRole = kernel.SetRole;
        var sleepers = new Sleepers(kernel, _targets, sink.Keep, sink.Outside);
        var totals = new RunTotals(kernel, _targets, types);
        var parked = _targets.Where(t => t.Problem is null).SelectMany(t => ParkedWorkers.Find(t, names)).ToList();
        sink.Lifecycle = e => OnLifecycle(e, totals);
        if (_workers.Given)
            sink.Counts = e =>
                _workers.Accept(e, totals.NameOf(_targets[(int)e.Target].Pid, (int)e.NsTid), sink.Weight);
        using var ring = new RingBuffer(kernel.Events, sink.Accept);

        kernel.StartCounting();
        ReportTypes(kernel);
        Attach(kernel);
        var startedAt = DateTimeOffset.UtcNow;
        long start = AgentClock.NowNs;
        long cpuAtStart = AgentClock.OwnCpuNs;
        var budget = new BudgetKeeper(
            kernel,
            _targets,
            sink,
            task.Session.OverheadBudgetPercent,
            cost,
            start,
            ForcedLevel()
        );
        kernel.Control.Enabled = 1;
        kernel.RecordOpenPolls();
        sink.Outside.FirstLookNs = (ulong)AgentClock.NowNs;
        sleepers.Look();
        var waits = _targets.Where(t => t.Problem is null).Select(t => new CpuWaits(t, start)).ToList();

        var agent = new AgentInfo
        {
            Version = AgentVersion.Text,
            Kernel = KernelVersion.Release,
            Machine = RuntimeInformation.ProcessArchitecture.ToString(),
            ProbeMode = kernel.ProbeMode.Name(),
        };
        stream.Write(
            new HelloMessage
            {
                Agent = agent,
                BudgetPercent = task.Session.OverheadBudgetPercent,
                CostPerPollNs = (long)cost.TimedNs,
                StartedAt = startedAt,
                Session = task.Session,
            }
        );
        ReportTargets();

        ProfileInputs Facts(long now)
        {
            var allParked = sink.Outside.Parked.UnionBy(parked, w => (w.Target, w.Tid)).ToList();
            var all = WithParked(totals.Workers(), allParked);
            List<WorkerFacts> workers = [.. all.Where(w => _workers.IsWorker(w.Name))];
            return FactsOf(
                now,
                workers,
                _workers.Narrow(
                    totals.Types,
                    workers,
                    aggregator.RecordedByType,
                    aggregator.WorstNs,
                    task.Session.Threshold.Nanoseconds
                )
            ) with
            {
                WithoutWorkers = _targets
                    .Where(t => _workers.Given && t.Problem is null)
                    .Select(t => (t.Index, Text: _workers.Unmatched(NamesOf(t, all))))
                    .Where(t => t.Text is not null)
                    .ToDictionary(t => t.Index, t => t.Text!),
            };
        }

        ProfileInputs FactsOf(long now, List<WorkerFacts> workers, IReadOnlyList<TaskTypeFacts> typeFacts) =>
            new()
            {
                Session = task.Session,
                Agent = agent with { BudgetLevel = budget.Level },
                StartedAt = startedAt,
                StartNs = start,
                EndNs = now,
                Targets = [.. DescribeTargets()],
                Types = typeFacts,
                Workers = workers,
                CpuWaits =
                [
                    .. waits
                        .SelectMany(w => w.Sums(now))
                        .Where(w => !_workers.Given || _workers.IsWorker(totals.NameOf(_targets[w.Target].Pid, w.Tid))),
                ],
                Losses = totals.Losses(sink),
                Overhead = budget.Overhead(AgentClock.OwnCpuNs - cpuAtStart),
                Warnings = _warnings,
                Estimated = budget.EverEstimated,
                Unclear = UnclearThreads.Count(
                    sink.Outside.Unclear.Select(t => (t.Target, totals.NameOf(_targets[t.Target].Pid, t.Tid))),
                    workers
                ),
                Untimed = _targets.Where(t => !budget.AlwaysTimed(t)).Select(t => t.Index).ToHashSet(),
            };

        var pools = new BlockingPools(_targets, Warn);
        var progress = new ProgressBuilder(_targets, stacks, attributor, aggregator, totals);
        string reason = Loop(
            sleepers,
            ring,
            aggregator,
            totals,
            budget,
            sink,
            start,
            now =>
            {
                waits.ForEach(w => w.Read(now));
                pools.Look(totals.Workers());
                stream.Write(progress.Build(Facts(now), kernel.ReadWorkers(), now));
            }
        );

        // the order matters: what is open is told while the probes are on, then they go, then the buffer is emptied
        if (_targets.Exists(t => t.IsAlive()))
        {
            ring.Drain();
            aggregator.NextLook();
            sleepers.Look();
        }

        kernel.Control.Enabled = 0;
        long end = AgentClock.NowNs;
        waits.ForEach(w => w.Read(end));
        foreach (var target in _targets)
            target.Detach();
        if (reason == ReaderGone)
            return End(reason, DiagnosticKinds.AgentDied.ExitCode); // nobody is left to make a report for
        ring.Drain();
        aggregator.ForgetUnseen(IsThere);
        sink.Ticks.Flush();
        aggregator.CloseOpen();
        totals.Read(budget.Weight);
        AddClosingWarnings(budget, totals, sink);
        var document = ProfileBuilder.Build(Facts(end), aggregator, stacks, attributor, exact: true);
        foreach (var (missing, next) in names.Warnings())
            Warn(new Diagnostic(DiagnosticKinds.MissingSymbols, missing, next));
        foreach (
            var target in document.Targets.Where(t =>
                t.Reason == ProfileBuilder.Unclear
                || (
                    t.Polls + t.SlowPolls == 0
                    && t.Reason is "Idle" or "NotTimed" or Starved or ProfileBuilder.NoSuchWorkers
                )
            )
        )
            Warn(Silent(target));
        foreach (
            var target in document.Targets.Where(t =>
                t.Polls + t.SlowPolls > 0
                && (t.Reason == Starved || CpuStarvation.SaysNothing(t.CpuWaitNs, t.CpuNs, document.Summary.ObservedNs))
            )
        )
            Warn(
                new Diagnostic(
                    DiagnosticKinds.Starved,
                    $"{target.Process} ({target.Pid}) waited {HumanText.Duration(target.CpuWaitNs)} for a CPU and ran for {HumanText.Duration(target.CpuNs)}: what its code does shows only as far as it ran",
                    GiveItCpu
                )
            );
        document = document with { Warnings = [.. _warnings] };
        stream.WriteProfile(document);
        return End(reason, reason == "TargetGone" ? DiagnosticKinds.TargetGone.ExitCode : 0);
    }

    /// <summary>Workers that were parked at the start and never polled are workers all the same: they are what time is lost of.</summary>
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
        var names = workers.Where(w => w.Target == target.Index).Select(w => w.Name).ToList();
        return names.Count > 0
            ? names
            : [.. ProcFs.Threads(target.Pid).Take(MaxThreads).Select(tid => ProcFs.ThreadName(target.Pid, tid))];
    }

    private Diagnostic Silent(TargetProfile target) =>
        target.Reason == ProfileBuilder.NoSuchWorkers
            ? new Diagnostic(
                DiagnosticKinds.Idle,
                $"{target.Process} ({target.Pid}): {target.Message}",
                "name what their names begin with, or leave out workerThreadNames (--workers) to watch them all"
            )
        : _workers.Given
            ? new Diagnostic(
                DiagnosticKinds.Idle,
                $"{target.Process} ({target.Pid}): {target.Message}, on threads named {_workers.Text}",
                $"look at the names of its threads (ps -T -p {target.Pid}), or leave out --workers to watch them all"
            )
        : target.Reason == ProfileBuilder.Unclear
            ? new Diagnostic(
                DiagnosticKinds.Idle,
                $"{target.Process} ({target.Pid}): {target.Message}",
                $"see what they do with another tool (gdb -p {target.Pid}, thread apply all bt), or watch again"
            )
        : target.Reason == Starved
            ? new Diagnostic(DiagnosticKinds.Idle, $"{target.Process} ({target.Pid}): {target.Message}", GiveItCpu)
        : new Diagnostic(
            DiagnosticKinds.Idle,
            $"{target.Process} ({target.Pid}): {target.Message}",
            "send it some load while Hud watches; this does not mean all is well"
        );

    private int? ForcedLevel() =>
        task.Options.ForceLevel
        ?? (_targets.TrueForAll(t => t.Problem is not null || !t.ReturnProbesAllowed) ? 3 : null);

    /// <summary>Where a task keeps its id and its scheduler's handle: the handle's address tells runtimes apart.</summary>
    private void ReportTypes(BpfProbes kernel)
    {
        foreach (var target in _targets.Where(t => t.Problem is null && !t.Tokio.FromSymbols))
        {
            for (int i = 0; i < target.Tokio.Types.Count; i++)
            {
                var vtable = target.Tokio.Types[i].Vtable;
                kernel.SetType(
                    (uint)(target.TypeBase + i),
                    new TypeInfo
                    {
                        TargetBinary = (uint)target.Index,
                        TaskIdOffset = vtable.TaskIdOffset,
                        SchedulerOffset = vtable.SchedulerOffset,
                    }
                );
            }
        }
    }

    private void Attach(BpfProbes kernel)
    {
        foreach (var target in _targets.Where(t => t.Problem is null))
        {
            var threads = kernel.AddTarget(target.Pid, target.Index);
            if (threads.Count == 0)
            {
                Lose(
                    target,
                    new Diagnostic(
                        DiagnosticKinds.TargetGone,
                        $"{target.Name} ({target.Pid}) ended while the agent attached",
                        "profile the process that took its place"
                    )
                );
                continue;
            }

            target.Tgid = threads[0].Tgid;
        }

        kernel.AttachScheduler(task.Session.SampleFrequencyHz);
        foreach (var target in _targets.Where(t => t.Problem is null && !t.Gone))
        {
            try
            {
                target.Attach(kernel, new HashSet<int>());
                ReportRefusal(target);
            }
            catch (BpfException) when (!target.IsAlive())
            {
                target.Gone = true;
            }
        }
    }

    /// <returns>Completed, Interrupted, TargetGone or ReaderGone.</returns>
    private string Loop(
        Sleepers sleepers,
        RingBuffer ring,
        PollAggregator aggregator,
        RunTotals totals,
        BudgetKeeper budget,
        EventSink sink,
        long start,
        Action<long> report
    )
    {
        long end = start + task.Session.Duration.Nanoseconds,
            nextRead = start + budget.NextIntervalNs,
            nextReport = start + SecondNs;
        while (true)
        {
            ring.Poll(
                TimeSpan.FromMilliseconds(
                    Math.Clamp((nextRead - AgentClock.NowNs) / 1_000_000, 1, DrainEvery.TotalMilliseconds)
                )
            );
            long now = AgentClock.NowNs;
            bool last = now >= end || stop.IsCancellationRequested || !stream.CheckReader();
            if (now >= nextRead || last)
            {
                ReadTargets();
                // what was recorded so far goes by the level it was recorded at
                ring.Drain();
                totals.Read(budget.Weight);
                budget.Tick(now, totals.NewHits);
                nextRead = now + budget.NextIntervalNs;
            }

            if (stop.IsCancellationRequested)
                return "Interrupted";
            if (!stream.CheckReader())
                return ReaderGone;
            if (now >= end)
                return "Completed";
            if (_targets.TrueForAll(t => t.Problem is not null || t.Gone))
                return "TargetGone";
            if (now >= nextReport)
            {
                aggregator.NextLook();
                sleepers.Look();
                ring.Drain();
                aggregator.ForgetUnseen(IsThere);
                report(now);
                nextReport = Math.Max(nextReport + SecondNs, now);
            }
        }
    }

    private bool IsThere(int target) => _targets[target].IsAlive();

    private void ReadTargets()
    {
        foreach (var target in _targets.Where(t => t.Problem is null && !t.Gone))
        {
            ReportRefusal(target);
            if (!target.Gone && !target.IsAlive())
            {
                Lose(
                    target,
                    target.IsReplaced()
                        ? target.Replaced()
                        : new Diagnostic(
                            DiagnosticKinds.TargetGone,
                            $"{target.Name} ({target.Pid}) ended during the run",
                            "the report holds what was seen until then"
                        )
                );
            }

            if (target.Gone)
                continue;

            target.LastCpu = Math.Max(target.LastCpu, ProcFs.CpuTimeNs(target.Pid));
            target.LastQuota = CpuQuota.Read(target.QuotaFiles);
        }
    }

    private void Lose(TargetProcess target, Diagnostic why)
    {
        target.Gone = true;
        target.Detach();
        Warn(why);
    }

    /// <summary>Its probes came off by themselves, or were never put on.</summary>
    private void ReportRefusal(TargetProcess target)
    {
        if (target.Refusal is not { } refusal)
            return;
        target.Refusal = null;
        if (refusal.Kind == DiagnosticKinds.TargetGone)
            Lose(target, refusal);
        else
            Warn(refusal);
    }

    private void OnLifecycle(in HudEvent life, RunTotals totals)
    {
        var target = _targets[(int)life.Target];
        switch ((LifecycleKind)life.Type)
        {
            case LifecycleKind.Exec:
                // same pid, another program: our types and tables mean nothing any more
                if (!target.Gone)
                    Lose(target, target.Replaced());
                break;
            case LifecycleKind.Rename:
                totals.Rename(target.Pid, (int)life.NsTid, EventDecoder.Comm(life.Comm));
                break;
        }
    }

    private void AddClosingWarnings(BudgetKeeper budget, RunTotals totals, EventSink sink)
    {
        var losses = totals.Losses(sink);
        if (losses.Events() > 0)
            Warn(
                new Diagnostic(
                    DiagnosticKinds.EventsDropped,
                    $"{losses.Events()} events did not reach the report: {losses.RingBufferDrops} ring buffer full, {losses.RateLimited} rate-limited, {losses.MissedReturns + losses.ThreadStateFailures + losses.PollDepthOverflows + losses.ProgramMisses + losses.DecodeErrors} other",
                    "raise the threshold, so that fewer polls count as slow; what was rate-limited is scaled and marked as estimated"
                )
            );
        if (sink.Unwinding.UsedScan * 10 > sink.Unwinding.Stacks)
            Warn(
                new Diagnostic(
                    DiagnosticKinds.GuessedCallers,
                    $"in {sink.Unwinding.UsedScan} of {sink.Unwinding.Stacks} stacks callers were guessed, for code without unwind tables: such a caller may be a call that had returned",
                    "build with unwind tables (RUSTFLAGS=\"-C force-unwind-tables=yes\"); the C library musl never has any"
                )
            );
        if (stream.LeftOut > 0)
            Warn(
                new Diagnostic(
                    DiagnosticKinds.StreamIncomplete,
                    $"{stream.LeftOut} messages of the live view were too long for a line and were left out",
                    "the report is whole; nothing needs to be done"
                )
            );
        if (budget.EverEstimated && budget.Changes.Count > 0)
        {
            var worst = budget.Changes.MaxBy(c => c.Level)!;
            Warn(
                new Diagnostic(
                    DiagnosticKinds.BudgetLowered,
                    $"the level of detail went down to {worst.Level}: {worst.Reason}",
                    "raise the overhead budget, or accept that counts are estimates and short polls were not all timed"
                )
            );
        }
    }

    private void Warn(Diagnostic diagnostic)
    {
        if (_warnings.Count >= 100)
            return;
        _warnings.Add(new ProfileWarning(diagnostic.Kind.Id, diagnostic.Message, diagnostic.NextStep));
        stream.Write(
            new WarningMessage
            {
                Id = diagnostic.Kind.Id,
                Text = diagnostic.Message,
                NextStep = diagnostic.NextStep,
            }
        );
    }

    private int End(string reason, int exitCode)
    {
        stream.Write(
            new EndMessage
            {
                Reason = reason,
                ExitCode = exitCode,
                CpuNs = AgentClock.OwnCpuNs,
                PeakBytes = AgentClock.OwnPeakBytes,
            }
        );
        return exitCode;
    }
}
