using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>Workers: busy, lost, and the classic view: how long each waited from wakeup to running.</summary>
internal static class WorkerSection
{
    private const int MaxRows = 128;

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        if (document.Workers.Count == 0)
            return;
        html.AddRaw(
            """
            <section id="workers" aria-labelledby="workers-title">
            <h2 id="workers-title">Workers <small>time in polls, time lost, scheduling latency</small></h2>
            <div class="scroll"><table class="sortable">
            <thead><tr><th scope="col">Worker</th><th scope="col" class="num">Thread</th><th scope="col" class="num">Polls</th><th scope="col" class="num">Slow</th><th scope="col" class="num">In polls</th><th scope="col" class="num">Lost</th><th scope="col" class="num">Waited for a CPU</th><th scope="col" class="num">Latency max</th><th scope="col">Wakeup to running</th></tr></thead>
            <tbody>

            """
        );
        for (int i = 0; i < Math.Min(MaxRows, document.Workers.Count); i++)
        {
            var w = document.Workers[i];
            string where =
                document.Targets.Count > 1 && w.Target >= 0 && w.Target < document.Targets.Count
                    ? document.Targets[w.Target].Pod ?? document.Targets[w.Target].Process
                    : "";
            html.Add(
                $"""
                <tr><th scope="row">{w.Name} {i} <span class="loc">{where}{(
                    w.Runtime > 0 ? $" runtime {w.Runtime}" : ""
                )}</span></th><td class="num" data-sort="{w.Tid}">{w.Tid}</td><td class="num" data-sort="{w.Polls}">{HumanText.Count(
                    w.Polls
                )}</td><td class="num" data-sort="{w.SlowPolls}">{HumanText.Count(w.SlowPolls)}</td>
                <td class="num" data-sort="{w.BusyNs}">{HumanText.Duration(
                    w.BusyNs
                )}</td><td class="num" data-sort="{w.LostNs}">{HumanText.Duration(
                    w.LostNs
                )}</td><td class="num" data-sort="{w.RunQueueNs}">{HumanText.Duration(
                    w.RunQueueNs
                )}</td><td class="num" data-sort="{w.LatencyMaxNs}">{HumanText.Duration(w.LatencyMaxNs)}</td><td>
                """
            );
            HistogramSvg.Write(html, w.LatencyHistogram, document.Session.Threshold.Nanoseconds, "waits for a CPU");
            html.AddRaw("</td></tr>\n");
        }

        html.AddRaw("</tbody></table></div>\n");
        if (document.Workers.Count > MaxRows)
            html.Add(
                $"<p class=\"note\">{document.Workers.Count - MaxRows} more workers are in the report's JSON.</p>"
            );
        html.AddRaw("</section>\n");
    }
}
