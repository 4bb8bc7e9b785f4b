using Hud.Core.Profile;
using Hud.Reports.Page.Sections;
using Hud.Reports.Text;

namespace Hud.Reports.Page;

/// <summary>Puts the page together: policy, style, sections in reading order, data, script.</summary>
internal static class PageHtml
{
    public static string Write(ProfileDocument document)
    {
        var html = new HtmlBuilder();
        PageHead.Write(html, Title(document), document.Agent.Version, PageAssets.Script);
        html.AddRaw("<a class=\"skip\" href=\"#hotspots\">Skip to the hotspots</a>\n");
        VerdictSection.Write(html, document);
        html.AddRaw("<main>\n");
        PanelSection.Write(html, document);
        HotspotSection.Write(html, document);
        ChartSections.Write(html, document);
        CauseSection.Write(html, document);
        WaitSection.Write(html, document);
        TaskSection.Write(html, document);
        WorkerSection.Write(html, document);
        TargetSection.Write(html, document);
        LossSection.Write(html, document);
        SessionSection.Write(html, document);
        html.AddRaw("</main>\n");
        html.Add(
            $"""
            <footer>Written by hud {document.Agent.Version}. This page loads nothing and sends nothing. Keys: <kbd>?</kbd></footer>
            <script type="application/octet-stream" id="data">{PageData.Pack(document)}</script>
            <script>{new RawHtml(PageAssets.Script)}</script>
            </body>
            </html>
            """
        );
        return html.ToString();
    }

    private static string Title(ProfileDocument document)
    {
        string who = document.Targets.Count > 0 ? document.Targets[0].Pod ?? document.Targets[0].Process : "no target";
        return $"{(document.VerdictLevel == VerdictLevel.Blocked ? HumanText.Percent(document.Summary.BlockedPercent) + " lost" : Words.Verdict(document.VerdictLevel))} \u00b7 {who} \u00b7 Hud";
    }
}
