using Hud.Core.Profile;
using Hud.Reports.Flame;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>
/// The list and, beside it, one hotspot in full. Every detail is in the HTML: without a script all stand below each other,
/// with one the chosen hotspot shows; on paper they all do.
/// </summary>
internal static class HotspotSection
{
    /// <summary>Further hotspots are rows of the list only.</summary>
    internal const int MaxDetails = 20;

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        html.AddRaw("<section id=\"hotspots\" aria-labelledby=\"hotspots-title\" tabindex=\"-1\">\n");
        if (document.Hotspots.Count == 0)
        {
            Empty(html, document);
            html.AddRaw("</section>\n");
            return;
        }

        html.AddRaw("<div class=\"details\" aria-live=\"polite\">\n");
        var waited = WaitersOf(document);
        for (int i = 0; i < Math.Min(MaxDetails, document.Hotspots.Count); i++)
            HotspotDetail.Write(html, document, i, [.. waited[document.Hotspots[i].Identity()]]);
        html.AddRaw("</div>\n");
        List(html, document);
        html.AddRaw("</section>\n");
    }

    private static void List(HtmlBuilder html, ProfileDocument document)
    {
        html.AddRaw(
            """
            <div class="list">
            <h2 id="hotspots-title">Hotspots <small>by worker time lost</small></h2>
            <div class="scroll"><table class="hotspot-table">
            <thead><tr><th scope="col">#</th><th scope="col">Share</th><th scope="col">Where</th><th scope="col" class="num">Count</th><th scope="col" class="num">p99</th><th scope="col" class="num">Max</th></tr></thead>
            <tbody>

            """
        );
        var apart = HotspotNames.Apart(document.Hotspots);
        double most = Most(document);
        for (int i = 0; i < document.Hotspots.Count; i++)
        {
            var h = document.Hotspots[i];
            if (h.Cause.IsCpuPressure() && (i == 0 || !document.Hotspots[i - 1].Cause.IsCpuPressure()))
                html.AddRaw(
                    "<tr class=\"divider\"><th scope=\"rowgroup\" colspan=\"6\">Waiting for a CPU: not the fault of the code shown</th></tr>\n"
                );
            string cause = Causes.Css(h.Cause);
            html.Add(
                $"""
                <tr class="{cause}{(h.Cause.IsCpuPressure() ? " pressure" : "")}" data-hotspot="{i}"><td>{i + 1}</td>
                <td class="share"><span>{(h.Estimated ? "~" : "")}{HumanText.Percent(
                    h.Percent
                )}</span><svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="{Math.Clamp(
                    h.Percent * 100 / most,
                    0,
                    100
                )}" height="4"/></svg></td>
                <td class="where"><a href="#hotspot-{i + 1}">{PageText.Name(
                    Title(h)
                )}</a><span class="tag">{Words.Cause(h.Cause)}</span> <span class="loc">{(
                    apart[i].Length > 0 ? apart[i] : h.Location
                )}</span></td>
                <td class="num">{HumanText.Count(h.Count)}</td><td class="num">{HumanText.Duration(
                    h.P99Ns
                )}</td><td class="num">{HumanText.Duration(h.MaxNs)}</td></tr>
                """
            );
        }

        html.AddRaw("</tbody></table></div>\n");
        if (document.Losses.HotspotsCut > 0)
            html.Add($"<p class=\"note\">{document.Losses.HotspotsCut} smaller hotspots were cut.</p>");
        html.AddRaw("</div>\n");
    }

    /// <summary>The task types whose long waits were behind each hotspot.</summary>
    private static ILookup<HotspotIdentity, (TaskProfile Task, WaitBehind Behind)> WaitersOf(
        ProfileDocument document
    ) =>
        document
            .Tasks.SelectMany(t => (t.Waits?.Behind ?? []).Select(b => (Task: t, Behind: b)))
            .Where(x => x.Behind.Identity().IsKnown)
            .OrderByDescending(x => x.Behind.TotalNs)
            .ThenBy(x => x.Task.Name, StringComparer.Ordinal)
            .ToLookup(x => x.Behind.Identity());

    /// <summary>The largest share of a culprit: a long wait for a CPU would make each of them look small.</summary>
    private static double Most(ProfileDocument document) =>
        document
            .Hotspots.Where(h => !h.Cause.IsCpuPressure())
            .Select(h => h.Percent)
            .DefaultIfEmpty(document.Hotspots[0].Percent)
            .Append(0.0001)
            .Max();

    internal static string Title(Hotspot hotspot) =>
        hotspot.UserFrame.Length > 0 ? hotspot.UserFrame
        : hotspot.Function.Length > 0 ? hotspot.Function
        : "[no name]";

    /// <summary>"Nothing found" and "nothing seen" are different answers.</summary>
    private static void Empty(HtmlBuilder html, ProfileDocument document)
    {
        string text = document.VerdictLevel switch
        {
            VerdictLevel.Pressure
                when CpuStarvation.HardlyRan(
                    document.Targets.Sum(t => t.CpuWaitNs),
                    document.Targets.Sum(t => t.CpuNs)
                ) =>
                "The process got hardly any CPU, so this says little about its code. The figures stand under Targets and Workers.",
            VerdictLevel.Saturated =>
                $"No poll was over the threshold of {document.Session.Threshold}, yet the workers were almost always in polls: profile again with a lower threshold (a quarter of it) to see where the time goes. The longest poll took {HumanText.Duration(document.Summary.LongestPollNs)}.",
            VerdictLevel.NoData =>
                "Nothing could be measured, so this says nothing about the code. The reasons stand under Targets and Warnings.",
            _ =>
                $"No poll was over the threshold of {document.Session.Threshold}. {HumanText.Count(document.Summary.Polls)} polls were seen, the longest took {HumanText.Duration(document.Summary.LongestPollNs)}.",
        };
        html.Add($"<div class=\"list\"><h2 id=\"hotspots-title\">Hotspots</h2><p class=\"empty\">{text}</p></div>");
    }
}
