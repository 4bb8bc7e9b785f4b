using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

/// <summary>A hotspot, or a group of them, as the table shows it over the window.</summary>
/// <param name="Hotspot">Of a group the one that lost most.</param>
/// <param name="Spark">Time lost in each of the last seconds, in ns.</param>
internal sealed record HotspotRow(
    Hotspot Hotspot,
    double Percent,
    long Count,
    long TotalNs,
    int Trend,
    IReadOnlyList<double> Spark
)
{
    public string Key => Group.Length > 0 ? $"group {IsPressure} {Group}" : LiveModel.Key(Hotspot);

    /// <summary>What the rows of a group have in common; empty for a single hotspot.</summary>
    public string Group { get; init; } = "";

    /// <summary>How many hotspots this row stands for.</summary>
    public int Members { get; init; } = 1;

    /// <summary>What distinguishes it from another row of the same name; mostly empty.</summary>
    public string Apart { get; init; } = "";

    public bool IsPressure => Hotspot.Cause.IsCpuPressure();

    public string Name => Group.Length > 0 ? Group : Words.Blamed(Hotspot);
}

internal enum SortBy
{
    Lost,
    Count,
    P99,
    Max,
    Trend,
}

internal enum GroupBy
{
    None,
    Function,
    File,
    Task,
}

/// <summary>From the model to the rows of the table: window, search, groups and order. Pure.</summary>
internal static class HotspotRows
{
    private const int SparkColumns = 8;
    private const int TrendSeconds = 10;

    public static IReadOnlyList<HotspotRow> Build(LiveModel model, UiState ui) =>
        Build(model, ui.Window, ui.Search, ui.Sort, ui.Group);

    public static IReadOnlyList<HotspotRow> Build(
        LiveModel model,
        TimeSpan window,
        string search,
        SortBy sort,
        GroupBy group = GroupBy.None
    )
    {
        if (model.Now is not { } now)
            return [];
        var before = model.Before(window);
        double span = Math.Max(1, now.ElapsedNs - (before?.AtNs ?? 0));
        int workers = Math.Max(1, now.Summary.Workers);
        var apart = HotspotNames.Apart(now.Hotspots);
        var rows = now
            .Hotspots.Select((h, i) => Row(model, h, before, span * workers) with { Apart = apart[i] })
            .Where(r => Matches(r.Hotspot, search) && (r.Count > 0 || before is null));
        if (group != GroupBy.None)
            rows = rows.GroupBy(r => (r.IsPressure, Name: NameOf(r.Hotspot, group)))
                .Select(g => Joined(g.Key.Name, [.. g]));
        // pressure is not the code's fault, so it never stands above what is
        var causes = rows.OrderBy(r => r.IsPressure);
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

    private static string NameOf(Hotspot h, GroupBy group) =>
        group switch
        {
            GroupBy.File => h.Location.LastIndexOf(':') is > 0 and var colon ? h.Location[..colon] : "(no file known)",
            GroupBy.Task => h.Task.Length > 0 ? h.Task : "(no task known)",
            _ => Words.Blamed(h),
        };

    private static HotspotRow Joined(string name, List<HotspotRow> rows)
    {
        var top = rows.OrderByDescending(r => r.TotalNs).ThenBy(r => r.Hotspot.Rank).First();
        return top with
        {
            Hotspot = top.Hotspot with
            {
                MaxNs = rows.Max(r => r.Hotspot.MaxNs),
                P99Ns = rows.Max(r => r.Hotspot.P99Ns),
                Estimated = rows.Exists(r => r.Hotspot.Estimated),
            },
            Percent = rows.Sum(r => r.Percent),
            Count = rows.Sum(r => r.Count),
            TotalNs = rows.Sum(r => r.TotalNs),
            Spark = [.. Enumerable.Range(0, SparkColumns).Select(i => rows.Sum(r => r.Spark[i]))],
            Group = name,
            Members = rows.Count,
            Apart = "",
        };
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

        return spark;
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
            Words.Cause(h.Cause),
            Words.ShortCause(h.Cause),
        }
            .Concat(h.Stack)
            .Any(text => text.Contains(search, StringComparison.OrdinalIgnoreCase));
}
