namespace Hud.Reports.Merge;

/// <summary>Histograms of powers of two: entry i counts values in [2^i, 2^(i+1)).</summary>
public static class Histograms
{
    public static IReadOnlyList<long> Sum(IEnumerable<IReadOnlyList<long>> histograms)
    {
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
    /// The value below which the share <paramref name="q"/> lies, interpolated within its power of two (so within a
    /// factor of two of the truth) and never above <paramref name="max"/>.
    /// </summary>
    public static long Quantile(IReadOnlyList<long> histogram, double q, long max)
    {
        double wanted = histogram.Sum() * q;
        if (wanted <= 0)
            return 0;
        double before = 0;
        for (int i = 0; i < histogram.Count; i++)
        {
            if (before + histogram[i] >= wanted && histogram[i] > 0)
                return Math.Min(max, (long)(Math.Pow(2, i) * (1 + (wanted - before) / histogram[i])));
            before += histogram[i];
        }

        return max;
    }
}
