using System.Globalization;
using Hud.Analysis;
using Hud.Core.Profile;

namespace Hud.Reports.Page.Compare;

/// <summary>The answer in one sentence, what limits it, and both runs in the figures that compare.</summary>
internal static class CompareHead
{
    public static void Write(HtmlBuilder html, ProfileDocument before, ProfileDocument after, ProfileDiff diff)
    {
        html.Add(
            $"""
            <header class="verdict level-{CompareWords.Level(diff.Outcome)}">
            <span class="light" role="img" aria-label="{CompareWords.Outcome(diff.Outcome)}"></span>
            <h1>{PageText.Name(diff.Verdict)}</h1>
            <p class="meta">before: {Run(before)} <span class="sep">/</span> after: {Run(after)}</p>
            </header>
            """
        );
        if (diff.Notes.Count == 0)
            return;
        html.AddRaw(
            "<section aria-label=\"What limits the comparison\"><h2>Read with care</h2><ul class=\"warnings\">\n"
        );
        foreach (string note in diff.Notes)
            html.Add($"<li>{note}</li>");
        html.AddRaw("</ul></section>\n");
    }

    public static void Sides(HtmlBuilder html, ProfileDiff diff)
    {
        var (before, after) = (diff.Before, diff.After);
        double most = Math.Max(0.0001, Math.Max(before.BlockedPercent, after.BlockedPercent));
        html.AddRaw(
            "<section id=\"sides\" aria-label=\"Both runs\"><table class=\"sides\"><thead><tr><td></td><th scope=\"col\">Before</th><th scope=\"col\">After</th></tr></thead><tbody>\n"
        );
        html.Add(
            $"<tr><th scope=\"row\">Worker time lost</th><td>{HumanText.Percent(before.BlockedPercent)}{Bar(before.BlockedPercent / most)}</td><td>{HumanText.Percent(after.BlockedPercent)}{Bar(after.BlockedPercent / most)}</td></tr>"
        );
        Row(html, "Worst poll", HumanText.Duration(before.WorstPollNs), HumanText.Duration(after.WorstPollNs));
        Row(html, "Slow polls a minute", Number(before.SlowPollsPerMinute), Number(after.SlowPollsPerMinute));
        Row(html, "Stalls a minute", Number(before.StallsPerMinute), Number(after.StallsPerMinute));
        Row(
            html,
            "Polls a second",
            Number(Math.Round(before.PollsPerSecond)),
            Number(Math.Round(after.PollsPerSecond))
        );
        html.Add(
            $"<tr class=\"verdicts\"><th scope=\"row\">Verdict of the run</th><td>{PageText.Name(before.Verdict)}</td><td>{PageText.Name(after.Verdict)}</td></tr>"
        );
        html.AddRaw("</tbody></table></section>\n");
    }

    private static void Row(HtmlBuilder html, string name, string before, string after) =>
        html.Add($"<tr><th scope=\"row\">{name}</th><td>{before}</td><td>{after}</td></tr>");

    private static RawHtml Bar(double share) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{share * 100:0.##}\" height=\"8\"/></svg>"
            )
        );

    private static string Number(double value) => value.ToString("#,0.#", CultureInfo.InvariantCulture);

    private static string Run(ProfileDocument document) =>
        $"{document.Summary.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {(document.LookBack is null ? "watched" : "look-back of")} {HumanText.Duration(document.Summary.ObservedNs)}";
}
