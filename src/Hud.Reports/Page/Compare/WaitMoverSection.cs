using Hud.Analysis;

namespace Hud.Reports.Page.Compare;

/// <summary>How long the tasks of each type waited for a worker, in both runs; what changed first.</summary>
internal static class WaitMoverSection
{
    private const int MaxRows = 40;

    public static void Write(HtmlBuilder html, ProfileDiff diff)
    {
        if (diff.Waits.Count == 0)
            return;
        html.AddRaw(
            """
            <section id="wait-movers" aria-labelledby="wait-movers-title">
            <h2 id="wait-movers-title">Waiting for a worker <small>from a task's wake to its poll; a p99 less than twice another is no change</small></h2>
            <div class="scroll"><table class="sortable movers">
            <thead><tr><th scope="col">Task</th><th scope="col">Change</th><th scope="col" class="num">p99</th><th scope="col" class="num">Max</th><th scope="col" class="num">Waits</th></tr></thead>
            <tbody>

            """
        );
        foreach (var w in diff.Waits.Take(MaxRows))
        {
            string tone =
                w.Change == HotspotChange.Worse ? "bad"
                : w.Change == HotspotChange.Better ? "good"
                : "";
            html.Add(
                $"""
                <tr><th scope="row">{PageText.Name(w.Task)}</th><td class="change {tone}">{CompareWords.Change(
                    w.Change
                )}</td><td class="num {tone}" data-sort="{w.AfterP99Ns}"><span class="was">{HumanText.Duration(
                    w.BeforeP99Ns
                )} →</span> {HumanText.Duration(
                    w.AfterP99Ns
                )}</td><td class="num" data-sort="{w.AfterMaxNs}"><span class="was">{HumanText.Duration(
                    w.BeforeMaxNs
                )} →</span> {HumanText.Duration(
                    w.AfterMaxNs
                )}</td><td class="num" data-sort="{w.AfterCount}"><span class="was">{HumanText.Count(
                    w.BeforeCount
                )} →</span> {HumanText.Count(w.AfterCount)}</td></tr>
                """
            );
        }

        html.AddRaw("</tbody></table></div>\n");
        if (diff.Waits.Count > MaxRows)
            html.Add(
                $"<p class=\"note\">{diff.Waits.Count - MaxRows} more task types are in the output of hud diff -o json.</p>"
            );
        html.AddRaw("</section>\n");
    }
}
