using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>Feeds the governor with what was seen and carries out what it says.</summary>
internal sealed class BudgetKeeper
{
    private const long SoonNs = 60_000_000;
    private const long UsualNs = 500_000_000;
    private const long SteadyNs = 1_000_000_000;
    private const int SteadyAfter = 4;
    private readonly IKernelProbes _kernel;
    private readonly IReadOnlyList<TargetProcess> _targets;
    private readonly EventSink _sink;
    private readonly Governor _governor;
    private readonly WakeGovernor _wakeGovernor;
    private (long Timed, long Skipped) _lastWakes;
    private int _rarestWakes = 1;
    private bool _wakesLeftOut;
    private readonly ProbeCost _cost;
    private readonly int _sampleHertz;
    private readonly long _startNs;
    private readonly int? _forced;
    private ulong _neverProbed;
    private readonly List<LevelChange> _changes = [];
    private bool _everWithoutProbes;
    private long _lastNs;
    private long _lastTimed;
    private long _lastSkipped;
    private long _lastCpu;
    private WorkerSums _lastWorkers;
    private WorkerSums _ended;
    private IReadOnlySet<TaskTypeId>? _sampled;
    private IReadOnlySet<TaskTypeId> _detached = new HashSet<TaskTypeId>();
    private int _unchanged;

    public BudgetKeeper(
        IKernelProbes kernel,
        IReadOnlyList<TargetProcess> targets,
        EventSink sink,
        ProfilingSessionSpec session,
        ProbeCost cost,
        long startNs,
        int? forced
    )
    {
        (_kernel, _targets, _sink, _cost, _sampleHertz, _startNs, _lastNs, _forced) = (
            kernel,
            targets,
            sink,
            cost,
            session.SampleFrequencyHz,
            startNs,
            startNs,
            forced
        );
        _governor = new Governor(session.OverheadBudgetPercent, cost);
        _wakeGovernor = new WakeGovernor(cost);
        BudgetPercent = session.OverheadBudgetPercent;
        _lastCpu = Cpu();
        foreach (var target in targets.Where(t => !t.ReturnProbesAllowed))
            _neverProbed |= BitOf(target);
        kernel.Control.SchedOnly = _neverProbed;
        EverEstimated = _neverProbed != 0;
        if (kernel.ProbeMode == ProbeMode.SchedOnly)
            Carry(
                new BudgetDecision(
                    3,
                    0,
                    new HashSet<TaskTypeId>(),
                    new HashSet<TaskTypeId>(),
                    Changed: true,
                    "this kernel offers no poll probes"
                )
            );
        else if (forced is { } level)
            Carry(Governor.Fixed(level));
        if (kernel.ProbeMode != ProbeMode.SchedOnly)
            CarryWakes(WakeGovernor.FixedRate(forced ?? 0));
    }

    public double BudgetPercent { get; }

    /// <summary>
    /// When to look again, in ns: soon after all probes were put on (at the start, or to try them again), because a target that
    /// polls without end pays for every moment of it; seldom once nothing changes, because each look costs the node, too.
    /// </summary>
    public long NextIntervalNs { get; private set; } = SoonNs;

    public int Level { get; private set; }

    /// <summary>Polls that a timed one of the sampled types stands for now.</summary>
    public int Weight { get; private set; } = 1;

    public bool EverEstimated { get; private set; }

    public IReadOnlyList<LevelChange> Changes => _changes;

    /// <summary>Its polls were timed from start to end, as far as the budget's sampling goes.</summary>
    public bool AlwaysTimed(TargetProcess target) =>
        _kernel.ProbeMode != ProbeMode.SchedOnly && !_everWithoutProbes && target.ReturnProbesAllowed;

    /// <summary>What the budget left out of the wakes; null when it was nothing.</summary>
    public string? WakesLeftOut =>
        _wakesLeftOut ? "for some of the time none was, to keep to the budget"
        : _rarestWakes > 1 ? $"1 of {_rarestWakes} was for some of the time, to keep to the budget (counts are scaled)"
        : null;

    private (long Timed, long Skipped) Wakes() => (_kernel.Count(Stat.Wakes), _kernel.Count(Stat.WakesSkipped));

    /// <summary>Hits at which nothing is timed.</summary>
    private long Skipped() => _kernel.Count(Stat.SampledOut) + _kernel.Count(Stat.PoolTasks);

    /// <summary>Of the processes while they were watched, those that are gone as well.</summary>
    private long Cpu() => _targets.Sum(t => t.Before.CpuNs + t.LastCpu - t.CpuAtStart);

    private static ulong BitOf(TargetProcess target) => 1UL << target.Place;

    private WorkerSums Workers()
    {
        var now = Sum(_kernel.ReadWorkers());
        return new WorkerSums(_ended.WaitedNs + now.WaitedNs, _ended.Switches + now.Switches);
    }

    private static WorkerSums Sum(IReadOnlyList<WorkerState> workers)
    {
        long waited = 0,
            switches = 0;
        foreach (var worker in workers)
        {
            waited += (long)worker.QueueNs;
            for (int i = 0; i < Abi.HistogramSlots; i++)
                switches += (long)worker.Histogram[i];
        }

        return new WorkerSums(waited, switches);
    }

    /// <summary>Threads of a process that is gone: the programs count them no longer.</summary>
    public void Keep(IReadOnlyList<WorkerState> ended)
    {
        var sums = Sum(ended);
        _ended = new WorkerSums(_ended.WaitedNs + sums.WaitedNs, _ended.Switches + sums.Switches);
    }

    /// <summary>A process that came in mid-run is timed as the others are now.</summary>
    /// <exception cref="BpfException">The kernel refused, and not because the process is gone.</exception>
    public void TakeIn(TargetProcess target)
    {
        _neverProbed &= ~BitOf(target);
        if (!target.ReturnProbesAllowed)
            NeverProbe(target);
        ref var control = ref _kernel.Control;
        control.SchedOnly = Level == 3 ? ulong.MaxValue : _neverProbed;
        if (control.SampleMask > 0)
            SetSampled(target, _sampled);
        if (Level == 3 || _kernel.ProbeMode == ProbeMode.SchedOnly)
            return;
        Attach(target, _detached);
        control.SchedOnly = _neverProbed;
        if (control.WakeRate > 0)
            target.Probes.AttachWakes(_kernel);
    }

    /// <summary>Its probes were refused: it is watched through the scheduler and the clock.</summary>
    public void NeverProbe(TargetProcess target)
    {
        _neverProbed |= BitOf(target);
        EverEstimated = true;
        _kernel.Control.SchedOnly |= BitOf(target);
    }

    private double SchedulerNs(long switches, long cpuNs) =>
        switches * _cost.SwitchNs + cpuNs / 1e9 * _sampleHertz * _cost.SampleNs;

    /// <summary>Of the waits for a CPU; each is a switch to the thread.</summary>
    private readonly record struct WorkerSums(long WaitedNs, long Switches);

    /// <summary>Once an interval, after the totals were read.</summary>
    public void Tick(long nowNs, IReadOnlyList<(TaskTypeId Type, long Hits)> hits)
    {
        long timed = _kernel.Count(Stat.Polls),
            skipped = Skipped(),
            cpu = Cpu(),
            used = cpu - _lastCpu;
        var workers = Workers();
        var interval = new BudgetInterval(
            new CpuUse(nowNs - _lastNs, used, workers.WaitedNs - _lastWorkers.WaitedNs),
            SchedulerNs(workers.Switches - _lastWorkers.Switches, used),
            timed - _lastTimed,
            skipped - _lastSkipped,
            hits
        );
        (_lastNs, _lastTimed, _lastSkipped, _lastCpu, _lastWorkers) = (nowNs, timed, skipped, cpu, workers);
        NextIntervalNs = ++_unchanged > SteadyAfter ? SteadyNs : UsualNs;
        if (_forced is not null || _kernel.ProbeMode == ProbeMode.SchedOnly)
            return;
        // whatever is decided now: a type that is left out from here on has no hits when all probes go
        foreach (var (type, count) in hits)
        {
            if (count > interval.Cpu.WallNs / 1e6)
                _sink.Ticks.Hot.Add(type);
        }

        var decision = _governor.Decide(interval);
        if (decision.Changed)
            Carry(decision);
        var wakes = Wakes();
        CarryWakes(
            _wakeGovernor.Decide(
                new WakeInterval(
                    decision.Level,
                    decision.Changed,
                    _governor.Polls(interval),
                    interval.TimedHits + interval.SkippedHits,
                    wakes.Timed - _lastWakes.Timed,
                    wakes.Skipped - _lastWakes.Skipped
                )
            )
        );
        _lastWakes = wakes;
    }

    private void CarryWakes(int rate)
    {
        _wakesLeftOut |= rate == 0;
        _rarestWakes = Math.Max(_rarestWakes, rate);
        ref var control = ref _kernel.Control;
        bool wereOn = control.WakeRate > 0;
        if (rate == 0)
        {
            control.WakeRate = 0;
            foreach (var target in _targets)
                target.Probes.DetachWakes();
            return;
        }

        if (rate == control.WakeRate)
            return;

        // polls since the wakes went have ended no wait
        if (!wereOn)
            control.WakeEpoch++;
        control.WakeRate = (uint)rate;
        if (!wereOn)
            AttachWakes();
    }

    private void AttachWakes()
    {
        foreach (var target in _targets.Where(t => !t.Gone && !t.Probes.OnWakes))
            target.Probes.AttachWakes(_kernel);
    }

    private void Carry(BudgetDecision decision)
    {
        _unchanged = 0;
        bool reattach = decision.Level >= 2 || Level >= 2;
        NextIntervalNs = Level >= 2 && decision.Level < 2 ? SoonNs : UsualNs;
        Level = decision.Level;
        (_sampled, _detached) = (decision.Sampled, decision.Detached);
        Weight = decision.SampleMask + 1;
        _sink.Weights.Set(Weight, decision.Sampled);
        EverEstimated |= Level > 0;
        _everWithoutProbes |= Level == 3;
        ref var control = ref _kernel.Control;
        if (decision.SampleMask > 0)
            SetSampled(decision.Sampled);
        control.SampleMask = (uint)decision.SampleMask;
        if (reattach)
        {
            foreach (var target in _targets.Where(t => !t.Gone))
            {
                if (Level == 3)
                    target.Probes.Detach();
                else
                    Attach(target, decision.Detached);
            }

            // returns of polls that were open while the probes changed are never seen
            control.Epoch++;
        }

        control.SchedOnly = Level == 3 ? ulong.MaxValue : _neverProbed;
        if (Level != 3)
            _sink.Ticks.Flush();
        if (_changes.Count < 1000)
            _changes.Add(new LevelChange(Math.Max(0, _lastNs - _startNs), Level, Weight, decision.Reason));
    }

    private void SetSampled(IReadOnlySet<TaskTypeId>? sampled)
    {
        foreach (var target in _targets)
            SetSampled(target, sampled);
    }

    private void SetSampled(TargetProcess target, IReadOnlySet<TaskTypeId>? sampled)
    {
        for (int type = 0; type < target.Tokio.Types.Count; type++)
        {
            var number = target.Numbers.NumberOf(type);
            _kernel.SetSampled(number, sampled?.Contains(number) ?? true);
        }
    }

    private void Attach(TargetProcess target, IReadOnlySet<TaskTypeId> without) =>
        Attach(target, () => target.Probes.Attach(_kernel, without));

    /// <summary>A library that came in mid-run.</summary>
    /// <returns>False where nothing is probed for now: it is with the next attempt.</returns>
    /// <exception cref="BpfException">The kernel refused, and not because the process is gone.</exception>
    public bool AttachFile(TargetProcess target, int file)
    {
        if (Level >= 3)
            return false;
        Attach(target, () => target.Probes.AttachFile(_kernel, file));
        if (_kernel.Control.WakeRate > 0)
            target.Probes.AttachWakes(_kernel);
        return true;
    }

    private void Attach(TargetProcess target, Action attach)
    {
        try
        {
            attach();
            if (!target.ReturnProbesAllowed)
            {
                _neverProbed |= BitOf(target);
                EverEstimated = true;
            }
        }
        catch (BpfException) when (!target.IsAlive())
        {
            // it ended a moment ago: the next reading of the targets says so, and the report is kept
        }
    }

    public Overhead Overhead(long agentCpuNs)
    {
        long timed = _kernel.Count(Stat.Polls),
            skipped = Skipped(),
            cpu = Cpu();
        var wakes = Wakes();
        // what the target pays; the agent's own CPU time is the node's and stands beside it
        double percent = _governor.Percent(
            new CpuUse(_lastNs - _startNs, cpu, _lastWorkers.WaitedNs),
            SchedulerNs(_lastWorkers.Switches, cpu) + _cost.WakesNs(wakes.Timed, wakes.Skipped),
            timed,
            skipped
        );
        return new Overhead
        {
            BudgetPercent = BudgetPercent,
            MeasuredPercent = Math.Round(percent, 3),
            ProbeHits = timed + skipped + wakes.Timed + wakes.Skipped,
            CostPerPollNs = (long)_cost.TimedNs,
            CostPerWakeNs = wakes.Timed > 0 ? (long)_cost.WakeNs : 0,
            AgentCpuNs = agentCpuNs,
            AgentPeakBytes = AgentClock.OwnPeakBytes,
            Level = Level,
            LevelChanges = _changes,
        };
    }
}
