using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>What this report does not hold, and what it cost to make.</summary>
internal static class LossSection
{
    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        html.AddRaw(
            "<section id=\"losses\" aria-labelledby=\"losses-title\" class=\"two\"><div><h2 id=\"losses-title\">Dropped and cut <small>everything that is not in this report</small></h2>\n<table class=\"pairs\"><tbody>\n"
        );
        var all = LossText.All(document.Losses);
        foreach (var (name, count, meaning) in all.Where(l => l.Count > 0))
            html.Add($"<tr><th scope=\"row\">{name}</th><td class=\"num\">{count}</td><td>{meaning}</td></tr>");
        html.AddRaw("</tbody></table>\n");
        int zero = all.Count(l => l.Count == 0);
        html.Add(
            $"<p class=\"note\">{(zero == all.Count ? $"Nothing was dropped: all {zero} counters are zero." : $"The other {zero} counters are zero: {string.Join(", ", all.Where(l => l.Count == 0).Select(l => l.Name.ToLowerInvariant()))}.")}</p>"
        );
        if (document.Losses.UnwindStops.Count > 0)
        {
            html.AddRaw("<p class=\"note\">Stacks that ended early:");
            foreach (
                var (reason, count) in document
                    .Losses.UnwindStops.OrderByDescending(p => p.Value)
                    .ThenBy(p => p.Key, StringComparer.Ordinal)
                    .Take(12)
            )
                html.Add($" <span class=\"chip\">{Words.StackEnd(reason)}: {count}</span>");
            html.AddRaw("</p>\n");
        }

        Warnings(html, document);
        html.AddRaw("</div><div>\n");
        Overhead(html, document);
        html.AddRaw("</div></section>\n");
    }

    private static void Warnings(HtmlBuilder html, ProfileDocument document)
    {
        if (document.Warnings.Count == 0)
            return;
        html.AddRaw("<h3>Warnings</h3><ul class=\"warnings\">\n");
        foreach (var warning in document.Warnings.Take(50))
            html.Add(
                $"<li><b>{warning.Id}</b> {PageText.Lines(warning.Message)}. <span>Next: {PageText.Lines(warning.NextStep)}</span></li>"
            );
        html.AddRaw("</ul>\n");
    }

    private static void Overhead(HtmlBuilder html, ProfileDocument document)
    {
        var o = document.Overhead;
        html.Add(
            $"""
            <h2>Overhead <small>what this cost the target</small></h2>
            <table class="pairs"><tbody>
            <tr><th scope="row">Measured</th><td class="num">{HumanText.Percent(
                o.MeasuredPercent
            )}</td><td>of the target's CPU time; the budget was {HumanText.Percent(o.BudgetPercent)}</td></tr>
            <tr><th scope="row">Probe hits</th><td class="num">{HumanText.Count(
                o.ProbeHits
            )}</td><td>at {HumanText.Duration(o.CostPerPollNs)} a poll, measured on this machine</td></tr>
            <tr><th scope="row">Agent</th><td class="num">{HumanText.Duration(
                o.AgentCpuNs
            )}</td><td>CPU time; {HumanText.Bytes(o.AgentPeakBytes)} memory at most</td></tr>
            <tr><th scope="row">Level</th><td class="num">{o.Level}</td><td>{LevelName(o.Level)}</td></tr>
            <tr><th scope="row">Probes</th><td class="num">{document.Agent.ProbeMode}</td><td>kernel {document.Agent.Kernel}, {document.Agent.Machine}</td></tr>
            </tbody></table>
            """
        );
        if (o.LevelChanges.Count <= 1)
            return;
        html.AddRaw("<ul class=\"warnings\">\n");
        foreach (var change in o.LevelChanges.Take(30))
            html.Add(
                $"<li>at {HumanText.Duration(change.AtNs)}: level {change.Level}, one poll in {change.SampleRate}: {change.Reason}</li>"
            );
        html.AddRaw("</ul>\n");
    }

    private static string LevelName(int level) =>
        level switch
        {
            0 => "every poll was timed",
            1 => "polls were sampled",
            2 => "the hottest task types were left out",
            _ => "no poll probes: scheduler events and samples only",
        };
}
