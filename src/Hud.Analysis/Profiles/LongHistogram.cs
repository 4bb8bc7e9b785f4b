using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// Waits of a millisecond and more in eighths of a power of two, as the BPF programs keep them beside the powers of two of all: slot i counts
/// values from (8 + i % 8) / 8 * 2^(20 + i / 8) ns to the next slot's. Pure.
/// </summary>
public static class LongHistogram
{
    /// <summary>Log2 of the nanoseconds at which it begins.</summary>
    public const int From = 20;

    /// <summary>Log2 of the steps of a power of two.</summary>
    public const int Shift = 3;

    public const int Slots = 128;
    private const int Steps = 1 << Shift;

    /// <summary>
    /// The value below which the share <paramref name="q"/> (0..1) of the waits lies. From a millisecond on it is the middle of a step, and so
    /// within 1/16 of the truth; below, and over 68 s, as <see cref="Log2Histogram.Quantile"/> gives it. The two are read one after the other:
    /// which power of two it is, the first one says.
    /// </summary>
    public static long Quantile(WaitFacts waits, double q)
    {
        ArgumentNullException.ThrowIfNull(waits);
        double wanted = waits.Histogram.Sum() * q,
            below = 0;
        for (int power = 0; power < waits.Histogram.Length; power++)
        {
            long count = waits.Histogram[power];
            if (count > 0 && below + count >= wanted)
                return WithinPower(waits, power, (wanted - below) / count)
                    ?? Log2Histogram.Quantile(waits.Histogram, q, waits.MaxNs);
            below += count;
        }

        return waits.MaxNs;
    }

    /// <param name="share">Of the waits in this power of two.</param>
    private static long? WithinPower(WaitFacts waits, int power, double share)
    {
        int first = (power - From) * Steps;
        if (first < 0 || first + Steps > waits.Long.Length)
            return null;
        var steps = waits.Long.AsSpan(first, Steps);
        long all = 0,
            below = 0;
        foreach (long count in steps)
            all += count;
        for (int i = 0; i < Steps; i++)
        {
            below += steps[i];
            if (steps[i] > 0 && below >= all * share)
                return Math.Min(waits.MaxNs, (long)(Math.Pow(2, power) * (1 + (i + 0.5) / Steps)));
        }

        return null;
    }
}
