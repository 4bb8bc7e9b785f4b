using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Formats;

public sealed class FoldedFormatTests
{
    /// <summary>As flamegraph.pl reads: everything before the last blank is the stack, what follows is the number.</summary>
    internal static List<(string[] Stack, long Value)> Read(byte[] bytes)
    {
        var lines = new List<(string[], long)>();
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var match = Regex.Match(
                line,
                @"^(?<stack>.*)\s+?(?<value>\d+)$",
                RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(5)
            );
            Assert.True(match.Success, line);
            lines.Add(
                (
                    match.Groups["stack"].Value.Split(';'),
                    long.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)
                )
            );
        }

        return lines;
    }

    [Fact]
    public void The_lines_add_up_to_the_time_lost_and_run_from_the_task_to_the_leaf()
    {
        var document = RealisticDocuments.Checkout();
        var lines = Read(ReportFormats.Render(OutputFormat.Folded, document));
        long lost = document.SlowPolls.Sum(p => p.OnCpuNs + p.BlockedNs) / 1000;
        Assert.InRange(lines.Sum(l => l.Value), lost - lines.Count, lost);
        Assert.All(lines, l => Assert.Contains(document.Tasks, t => t.Name == l.Stack[0]));
        var worst = lines.Where(l => l.Stack.Contains("checkout::login", StringComparer.Ordinal)).MaxBy(l => l.Value);
        Assert.Equal("tokio::runtime::task::raw::poll", worst.Stack[1]);
        Assert.Equal(
            "bcrypt::bcrypt::bcrypt",
            lines.First(l => l.Stack.Contains("bcrypt::hash", StringComparer.Ordinal) && l.Stack.Length == 11).Stack[^1]
        );
    }

    [Fact]
    public void What_the_timeline_does_not_hold_is_added_under_its_hotspot()
    {
        var document = RealisticDocuments.Checkout();
        var cut = document with { SlowPolls = [.. document.SlowPolls.Take(100)] };
        long total = (document.Summary.CpuHogNs + document.Summary.BlockedNs) / 1000;
        var lines = Read(ReportFormats.Render(OutputFormat.Folded, cut));
        Assert.InRange(lines.Sum(l => l.Value), total - 2 * lines.Count, total);
        Assert.Contains("checkout::login", lines.MaxBy(l => l.Value).Stack, StringComparer.Ordinal);
    }

    [Fact]
    public void A_poll_that_counts_for_two_hotspots_is_not_added_twice()
    {
        var document = RealisticDocuments.Checkout();
        var twice = document with
        {
            Hotspots = [.. document.Hotspots.Select(h => h with { Count = h.Count + 40, TotalNs = h.TotalNs * 2 })],
        };
        Assert.Equal(
            ReportFormats.Render(OutputFormat.Folded, document),
            ReportFormats.Render(OutputFormat.Folded, twice)
        );
    }

    [Fact]
    public void Hostile_names_cannot_forge_a_line_or_a_frame()
    {
        var document = RealisticDocuments.Hostile();
        foreach (var (stack, _) in Read(ReportFormats.Render(OutputFormat.Folded, document)))
            Assert.InRange(stack.Length, 1, document.StackTable.Max(s => s.Frames.Count) + 1);
    }
}
