using System.Numerics;

namespace Hud.Core.Profile;

/// <summary>Histograms of powers of two, as the BPF programs keep them: slot i counts values in [2^i, 2^(i+1)) ns, slot 0 also 0.
/// A list may end early: missing slots are 0.</summary>
public static class Log2Histogram
{
    /// <summary>As many as <c>HUD_HISTOGRAM_SLOTS</c> of the BPF programs; the last one also counts what is longer.</summary>
    public const int Slots = 40;

    public static int Slot(long ns) => ns <= 1 ? 0 : Math.Min(BitOperations.Log2((ulong)ns), Slots - 1);

    /// <summary>Without the empty slots at the end.</summary>
    public static IReadOnlyList<long> Trim(ReadOnlySpan<long> slots)
    {
        int length = slots.Length;
        while (length > 0 && slots[length - 1] == 0)
            length--;
        return slots[..length].ToArray();
    }

    public static IReadOnlyList<long> Sum(IEnumerable<IReadOnlyList<long>> histograms)
    {
        ArgumentNullException.ThrowIfNull(histograms);
        var sum = new List<long>();
        foreach (var histogram in histograms)
        {
            for (int i = 0; i < histogram.Count; i++)
            {
                if (i == sum.Count)
                    sum.Add(0);
                sum[i] += histogram[i];
            }
        }

        return sum;
    }

    /// <summary>
    /// The value below which the share <paramref name="q"/> (0..1) lies: linear within its slot, so within a factor of two of
    /// the truth, and never above <paramref name="maxNs"/>, which an empty histogram gives as it is.
    /// </summary>
    public static long Quantile(IReadOnlyList<long> slots, double q, long maxNs)
    {
        ArgumentNullException.ThrowIfNull(slots);
        double wanted = slots.Sum() * q,
            below = 0;
        for (int i = 0; i < slots.Count; i++)
        {
            if (slots[i] > 0 && below + slots[i] >= wanted)
                return Math.Min(maxNs, (long)(Math.Pow(2, i) * (1 + (wanted - below) / slots[i])));
            below += slots[i];
        }

        return maxNs;
    }
}
