using System.Text;
using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Reports.Page.Compare;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

public sealed class DiffWaitsTests
{
    private static readonly ProfileDocument Before = RealisticDocuments.Checkout().WithWaits();

    private static readonly ProfileDocument After = Before with
    {
        Tasks =
        [
            .. Before.Tasks.Select(
                (t, i) =>
                    i switch
                    {
                        0 => t with { Waits = t.Waits! with { P99Ns = 17_000, MaxNs = 900_000 } },
                        1 => t with { Waits = t.Waits! with { P99Ns = t.Waits.P99Ns * 8 } },
                        _ => t,
                    }
            ),
        ],
    };

    [Fact]
    public void The_text_has_a_line_for_each_task_type_whose_waits_changed_and_counts_the_others()
    {
        string text = Text(Before, After);

        string section = text[text.IndexOf("WAITING FOR A WORKER", StringComparison.Ordinal)..];
        Assert.Matches(@"\n  BETTER +[\d.]+ms -> 17us +checkout::handle_request", section);
        Assert.Matches(@"\n  WORSE +[\d.]+ms -> [\d.]+ms +checkout::session::refresh", section);
        Assert.Contains("  no change of 3 task types\n", section, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Without_a_change_the_longest_is_said_and_where_none_was_timed_nothing_is()
    {
        Assert.Matches(@"  no change of 5 task types; longest p99 [\d.]+ms -> [\d.]+ms\n", Text(Before, Before));
        Assert.DoesNotContain("WORKER", Text(Before, RealisticDocuments.Checkout()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_of_both_runs_has_them_in_a_table()
    {
        string page = Encoding.UTF8.GetString(ComparePage.Render(Before, After, ProfileCompare.Compare(Before, After)));

        string section = page[page.IndexOf("<section id=\"wait-movers\"", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("</section>", StringComparison.Ordinal)];
        Assert.Contains("<td class=\"change good\">better</td>", section, StringComparison.Ordinal);
        Assert.Contains("<td class=\"change bad\">worse</td>", section, StringComparison.Ordinal);
        Assert.Contains("&#8594;</span> 17us", section, StringComparison.Ordinal);
    }

    private static string Text(ProfileDocument before, ProfileDocument after) =>
        DiffText.Render(ProfileCompare.Compare(before, after), 80, color: false);
}
