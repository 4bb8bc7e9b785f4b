namespace Hud.Analysis;

/// <summary>Numbers the runtimes of each target by the address of their scheduler handle.</summary>
public sealed class Runtimes
{
    private readonly Dictionary<(int Target, ulong Handle), int> _numbers = [];
    private readonly Dictionary<(int Target, int Runtime), int> _workers = [];
    private readonly Dictionary<(int Target, int Tid), int> _idle = [];

    public Runtimes(IEnumerable<WorkerFacts> workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        // idle workers show no handle: they belong to the runtime of the polling workers with their name, else to the first
        var all = workers.ToList();
        var byName = new Dictionary<(int, string), ulong>();
        foreach (var worker in all.Where(w => !w.Idle).OrderBy(w => w.Target).ThenBy(w => w.Tid))
        {
            byName.TryAdd((worker.Target, worker.Name), worker.Runtime);
            Count(worker.Target, worker.Runtime);
        }

        foreach (var worker in all.Where(w => w.Idle))
        {
            if (!byName.TryGetValue((worker.Target, worker.Name), out ulong handle))
                handle = byName.FirstOrDefault(p => p.Key.Item1 == worker.Target).Value;
            Count(worker.Target, handle);
            _idle[(worker.Target, worker.Tid)] = _numbers[(worker.Target, handle)];
        }
    }

    private void Count(int target, ulong handle)
    {
        if (!_numbers.TryGetValue((target, handle), out int number))
            _numbers[(target, handle)] = number = _numbers.Keys.Count(k => k.Target == target);
        _workers[(target, number)] = _workers.GetValueOrDefault((target, number)) + 1;
    }

    public int NumberOf(int target, ulong handle) => _numbers.GetValueOrDefault((target, handle));

    public int NumberOf(WorkerFacts worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return _idle.TryGetValue((worker.Target, worker.Tid), out int number)
            ? number
            : NumberOf(worker.Target, worker.Runtime);
    }

    public int WorkersOf(int target, int runtime) => _workers.GetValueOrDefault((target, runtime));

    public int WorkersOf(int target) => _workers.Where(p => p.Key.Target == target).Sum(p => p.Value);

    public int RuntimesOf(int target) => _numbers.Keys.Count(k => k.Target == target);

    public IEnumerable<(int Target, int Runtime)> All => _workers.Keys;

    public int TotalWorkers => _workers.Values.Sum();
}
