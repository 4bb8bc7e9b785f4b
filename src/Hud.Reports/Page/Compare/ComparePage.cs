using System.Text;
using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Reports.Formats;

namespace Hud.Reports.Page.Compare;

/// <summary>Two runs as one self-contained HTML file: which way it went, what moved, and a flame graph of each.</summary>
public static class ComparePage
{
    // two halves of what a report's page may take, cut until they fit
    private const int MaxLevel = 16;

    public static byte[] Render(ProfileDocument before, ProfileDocument after, ProfileDiff diff)
    {
        byte[] page = Write(before, after, diff);
        for (int level = 1; page.Length > PageFormat.MaxPageBytes && level <= MaxLevel; level++)
            page = Write(ProfileCut.At(before, level), ProfileCut.At(after, level), diff);
        return page;
    }

    private static byte[] Write(ProfileDocument before, ProfileDocument after, ProfileDiff diff)
    {
        var html = new HtmlBuilder();
        string who = after.Targets.Count > 0 ? after.Targets[0].Pod ?? after.Targets[0].Process : "no target";
        PageHead.Write(
            html,
            $"{CompareWords.Outcome(diff.Outcome)} \u00b7 {who} \u00b7 Hud",
            after.Agent.Version,
            PageAssets.CompareScript
        );
        html.AddRaw("<a class=\"skip\" href=\"#movers\">Skip to what changed</a>\n");
        CompareHead.Write(html, before, after, diff);
        html.AddRaw("<main>\n");
        CompareHead.Sides(html, diff);
        MoverSection.Write(html, diff);
        WaitMoverSection.Write(html, diff);
        Flame(html, "flame", "Before", before);
        Flame(html, "flame-after", "After", after);
        html.AddRaw("</main>\n");
        html.Add(
            $"""
            <footer>Written by hud {after.Agent.Version}. This page loads nothing and sends nothing.</footer>
            <script type="application/octet-stream" id="flame-data">{PageData.Pack(before, timeline: false)}</script>
            <script type="application/octet-stream" id="flame-after-data">{PageData.Pack(
                after,
                timeline: false
            )}</script>
            <script>{new RawHtml(PageAssets.CompareScript)}</script>
            </body>
            </html>
            """
        );
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void Flame(HtmlBuilder html, string name, string side, ProfileDocument document) =>
        Sections.FlameSection.Write(
            html,
            name,
            side,
            $"the full width is {HumanText.Percent(document.Summary.BlockedPercent)} of worker time"
                + (document.Truncated ? "; smaller stacks were cut to fit" : "")
        );
}
