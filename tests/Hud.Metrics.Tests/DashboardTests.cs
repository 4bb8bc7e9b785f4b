using System.Text.RegularExpressions;
using Hud.Metrics.Dashboard;
using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

public sealed partial class DashboardTests
{
    private static readonly string Golden = RepositoryRoot.PathOf("charts", "hud", "dashboards", "hud.json");

    private static readonly IReadOnlyList<DashboardPanel> Panels = [.. HudDashboard.Rows.SelectMany(r => r.Panels)];

    /// <summary>Of one run since its start, or a second way to say what is shown.</summary>
    private static readonly MetricInfo[] NotShown =
    [
        MetricCatalog.LastUpdate,
        MetricCatalog.Start,
        MetricCatalog.Observed,
        MetricCatalog.Threshold,
        MetricCatalog.Estimated,
        MetricCatalog.ProbeHits,
        MetricCatalog.Runtimes,
        MetricCatalog.LongestStall,
        MetricCatalog.LongestPoll,
        MetricCatalog.ThrottledPeriods,
    ];

    /// <summary>HUD_UPDATE_GOLDEN=1 writes it anew.</summary>
    [Fact]
    public void The_dashboard_of_the_chart_is_what_the_description_says()
    {
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(Golden, DashboardJson.Write());
        Assert.Equal(File.ReadAllText(Golden), DashboardJson.Write());
    }

    [Fact]
    public void Every_panel_says_what_to_do_and_no_row_is_wider_than_the_page()
    {
        Assert.All(
            Panels,
            p =>
            {
                Assert.InRange(p.Description.Length, 100, 400);
                Assert.EndsWith(".", p.Description, StringComparison.Ordinal);
                Assert.NotEmpty(p.Unit);
                Assert.NotEmpty(p.Queries);
            }
        );
        Assert.Equal(Panels.Count, Panels.Select(p => p.Title).Distinct().Count());
        Assert.All(HudDashboard.Rows, r => Assert.Equal(24, r.Panels.Sum(p => p.Width)));
    }

    [Fact]
    public void Queries_ask_for_metrics_and_labels_that_there_are_and_leave_none_out_by_mistake()
    {
        string all = string.Join(
            '\n',
            Panels
                .SelectMany(p => p.Queries)
                .Select(q => q.Expression)
                .Concat(HudDashboard.Variables.Select(v => v.Values))
        );
        var asked = Names(all);
        Assert.Empty(asked.Except(Served()));
        Assert.Equal(
            NotShown.Select(m => m.Name).Order(),
            MetricCatalog.All.Select(m => m.Name).Where(n => !asked.Any(a => a == n || a == n + "_bucket")).Order()
        );
        Assert.Equal(
            HudDashboard.Variables.Select(v => v.Name).Append("__rate_interval").Order(),
            Variable().Matches(all).Select(m => m.Value[1..]).Distinct().Order()
        );
        // histograms are classic or native, as the server was told
        Assert.All(
            Panels.SelectMany(p => p.Queries).Where(q => q.Expression.Contains("_bucket", StringComparison.Ordinal)),
            q => Assert.Contains(") or histogram_quantile(", q.Expression, StringComparison.Ordinal)
        );
    }

    /// <summary>Names that look like metrics of Hud.</summary>
    internal static List<string> Names(string text) => [.. Metric().Matches(text).Select(m => m.Value).Distinct()];

    /// <summary>Names that Prometheus stores.</summary>
    internal static IEnumerable<string> Served() =>
        MetricCatalog.All.SelectMany(m =>
            m.Kind == MetricKind.Histogram ? (string[])[m.Name, m.Name + "_bucket", m.Name + "_sum"] : [m.Name]
        );

    [GeneratedRegex(@"\bhud_[a-z_]+", RegexOptions.None, 1000)]
    private static partial Regex Metric();

    [GeneratedRegex(@"\$\w+", RegexOptions.None, 1000)]
    private static partial Regex Variable();
}
