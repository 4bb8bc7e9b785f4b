using System.Diagnostics.CodeAnalysis;

namespace Hud.Kubernetes;

/// <summary>
/// Keys to work on, each at most once at a time. A key added while it waits is not added again; one added while it is worked on waits until
/// <see cref="Done"/> and then comes back. So a worker never sees the same key in two hands, and no change is forgotten.
/// </summary>
/// <param name="laneOf">Whose turn a key takes, e.g. its namespace: see <see cref="LaneQueue{TKey}"/>. Null: all are served in order.</param>
[SuppressMessage("Naming", "CA1711", Justification = "it is a queue, and the field calls it so")]
public sealed class WorkQueue<TKey>(
    TimeProvider time,
    Backoff backoff,
    string name = "queue",
    Func<TKey, string>? laneOf = null
)
    where TKey : notnull
{
    // a timer takes 49 days at most; whoever is woken before the time has come says again how long to wait
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly LaneQueue<TKey> _ready = new(laneOf);
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _processing = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Dictionary<TKey, (long Due, ITimer Timer)> _later = [];
    private readonly Dictionary<TKey, long> _addedAt = [];
    private readonly Dictionary<TKey, long> _startedAt = [];
    private readonly SemaphoreSlim _available = new(0);
    private readonly QueueMetrics _metrics = new(name);
    private IDisposable? _watched;
    private bool _closed;

    /// <summary>How long the keys in work have been worked on, together and the longest of them; the metrics of a queue that is stuck.</summary>
    public (TimeSpan Together, TimeSpan Longest) InWork
    {
        get
        {
            lock (_lock)
            {
                var (together, longest) = (TimeSpan.Zero, TimeSpan.Zero);
                foreach (var started in _startedAt.Values)
                {
                    var worked = time.GetElapsedTime(started);
                    together += worked;
                    longest = worked > longest ? worked : longest;
                }
                return (together, longest);
            }
        }
    }

    /// <summary>Shows <see cref="InWork"/> among the metrics until the queue is closed.</summary>
    public void Watch() => _watched ??= KubernetesMeter.Watch(name, () => InWork);

    public int Depth
    {
        get
        {
            lock (_lock)
                return _ready.Count;
        }
    }

    public void Add(TKey key)
    {
        lock (_lock)
        {
            if (_closed || !_dirty.Add(key))
                return;
            _metrics.Adds();
            _addedAt.TryAdd(key, time.GetTimestamp());
            if (_processing.Contains(key))
                return;
            Enqueue(key);
        }
    }

    /// <summary>Adds the key when the time has come, or after a day if that is sooner. Of two such wishes for one key the earlier counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }
        if (delay > LongestWait)
            delay = LongestWait;
        lock (_lock)
        {
            if (_closed)
                return;
            var due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
            if (_later.TryGetValue(key, out var waiting))
            {
                if (waiting.Due <= due)
                    return;
                waiting.Timer.Dispose();
            }
            var timer = time.CreateTimer(_ => Due(key, due), state: null, delay, Timeout.InfiniteTimeSpan);
            _later[key] = (due, timer);
        }
    }

    /// <summary>Adds the key after the pause that its failures in a row have earned.</summary>
    public void AddRateLimited(TKey key)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
            wait = backoff.After(failures);
        }
        _metrics.Retries();
        AddAfter(key, wait);
    }

    /// <summary>The key went well: its next failure is the first again.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
            _failures.Remove(key);
    }

    public int Failures(TKey key)
    {
        lock (_lock)
            return _failures.GetValueOrDefault(key);
    }

    /// <summary>The next key, which the caller must hand back with <see cref="Done"/>.</summary>
    public async Task<TKey> TakeAsync(CancellationToken cancel)
    {
        while (true)
        {
            await _available.WaitAsync(cancel).ConfigureAwait(false);
            lock (_lock)
            {
                if (!_ready.TryDequeue(out var key))
                    continue;
                _dirty.Remove(key);
                _processing.Add(key);
                var now = time.GetTimestamp();
                if (_addedAt.Remove(key, out var added))
                    _metrics.Waited(time.GetElapsedTime(added, now));
                _startedAt[key] = now;
                _metrics.Depth(-1);
                return key;
            }
        }
    }

    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (!_processing.Remove(key))
                return;
            if (_startedAt.Remove(key, out var started))
                _metrics.Worked(time.GetElapsedTime(started));
            if (_dirty.Contains(key))
                Enqueue(key);
        }
    }

    /// <summary>Takes no more keys and drops those that wait for their time.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _watched?.Dispose();
            foreach (var (_, timer) in _later.Values)
                timer.Dispose();
            _later.Clear();
        }
    }

    private void Due(TKey key, long due)
    {
        lock (_lock)
        {
            if (!_later.TryGetValue(key, out var waiting) || waiting.Due != due)
                return;
            waiting.Timer.Dispose();
            _later.Remove(key);
        }
        Add(key);
    }

    private void Enqueue(TKey key)
    {
        _ready.Enqueue(key);
        _metrics.Depth(1);
        _available.Release();
    }
}

/// <summary>Doubling pauses between a floor and a ceiling.</summary>
public sealed record Backoff(TimeSpan Base, TimeSpan Max)
{
    /// <param name="failures">Failures in a row before this one.</param>
    public TimeSpan After(int failures)
    {
        var ticks = Base.Ticks * Math.Pow(2, Math.Min(failures, 40));
        return ticks >= Max.Ticks ? Max : TimeSpan.FromTicks((long)ticks);
    }
}
