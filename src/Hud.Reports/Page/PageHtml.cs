using Hud.Core.Profile;
using Hud.Reports.Page.Sections;

namespace Hud.Reports.Page;

/// <summary>Puts the page together: policy, style, sections in reading order, data, script.</summary>
internal static class PageHtml
{
    public static string Write(ProfileDocument document)
    {
        var html = new HtmlBuilder();
        string style = PageAssets.Style,
            script = PageAssets.Script;
        html.Add(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {PageAssets.Hash(
                script
            )}; style-src {PageAssets.Hash(style)}; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="dark">
            <meta name="referrer" content="no-referrer">
            <meta name="generator" content="hud {document.Agent.Version}">
            <title>{Title(document)}</title>
            <style>{new RawHtml(style)}</style>
            </head>
            <body>
            <a class="skip" href="#hotspots">Skip to the hotspots</a>
            """
        );
        VerdictSection.Write(html, document);
        html.AddRaw("<main>\n");
        PanelSection.Write(html, document);
        HotspotSection.Write(html, document);
        ChartSections.Write(html, document);
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
            <script>{new RawHtml(script)}</script>
            </body>
            </html>
            """
        );
        return html.ToString();
    }

    private static string Title(ProfileDocument document)
    {
        string who = document.Targets.Count > 0 ? document.Targets[0].Pod ?? document.Targets[0].Process : "no target";
        return $"{(document.VerdictLevel == VerdictLevel.Blocked ? HumanText.Percent(document.Summary.BlockedPercent) + " lost" : document.VerdictLevel.ToString())} \u00b7 {who} \u00b7 Hud";
    }
}
