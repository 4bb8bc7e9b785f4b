using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>How long tasks waited for a worker, and behind which hotspot: who suffered from what the rest of the page is about.</summary>
internal static class WaitSection
{
    private const int MaxRows = 60;
    private const int MaxBehind = 3;
    private const int MaxNotes = 3;

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        var tasks = document.Tasks.ByWait().ToList();
        var notTimed = document.Targets.Where(t => t.WakesNotTimed.Length > 0 && t.Polls > 0).ToList();
        if (tasks.Count + notTimed.Count == 0)
            return;
        html.AddRaw(
            """
            <section id="waits" aria-labelledby="waits-title" tabindex="-1">
            <h2 id="waits-title">Waiting for a worker <small>from a task's wake to its poll; longest p99 first</small></h2>

            """
        );
        if (tasks.Count > 0)
            Table(html, document, tasks);
        foreach (var target in notTimed.Take(MaxNotes))
            html.Add(
                $"<p class=\"note\">Not every wake of {target.Pod ?? target.Process} ({target.Pid}) was timed: {target.WakesNotTimed}</p>"
            );
        if (notTimed.Count > MaxNotes)
            html.Add(
                $"<p class=\"note\">The same of {notTimed.Count - MaxNotes} more targets: see the report's JSON.</p>"
            );
        html.AddRaw("</section>\n");
    }

    private static void Table(HtmlBuilder html, ProfileDocument document, List<TaskProfile> tasks)
    {
        bool known = tasks.Any(t => t.Waits!.Behind.Count > 0),
            several = document.Targets.Count > 1;
        html.Add(
            $"""
            <div class="scroll"><table class="sortable">
            <thead><tr><th scope="col">Task</th><th scope="col" class="num">Waits</th><th scope="col" class="num">p50</th><th scope="col" class="num">p99</th><th scope="col" class="num">Max</th>{new RawHtml(
                known ? "<th scope=\"col\">Long waits were behind</th>" : ""
            )}<th scope="col">Waits by length</th></tr></thead>
            <tbody>
            """
        );
        var places = HotspotPlaces.Of(document.Hotspots);
        foreach (var t in tasks.Take(MaxRows))
        {
            var w = t.Waits!;
            string where = several ? TaskSection.Where(document, t) : "";
            html.Add(
                $"""
                <tr><th scope="row">{PageText.Name(
                    t.Name
                )} <span class="loc">{where}</span></th><td class="num" data-sort="{w.Count}">{(
                    w.Estimated ? "~" : ""
                )}{HumanText.Count(w.Count)}</td><td class="num" data-sort="{w.P50Ns}">{HumanText.Duration(
                    w.P50Ns
                )}</td><td class="num" data-sort="{w.P99Ns}">{HumanText.Duration(
                    w.P99Ns
                )}</td><td class="num" data-sort="{w.MaxNs}">{HumanText.Duration(w.MaxNs)}</td>
                """
            );
            if (known)
                Behind(html, w.Behind, places);
            html.AddRaw("<td>");
            HistogramSvg.Write(html, w.Histogram, document.Session.Threshold.Nanoseconds, "waits for a worker");
            html.AddRaw("</td></tr>\n");
        }

        html.AddRaw("</tbody></table></div>\n");
        if (tasks.Count > MaxRows)
            html.Add($"<p class=\"note\">{tasks.Count - MaxRows} more task types are in the report's JSON.</p>");
    }

    private static void Behind(
        HtmlBuilder html,
        IReadOnlyList<WaitBehind> behind,
        IReadOnlyDictionary<HotspotIdentity, int> places
    )
    {
        html.AddRaw("<td class=\"behind\">");
        foreach (var b in behind.Take(MaxBehind))
            html.Add(
                $"<span><b>{HumanText.Percent(b.Percent)}</b> {Link(b, places)} <span class=\"tag {Causes.Css(b.Cause)}\">{Words.Cause(b.Cause)}</span></span>"
            );
        if (behind.Count > MaxBehind)
            html.Add($"<span class=\"loc\">and {behind.Count - MaxBehind} more</span>");
        html.AddRaw("</td>");
    }

    /// <summary>To the hotspot, where the page has it in full.</summary>
    private static RawHtml Link(WaitBehind behind, IReadOnlyDictionary<HotspotIdentity, int> places)
    {
        string name = PageText.Name(behind.Function.Length > 0 ? behind.Function : "[no name]").Text;
        return new(
            places.TryGetValue(behind.Identity(), out int index)
                ? $"<a href=\"#hotspot-{index + 1}\">{name}</a>"
                : $"<span class=\"user\">{name}</span>"
        );
    }
}
