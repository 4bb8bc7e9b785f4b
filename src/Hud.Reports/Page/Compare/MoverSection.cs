using System.Globalization;
using Hud.Analysis;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Compare;

/// <summary>The hotspots of both runs by size of the change; those outside the code's control last.</summary>
internal static class MoverSection
{
    private const int MaxRows = 60;

    public static void Write(HtmlBuilder html, ProfileDiff diff)
    {
        html.AddRaw(
            """
            <section id="movers" aria-labelledby="movers-title" tabindex="-1">
            <h2 id="movers-title">What changed <small>by size of the change, in shares of worker time; a name marks it in both flame graphs</small></h2>

            """
        );
        if (diff.Hotspots.Count == 0)
        {
            html.AddRaw("<p class=\"empty\">Neither run has a hotspot.</p></section>\n");
            return;
        }

        html.AddRaw(
            """
            <div class="scroll"><table class="sortable movers">
            <thead><tr><th scope="col">Where</th><th scope="col">Change</th><th scope="col">Cause</th><th scope="col" class="num">Before</th><th scope="col" class="num">After</th><th scope="col" class="num">Difference</th><th scope="col" class="num">Polls a minute</th><th scope="col" class="num">p99</th><th scope="col" class="num">Max</th></tr></thead>
            <tbody>

            """
        );
        var apart = HotspotNames.Apart(diff.Hotspots);
        foreach (var (i, hotspot) in diff.Hotspots.Take(MaxRows).Index())
            Row(html, hotspot, apart[i]);
        html.AddRaw("</tbody></table></div>\n");
        if (diff.Hotspots.Count > MaxRows)
            html.Add(
                $"<p class=\"note\">{diff.Hotspots.Count - MaxRows} smaller changes are in the output of hud diff -o json.</p>"
            );
        html.AddRaw("</section>\n");
    }

    private static void Row(HtmlBuilder html, HotspotDiff h, string apart)
    {
        string name =
            h.UserFrame.Length > 0 ? h.UserFrame
            : h.Function.Length > 0 ? h.Function
            : "[no name]";
        double moved = h.AfterPercent - h.BeforePercent;
        html.Add(
            $"""
            <tr class="{Sections.Causes.Css(h.Cause)}"><th scope="row"><a href="#flame" data-find="{name}">{PageText.Name(
                name
            )}</a> <span class="loc">{(apart.Length > 0 ? apart : h.Location)}</span></th>
            <td class="change {CompareWords.Tone(h)}">{CompareWords.Change(
                h.Change
            )}</td><td><span class="tag">{Words.Cause(h.Cause)}</span></td>
            <td class="num" data-sort="{Exact(h.BeforePercent)}">{HumanText.Percent(
                h.BeforePercent
            )}</td><td class="num" data-sort="{Exact(h.AfterPercent)}">{HumanText.Percent(
                h.AfterPercent
            )}</td><td class="num {CompareWords.Tone(h)}" data-sort="{Exact(Math.Abs(moved))}">{(
                moved > 0 ? "+" : moved < 0 ? "−" : ""
            )}{HumanText.Percent(Math.Abs(moved))}</td>
            <td class="num" data-sort="{Exact(h.AfterPerMinute)}"><span class="was">{Rate(h.BeforePerMinute)} →</span> {Rate(h.AfterPerMinute)}</td><td class="num" data-sort="{h.AfterP99Ns}"><span class="was">{Length(h.BeforeP99Ns)} →</span> {Length(h.AfterP99Ns)}</td><td class="num" data-sort="{h.AfterMaxNs}"><span class="was">{Length(h.BeforeMaxNs)} →</span> {Length(h.AfterMaxNs)}</td></tr>
            """
        );
    }

    private static string Length(long ns) => ns > 0 ? HumanText.Duration(ns) : "none";

    private static string Rate(double perMinute) => perMinute.ToString("#,0.#", CultureInfo.InvariantCulture);

    private static string Exact(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
