using System.Globalization;
using Hud.Core.Profile;
using Hud.Metrics.Format;

namespace Hud.Metrics;

/// <summary>
/// From the kernel's powers of two to the buckets that are served: each bound is one of them, so every count is exact, and there are fewer where
/// nobody looks: every second one below half a millisecond and above half a second.
/// </summary>
public static class HistogramBounds
{
    /// <summary>2 to the power of each, in ns, is a bound: 2 us to 8.6 s.</summary>
    private static readonly int[] Powers = [11, 13, 15, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 33];

    /// <summary>Exact decimals: 2^20 ns are 0.001048576 s.</summary>
    private static readonly (string Text, double Seconds)[] Bounds =
    [
        .. Powers.Select(p => (1L << p) / 1_000_000_000m).Select(s => (Text(s), (double)s)),
    ];

    /// <param name="slots">As <see cref="Log2Histogram"/> has them.</param>
    /// <param name="exemplars">In any order; the last of a bucket is taken.</param>
    public static HistogramSample Sample(
        IReadOnlyList<Label> labels,
        IReadOnlyList<long> slots,
        long sumNs,
        IEnumerable<Exemplar> exemplars
    )
    {
        ArgumentNullException.ThrowIfNull(slots);
        var byBucket = exemplars
            .GroupBy(e => Array.FindIndex(Bounds, b => e.Value <= b.Seconds))
            .ToDictionary(g => g.Key, g => g.MaxBy(e => e.At));
        var buckets = new Bucket[Powers.Length];
        long count = 0;
        for (int i = 0, slot = 0; i < Powers.Length; i++)
        {
            for (; slot < Powers[i] && slot < slots.Count; slot++)
                count += slots[slot];
            buckets[i] = new Bucket(Bounds[i].Text, Bounds[i].Seconds, count, byBucket.GetValueOrDefault(i));
        }

        return new HistogramSample(labels, buckets, slots.Sum(), sumNs / 1e9, byBucket.GetValueOrDefault(-1), slots);
    }

    private static string Text(decimal seconds) => seconds.ToString("0.###########", CultureInfo.InvariantCulture);
}
