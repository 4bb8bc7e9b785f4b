using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Durations of one hotspot: exact count, sum and maximum; percentiles from at most <paramref name="maxKept"/> of them.</summary>
public sealed class DurationSet(int maxKept = DurationSet.MaxKept)
{
    public const int MaxKept = 1024;
    private readonly List<long> _kept = [];
    private readonly long[] _histogram = new long[Log2Histogram.Slots];
    private long _seen;

    public long Count { get; private set; }

    public long TotalNs { get; private set; }

    public long MaxNs { get; private set; }

    public IReadOnlyList<long> Histogram => Log2Histogram.Trim(_histogram);

    /// <param name="weight">How many polls this one stands for, when polls are sampled.</param>
    public void Add(long ns, int weight = 1)
    {
        Count += weight;
        TotalNs += ns * weight;
        MaxNs = Math.Max(MaxNs, ns);
        _histogram[Log2Histogram.Slot(ns)] += weight;
        _seen++;
        if (_kept.Count < maxKept)
            _kept.Add(ns);
        else if (
            (ulong)_seen * 0x9E3779B97F4A7C15 >> 1 is var mixed
            && (long)(mixed % (ulong)_seen) is var at
            && at < maxKept
        )
            _kept[(int)at] = ns; // reservoir with a fixed sequence: the same input gives the same report
    }

    /// <summary>Undoes the last <see cref="Add(long, int)"/> of the same values; false when it was not the last.</summary>
    public bool Take(long ns, int weight)
    {
        if (_kept.Count == 0 || _seen != _kept.Count || _kept[^1] != ns)
            return false;
        _kept.RemoveAt(_kept.Count - 1);
        _seen--;
        Count -= weight;
        TotalNs -= ns * weight;
        _histogram[Log2Histogram.Slot(ns)] -= weight;
        MaxNs = _kept.Count > 0 ? _kept.Max() : 0;
        return true;
    }

    public void Add(DurationSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Count += other.Count;
        TotalNs += other.TotalNs;
        MaxNs = Math.Max(MaxNs, other.MaxNs);
        for (int i = 0; i < _histogram.Length; i++)
            _histogram[i] += other._histogram[i];
        _seen += other._seen;
        foreach (long ns in other._kept)
        {
            if (_kept.Count < MaxKept * 4)
                _kept.Add(ns);
        }
    }

    /// <summary>Nearest-rank percentile, 0..100; 0 when empty.</summary>
    public long Percentile(double percent)
    {
        if (_kept.Count == 0)
            return 0;
        long[] sorted = [.. _kept];
        Array.Sort(sorted);
        int rank = (int)Math.Ceiling(percent / 100 * sorted.Length) - 1;
        return sorted[Math.Clamp(rank, 0, sorted.Length - 1)];
    }
}
