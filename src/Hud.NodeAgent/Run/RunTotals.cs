using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Frames;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>Totals per poll type and per worker, read from the kernel once a second and scaled where polls were sampled.</summary>
internal sealed class RunTotals(IKernelProbes kernel, IReadOnlyList<TargetProcess> targets, int types)
{
    private readonly List<TypeStats> _seen = [.. new TypeStats[types]];
    private readonly List<TaskTypeFacts?> _facts = [.. new TaskTypeFacts?[types]];
    private readonly Dictionary<(int, int), string> _names = [];
    private readonly HashSet<TaskTypeId> _activeTypes = [];
    private readonly Dictionary<int, List<WorkerFacts>> _ended = [];
    private int _round;

    /// <summary>Timed polls by type since the last reading.</summary>
    public List<(TaskTypeId Type, long Hits)> NewHits { get; } = [];

    /// <summary>Types of a library that was loaded in mid-run come behind all others.</summary>
    public void GrowTo(int count)
    {
        for (int type = _seen.Count; type < count; type++)
        {
            _seen.Add(default);
            _facts.Add(null);
        }
    }

    /// <param name="weights">Polls that one timed poll stood for since the last reading.</param>
    public void Read(PollWeights weights)
    {
        NewHits.Clear();
        // thousands of types are mostly silent: those are looked at every eighth time
        bool all = _seen.Count <= 256 || _round++ % 8 == 0;
        for (int type = 0; type < _seen.Count; type++)
        {
            var id = new TaskTypeId(type);
            if (!all && !_activeTypes.Contains(id))
                continue;
            var now = kernel.ReadType(id);
            var before = _seen[type];
            long polls = (long)(now.Polls - before.Polls);
            if (polls == 0)
                continue;
            int weight = weights.Of(id);
            _activeTypes.Add(id);
            NewHits.Add((id, polls));
            _seen[type] = now;
            var facts = _facts[type] ??= Describe(new TaskTypeId(type));
            long[] histogram = [.. facts.Histogram];
            for (int i = 0; i < histogram.Length; i++)
                histogram[i] += (long)(now.Histogram[i] - before.Histogram[i]) * weight;
            _facts[type] = facts with
            {
                Polls = facts.Polls + polls * weight,
                Slow = facts.Slow + (long)(now.Slow - before.Slow) * weight,
                TotalNs = facts.TotalNs + (long)(now.TotalNs - before.TotalNs) * weight,
                MaxNs = Math.Max(facts.MaxNs, (long)now.MaxNs),
                Histogram = histogram,
                Estimated = facts.Estimated || weight > 1,
                Waits = Waits(id, facts.Waits),
            };
        }
    }

    /// <summary>The programs have scaled them: a wake stands for others by what held when it was timed.</summary>
    private WaitFacts? Waits(TaskTypeId type, WaitFacts? before)
    {
        var now = kernel.ReadWakes(type);
        if (now.Wakes == 0)
            return null;
        var longer = kernel.ReadLongWaits(type);
        long[] histogram = new long[Abi.HistogramSlots];
        for (int i = 0; i < histogram.Length; i++)
            histogram[i] = (long)now.Histogram[i];
        return new WaitFacts
        {
            Count = (long)now.Wakes,
            TotalNs = (long)now.TotalNs,
            MaxNs = (long)now.MaxNs,
            Histogram = histogram,
            Long = [.. ((ReadOnlySpan<ulong>)longer.Histogram).ToArray().Select(count => (long)count)],
            Estimated = before?.Estimated == true || kernel.Control.WakeRate != 1,
        };
    }

    public IReadOnlyList<TaskTypeFacts> Types
    {
        get
        {
            for (int type = 0; type < _facts.Count; type++)
                _facts[type] ??= Describe(new TaskTypeId(type));
            return _facts!;
        }
    }

    private TaskTypeFacts Describe(TaskTypeId type)
    {
        var target = targets.First(t =>
            t.Tokio.Types.Count > 0 && (t.Numbers.TypeOf(type) >= 0 || t.Numbers.Outside == type)
        );
        return new TaskTypeFacts
        {
            Target = target.Id,
            Name =
                type == target.Numbers.Outside
                    ? TaskTypeFacts.OutsidePolls
                    : target.Tokio.Types[target.Numbers.TypeOf(type)].Name,
            Histogram = new long[Abi.HistogramSlots],
        };
    }

    public List<WorkerFacts> Workers()
    {
        List<WorkerFacts> facts = [.. _ended.Values.SelectMany(w => w)];
        foreach (var worker in targets.ByRow(kernel.ReadWorkers()))
        {
            long[] histogram = new long[Abi.HistogramSlots];
            for (int i = 0; i < histogram.Length; i++)
                histogram[i] = (long)worker.Histogram[i];
            facts.Add(
                new WorkerFacts
                {
                    Target = new TargetId((int)worker.Target),
                    Tid = (int)worker.NsTid,
                    Name = NameOf(targets[(int)worker.Target].Pid, (int)worker.NsTid),
                    Runtime = worker.Runtime,
                    Polls = (long)worker.Polls,
                    Slow = (long)worker.Slow,
                    BusyNs = (long)worker.BusyNs,
                    QueueNs = (long)worker.QueueNs,
                    QueueMaxNs = (long)worker.QueueMaxNs,
                    Histogram = histogram,
                }
            );
        }

        return facts;
    }

    public string NameOf(int pid, int tid)
    {
        if (_names.TryGetValue((pid, tid), out string? name) && name.Length > 0)
            return name;
        return _names[(pid, tid)] = ProcFs.ThreadName(pid, tid);
    }

    /// <summary>The last look at the threads of a process that is gone: their places go to those that come.</summary>
    /// <returns>What the programs had counted of them.</returns>
    public IReadOnlyList<WorkerState> Settle(TargetProcess target)
    {
        _ended[target.Id.Index] = [.. Workers().Where(w => w.Target == target.Id)];
        foreach (var key in _names.Keys.Where(k => k.Item1 == target.Pid).ToList())
            _names.Remove(key); // the pid may be another process's
        return kernel.FreeWorkers(new TargetId((int)target.Number));
    }

    /// <summary>Another process has the row: the workers before it are no longer listed.</summary>
    public void ForgetWorkers(TargetId row) => _ended.Remove(row.Index);

    public void Rename(int pid, int tid, string name) => _names[(pid, tid)] = name;

    public Losses Losses(EventSink sink) =>
        new()
        {
            RingBufferDrops = kernel.Count(Stat.RingDrops),
            RateLimited = kernel.Count(Stat.RateLimited),
            ThreadStateFailures = kernel.Count(Stat.NoThreadState),
            PollDepthOverflows = kernel.Count(Stat.DepthOverflow),
            StackCopyFailures = kernel.Count(Stat.StackFailed),
            StackSlotsExhausted = kernel.Count(Stat.NoSlot),
            DecodeErrors = sink.DecodeErrors,
            TruncatedStacks = sink.Unwinding.Truncated,
            SampledOutPolls = kernel.Count(Stat.SampledOut),
            MissedReturns = kernel.Count(Stat.MissedReturns),
            MissedSwitches = kernel.Count(Stat.MissedSwitches),
            SamplesLimited = kernel.Count(Stat.SamplesLimited),
            WakersLimited = kernel.Count(Stat.WakersLimited),
            WakesLost = kernel.Count(Stat.WakesLost),
            WaitsLimited = kernel.Count(Stat.WaitsLimited),
            UnknownTypes = kernel.Count(Stat.TypeOutOfRange),
            ProgramMisses = kernel.ProgramMisses,
            UnwindStops = Enum.GetValues<StopReason>()
                .Where(r => r is not (StopReason.ReachedPoll or StopReason.EndOfStack) && sink.Unwinding[r] > 0)
                .ToDictionary(r => r.ToString(), r => sink.Unwinding[r], StringComparer.Ordinal),
        };
}
