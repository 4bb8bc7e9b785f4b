namespace Hud.Analysis;

/// <summary>Which of a few numbers stand out, by figures that the ones that do cannot move. Pure.</summary>
internal static class Robust
{
    /// <summary>About four standard deviations where the numbers are spread normally (1.4826 MAD is one).</summary>
    private const double Spreads = 6;

    /// <summary>0 for no numbers.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        int middle = sorted.Count / 2;
        return sorted.Count == 0 ? 0
            : sorted.Count % 2 == 1 ? sorted[middle]
            : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>
    /// Places of the numbers that are above the median by the floor, by the factor, and by far more than the numbers differ anyhow (median of
    /// their distances from the median). None where that are more than a quarter: those are a group and not odd ones.
    /// </summary>
    /// <param name="floor">Least difference that is worth a word, in the numbers' unit.</param>
    public static IReadOnlyList<int> Above(IReadOnlyList<double> values, double floor, double factor)
    {
        double median = Median(values);
        double spread = Median(values.Select(v => Math.Abs(v - median)));
        double limit = median + Math.Max(floor, Math.Max((factor - 1) * median, Spreads * spread));
        var above = Enumerable.Range(0, values.Count).Where(i => values[i] > limit).ToList();
        return above.Count * 4 > values.Count ? [] : above;
    }
}
