using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>Task types with the histogram of all their polls, not only the slow ones.</summary>
internal static class TaskSection
{
    private const int MaxRows = 60;

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        if (document.Tasks.Count == 0)
            return;
        html.AddRaw(
            """
            <section id="tasks" aria-labelledby="tasks-title">
            <h2 id="tasks-title">Task types <small>all polls, by total time</small></h2>
            <div class="scroll"><table class="sortable">
            <thead><tr><th scope="col">Task</th><th scope="col" class="num">Polls</th><th scope="col" class="num">Slow</th><th scope="col" class="num">Total</th><th scope="col" class="num">Share</th><th scope="col" class="num">p50</th><th scope="col" class="num">p99</th><th scope="col" class="num">Max</th><th scope="col">Durations</th></tr></thead>
            <tbody>

            """
        );
        bool several = document.Targets.Count > 1;
        foreach (var t in document.Tasks.OrderByDescending(t => t.TotalNs).Take(MaxRows))
        {
            string where = several ? Where(document, t) : "";
            html.Add(
                $"""
                <tr><th scope="row">{PageText.Name(
                    t.Name
                )} <span class="loc">{where}</span></th><td class="num" data-sort="{t.Polls}">{(
                    t.Estimated ? "~" : ""
                )}{HumanText.Count(t.Polls)}</td><td class="num{(
                    t.SlowPolls > 0 ? " warn" : ""
                )}" data-sort="{t.SlowPolls}">{HumanText.Count(t.SlowPolls)}</td>
                <td class="num" data-sort="{t.TotalNs}">{HumanText.Duration(
                    t.TotalNs
                )}</td><td class="num" data-sort="{t.Percent}">{HumanText.Percent(
                    t.Percent
                )}</td><td class="num" data-sort="{t.P50Ns}">{HumanText.Duration(
                    t.P50Ns
                )}</td><td class="num" data-sort="{t.P99Ns}">{HumanText.Duration(
                    t.P99Ns
                )}</td><td class="num" data-sort="{t.MaxNs}">{HumanText.Duration(t.MaxNs)}</td><td>
                """
            );
            HistogramSvg.Write(html, t.Histogram, document.Session.Threshold.Nanoseconds, "polls by duration");
            html.AddRaw("</td></tr>\n");
        }

        html.AddRaw("</tbody></table></div>\n");
        if (document.Tasks.Count > MaxRows)
            html.Add(
                $"<p class=\"note\">{document.Tasks.Count - MaxRows} more task types are in the report's JSON.</p>"
            );
        html.AddRaw("</section>\n");
    }

    /// <summary>The pod, or else the process, that the task type is of.</summary>
    internal static string Where(ProfileDocument document, TaskProfile task) =>
        task.Target >= 0 && task.Target < document.Targets.Count
            ? document.Targets[task.Target].Pod ?? document.Targets[task.Target].Process
            : "";
}
