using System.Text;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Page.Compare;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

/// <summary>Two hotspots of one function are distinguished in every list, by what a reader knows first.</summary>
public sealed class HotspotNamesTests
{
    [Fact]
    public void By_the_syscall() => Assert.Equal(["poll", "fdatasync"], HotspotNames.Apart(BySyscall().Hotspots));

    [Fact]
    public void By_the_way_to_the_call()
    {
        var hotspots = Twice(
            (h, i) => h with { Stack = ["libc::read", i == 0 ? "shop::cart" : "shop::orders", "shop::main"] }
        );

        var apart = HotspotNames.Apart(hotspots.Hotspots);

        Assert.Contains("shop::cart", apart[0], StringComparison.Ordinal);
        Assert.Contains("shop::orders", apart[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Hotspots_of_different_functions_need_nothing_more() =>
        Assert.All(HotspotNames.Apart(RealisticDocuments.Checkout().Hotspots), Assert.Empty);

    [Fact]
    public void In_the_list_of_the_page()
    {
        string rows = Page(BySyscall()).Split("<tbody>")[1].Split("</tbody>")[0];

        Assert.Contains("<span class=\"loc\">poll</span>", rows, StringComparison.Ordinal);
        Assert.Contains("<span class=\"loc\">fdatasync</span>", rows, StringComparison.Ordinal);
    }

    [Fact]
    public void In_a_comparison_as_text_and_as_a_page()
    {
        var document = BySyscall();
        var before = document with { Hotspots = [document.Hotspots[0]] };
        var diff = ProfileCompare.Compare(before, document);

        string text = DiffText.Render(diff, 120, color: false);
        string page = Encoding.UTF8.GetString(ComparePage.Render(before, document, diff));

        Assert.Matches("NEW .* fdatasync", text);
        Assert.Matches("SAME .* poll", text);
        Assert.Contains("<span class=\"loc\">fdatasync</span>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void In_the_description_of_a_session_with_the_waits_for_a_CPU_below_a_heading()
    {
        var session = new ProfilingSession
        {
            Status = new ProfilingSessionStatus
            {
                Hotspots =
                [
                    Status("poll", HotspotCause.BlockingCall),
                    Status("fdatasync", HotspotCause.BlockingCall),
                    Status("", HotspotCause.RunQueue),
                ],
            },
        };

        string text = SessionText.Describe(session, 100, color: false);

        Assert.Contains("differs by: poll", text, StringComparison.Ordinal);
        Assert.Contains("differs by: fdatasync", text, StringComparison.Ordinal);
        string[] parts = text.Split("WAITING FOR A CPU");
        Assert.Equal(2, parts.Length);
        Assert.DoesNotContain(Words.Cause(HotspotCause.RunQueue), parts[0], StringComparison.Ordinal);
    }

    private static string Page(ProfileDocument document) =>
        Encoding.UTF8.GetString(ReportFormats.Render(OutputFormat.Page, document));

    private static StatusHotspot Status(string syscall, HotspotCause cause) =>
        new()
        {
            Cause = cause,
            UserFrame = "shop::wait",
            Function = "shop::wait",
            Syscall = syscall,
        };

    private static ProfileDocument BySyscall() =>
        Twice((h, i) => h with { Cause = HotspotCause.BlockingCall, Syscall = i == 0 ? "poll" : "fdatasync" });

    private static ProfileDocument Twice(Func<Hotspot, int, Hotspot> change)
    {
        var document = RealisticDocuments.Checkout();
        var first = document.Hotspots[0] with { Location = "" };
        return document with
        {
            Hotspots = [change(first, 0), change(first with { Rank = 2, Fingerprint = "other" }, 1)],
            SlowPolls = [],
        };
    }
}
