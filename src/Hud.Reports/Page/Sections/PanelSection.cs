using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>The instruments: one number each, what it means below it.</summary>
internal static class PanelSection
{
    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        var s = document.Summary;
        html.AddRaw("<section class=\"panel\" aria-label=\"Instruments\"><dl>\n");
        Instrument(
            html,
            "Worker time lost",
            HumanText.Percent(s.BlockedPercent),
            $"of {s.Workers} workers",
            s.BlockedPercent >= 1 ? "bad"
                : s.BlockedPercent > 0 ? "warn"
                : "good"
        );
        Instrument(
            html,
            "Worst poll",
            HumanText.Duration(Math.Max(s.WorstPollNs, s.LongestPollNs)),
            $"threshold {document.Session.Threshold}",
            s.WorstPollNs > 0 ? "warn" : "good"
        );
        Instrument(
            html,
            "Slow polls",
            HumanText.Count(s.SlowPolls),
            $"of {HumanText.Count(s.Polls)} polls{(s.Estimated ? ", estimated" : "")}",
            ""
        );
        Instrument(
            html,
            "Stalls",
            HumanText.Count(s.StallCount),
            s.StallCount > 0
                ? $"all workers stuck; longest {HumanText.Duration(s.LongestStallNs)}"
                : "never were all workers stuck",
            s.StallCount > 0 ? "bad" : "good"
        );
        Instrument(html, "Computing", HumanText.Duration(s.CpuHogNs), "on-CPU in slow polls", "cause-oncpu");
        Instrument(html, "Blocked", HumanText.Duration(s.BlockedNs), "asleep in slow polls", "cause-blockingcall");
        Instrument(
            html,
            "CPU wait",
            HumanText.Duration(s.RunQueueNs),
            s.ThrottledNs > 0
                ? $"throttled {HumanText.Duration(s.ThrottledNs)}; not the code"
                : "run queue; not the code",
            "cause-runqueue"
        );
        Instrument(
            html,
            "Hud itself",
            HumanText.Percent(document.Overhead.MeasuredPercent),
            $"of {HumanText.Percent(document.Overhead.BudgetPercent)} budget; {HumanText.Count(document.Losses.Events())} events lost; {s.SymbolizedPercent}% named",
            document.Losses.Events() > 0 ? "warn" : ""
        );
        html.AddRaw("</dl>\n");
        Gate(html, document);
        html.AddRaw("</section>\n");
    }

    private static void Instrument(HtmlBuilder html, string name, string value, string note, string tone) =>
        html.Add($"<div class=\"{tone}\"><dt>{name}</dt><dd><b>{value}</b> <span>{note}</span></dd></div>");

    private static void Gate(HtmlBuilder html, ProfileDocument document)
    {
        if (document.Session.Expect is not { } expect)
            return;
        html.AddRaw("<p class=\"gate\"><strong>Expected</strong>");
        if (expect.MaxPoll is { } maxPoll)
            Condition(html, $"no poll over {maxPoll}", document.Summary.WorstPollNs <= maxPoll.Nanoseconds, document);
        if (expect.MaxBlockedPercent is { } maxBlocked)
            Condition(
                html,
                $"at most {HumanText.Percent(maxBlocked)} of worker time lost",
                document.Summary.BlockedPercent <= maxBlocked,
                document
            );
        html.AddRaw("</p>\n");
    }

    private static void Condition(HtmlBuilder html, string text, bool met, ProfileDocument document)
    {
        string outcome =
            document.VerdictLevel == VerdictLevel.NoData ? "no data"
            : met ? "met"
            : "not met";
        html.Add($"<span class=\"{(outcome == "met" ? "good" : "bad")}\">{text}: <b>{outcome}</b></span>");
    }
}
