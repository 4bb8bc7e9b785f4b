namespace Hud.Reports.Text;

/// <summary>Histograms of the profile document: entry i counts values in [2^i, 2^(i+1)) ns.</summary>
public static class Histograms
{
    /// <summary>The value below which a share of the counts lies: linear within its bucket, 0 when empty.</summary>
    public static long Percentile(IReadOnlyList<long> histogram, double share)
    {
        double total = 0;
        foreach (long n in histogram)
            total += n;
        if (total <= 0)
            return 0;
        double wanted = total * share, seen = 0;
        for (int i = 0; i < histogram.Count && i < 62; i++)
        {
            if (histogram[i] > 0 && seen + histogram[i] >= wanted)
                return (long)((1L << i) * (1 + Math.Clamp((wanted - seen) / histogram[i], 0, 1)));
            seen += histogram[i];
        }

        return 0;
    }
}
