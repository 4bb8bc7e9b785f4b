namespace Hud.Analysis;

/// <summary>Numbers the runtimes of each target by the address of their scheduler handle.</summary>
public sealed class Runtimes
{
    /// <summary>Of the kernel's half of the address space: no handle is there.</summary>
    private const ulong NoAddress = 1UL << 63;

    /// <summary>Less than the scheduler handle of any Tokio with its counts in front: what lies beyond may be another allocation.</summary>
    private const ulong HandleBytes = 256;

    private readonly Dictionary<(TargetId Target, ulong Handle), int> _numbers = [];
    private readonly Dictionary<(TargetId Target, int Runtime), int> _workers = [];
    private readonly Dictionary<(TargetId Target, int Tid), int> _ofThread = [];

    public Runtimes(IEnumerable<WorkerFacts> workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        // some show no handle, because they are idle or in a poll that began before the run: they belong to the runtime whose handle
        // their stack points into, else to that of the polling workers with their name, else to one that those with this name share
        var all = workers.ToList();
        var byName = new Dictionary<(TargetId, string), ulong>();
        foreach (var worker in all.Where(ShowsHandle).OrderBy(w => w.Target.Index).ThenBy(w => w.Tid))
        {
            byName.TryAdd((worker.Target, worker.Name), worker.Runtime);
            Count(worker.Target, worker.Runtime);
            _ofThread[(worker.Target, worker.Tid)] = _numbers[(worker.Target, worker.Runtime)];
        }

        foreach (var worker in all.Where(w => !ShowsHandle(w)))
        {
            ulong handle;
            if (worker.Alone)
                handle = NoAddress | (uint)worker.Tid;
            else if (HandleOnStack(worker) is { } pointed)
                handle = pointed;
            else if (!byName.TryGetValue((worker.Target, worker.Name), out handle))
                byName[(worker.Target, worker.Name)] = handle = NoAddress | (uint)byName.Count << 32;
            Count(worker.Target, handle);
            _ofThread[(worker.Target, worker.Tid)] = _numbers[(worker.Target, handle)];
        }
    }

    /// <summary>Two runtimes may call their threads alike; a parked worker has references to its own one's handle on its stack.</summary>
    private ulong? HandleOnStack(WorkerFacts worker)
    {
        (ulong Handle, int Words) best = default;
        foreach (var (target, handle) in _numbers.Keys)
        {
            int words =
                target == worker.Target && handle < NoAddress
                    ? worker.StackWords.Count(word => word - handle < HandleBytes)
                    : 0;
            if (words > best.Words)
                best = (handle, words);
        }

        return best.Words > 0 ? best.Handle : null;
    }

    private static bool ShowsHandle(WorkerFacts worker) => worker is { Idle: false, Runtime: not 0 };

    private void Count(TargetId target, ulong handle)
    {
        if (!_numbers.TryGetValue((target, handle), out int number))
            _numbers[(target, handle)] = number = _numbers.Keys.Count(k => k.Target == target);
        _workers[(target, number)] = _workers.GetValueOrDefault((target, number)) + 1;
    }

    public int NumberOf(TargetId target, ulong handle) => _numbers.GetValueOrDefault((target, handle));

    /// <summary>A thread drives one runtime, though its polls may show two handles: that of a LocalSet is another one.</summary>
    public int NumberOf(TargetId target, int tid, ulong handle) =>
        _ofThread.TryGetValue((target, tid), out int number) ? number : NumberOf(target, handle);

    /// <summary>The same, null where neither the thread nor the handle is known.</summary>
    public int? Find(TargetId target, int tid, ulong handle) =>
        _ofThread.TryGetValue((target, tid), out int number) ? number
        : _numbers.TryGetValue((target, handle), out number) ? number
        : null;

    public int NumberOf(WorkerFacts worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return NumberOf(worker.Target, worker.Tid, worker.Runtime);
    }

    public int WorkersOf(TargetId target, int runtime) => _workers.GetValueOrDefault((target, runtime));

    public int WorkersOf(TargetId target) => _workers.Where(p => p.Key.Target == target).Sum(p => p.Value);

    public int RuntimesOf(TargetId target) => _numbers.Keys.Count(k => k.Target == target);

    public IEnumerable<(TargetId Target, int Runtime)> All => _workers.Keys;

    public int TotalWorkers => _workers.Values.Sum();
}
