using System.Runtime.CompilerServices;
using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

public sealed class DocsTests
{
    /// <summary>HUD_UPDATE_GOLDEN=1 writes the table anew, between the two lines that mark it.</summary>
    [Fact]
    public void The_table_on_the_page_about_metrics_is_what_is_served()
    {
        const string begin = "<!-- metrics: written from MetricCatalog -->\n",
            end = "<!-- metrics: end -->\n";
        string path = Path.Combine(Root(), "docs", "metrics.md"),
            page = File.ReadAllText(path);
        int from = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length,
            to = page.IndexOf(end, StringComparison.Ordinal);
        Assert.True(from >= begin.Length && to >= from, "the page has no place for the table");
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, page = page[..from] + Table() + page[to..]);

        Assert.Contains(begin + Table() + end, page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_way_to_lose_an_event_is_named_on_the_page()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "metrics.md"));
        Assert.All(LossKinds.All, k => Assert.Contains($"`{k.Kind}`", page, StringComparison.Ordinal));
    }

    private static string Table() =>
        "| name | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n"
        + string.Concat(
            MetricCatalog.All.Select(m =>
                $"| `{m.Name}` | {(m.Kind == MetricKind.Info ? "info (gauge in plain text)" : m.Kind.ToString().ToLowerInvariant())} | {m.Unit} | {string.Join(", ", Labels(m))} | {m.Help} |\n"
            )
        );

    private static IEnumerable<string> Labels(MetricInfo metric) =>
        metric.Labels.Take(MetricLabels.Target.Count).SequenceEqual(MetricLabels.Target)
            ? metric.Labels.Skip(MetricLabels.Target.Count).Select(l => $"`{l}`").Prepend("target")
            : metric.Labels.Select(l => $"`{l}`");

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
