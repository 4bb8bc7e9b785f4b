using Hud.Core.Profile;

namespace Hud.Cli.Cockpit;

/// <summary>A hotspot as the table shows it, over the window.</summary>
internal sealed record HotspotRow(
    Hotspot Hotspot,
    double Percent,
    long Count,
    long TotalNs,
    int Trend,
    IReadOnlyList<double> Spark
)
{
    public string Key => LiveModel.Key(Hotspot);
}

internal enum SortBy
{
    Lost,
    Count,
    P99,
    Max,
    Trend,
}

/// <summary>From the model to the rows of the table: window, search and order. Pure.</summary>
internal static class HotspotRows
{
    private const int SparkColumns = 8;
    private const int TrendSeconds = 10;

    public static IReadOnlyList<HotspotRow> Build(LiveModel model, TimeSpan window, string search, SortBy sort)
    {
        if (model.Now is not { } now)
            return [];
        var before = model.Before(window);
        double span = Math.Max(1, now.ElapsedNs - (before?.AtNs ?? 0));
        int workers = Math.Max(1, now.Summary.Workers);
        var rows = now.Hotspots.Where(h => Matches(h, search)).Select(h => Row(model, h, before, span * workers));
        // pressure is not the code's fault, so it never stands above what is
        var causes = rows.Where(r => r.Count > 0 || before is null)
            .OrderBy(r => Reports.Text.Words.IsPressure(r.Hotspot.Cause));
        return
        [
            .. (
                sort switch
                {
                    SortBy.Count => causes.ThenByDescending(r => r.Count),
                    SortBy.P99 => causes.ThenByDescending(r => r.Hotspot.P99Ns),
                    SortBy.Max => causes.ThenByDescending(r => r.Hotspot.MaxNs),
                    SortBy.Trend => causes.ThenByDescending(r => r.Trend),
                    _ => causes.ThenByDescending(r => r.TotalNs),
                }
            ).ThenBy(r => r.Hotspot.Rank),
        ];
    }

    private static HotspotRow Row(LiveModel model, Hotspot h, Sample? before, double workerNs)
    {
        var past = before is not null && before.Hotspots.TryGetValue(LiveModel.Key(h), out var p) ? p : default;
        long total = before is null ? h.TotalNs : Math.Max(0, h.TotalNs - past.TotalNs);
        double percent = before is null ? h.Percent : 100 * total / workerNs;
        return new(
            h,
            percent,
            before is null ? h.Count : Math.Max(0, h.Count - past.Count),
            total,
            Trend(model, h),
            Spark(model, h)
        );
    }

    /// <summary>1 more than in the ten seconds before, -1 less, by a quarter or more.</summary>
    private static int Trend(LiveModel model, Hotspot h)
    {
        var samples = model.Samples;
        if (samples.Count < 4)
            return 0;
        int span = Math.Min(TrendSeconds, (samples.Count - 1) / 2);
        double recent = Total(samples[^1], h) - Total(samples[^(1 + span)], h);
        double earlier = Total(samples[^(1 + span)], h) - Total(samples[^(1 + 2 * span)], h);
        return recent > earlier * 1.25 && recent > 0 ? 1
            : recent < earlier * 0.75 ? -1
            : 0;
    }

    /// <summary>Time lost in each of the last seconds, as shares of the largest.</summary>
    private static double[] Spark(LiveModel model, Hotspot h)
    {
        var samples = model.Samples;
        var spark = new double[SparkColumns];
        for (int i = 0; i < SparkColumns; i++)
        {
            int at = samples.Count - SparkColumns + i;
            if (at >= 0)
                spark[i] = Math.Max(0, Total(samples[at], h) - (at > 0 ? Total(samples[at - 1], h) : 0));
        }

        double max = spark.Max();
        return max <= 0 ? spark : [.. spark.Select(s => s / max)];
    }

    private static double Total(Sample sample, Hotspot h) =>
        sample.Hotspots.TryGetValue(LiveModel.Key(h), out var s) ? s.TotalNs : 0;

    private static bool Matches(Hotspot h, string search) =>
        search.Length == 0
        || new[]
        {
            h.UserFrame,
            h.Function,
            h.Location,
            h.Task,
            h.Syscall,
            h.Category,
            Reports.Text.Words.Cause(h.Cause),
        }
            .Concat(h.Stack)
            .Any(text => text.Contains(search, StringComparison.OrdinalIgnoreCase));
}
