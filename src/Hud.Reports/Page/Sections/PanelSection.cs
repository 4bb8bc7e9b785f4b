using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>The instruments: the three that make the verdict first and large, then where the time went and what measuring it cost.</summary>
internal static class PanelSection
{
    private const int MaxName = 40;

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        html.AddRaw("<section class=\"panel\" aria-label=\"Instruments\">\n");
        Lead(html, document);
        Rest(html, document);
        Gate(html, document);
        html.AddRaw("</section>\n");
    }

    private static void Lead(HtmlBuilder html, ProfileDocument document)
    {
        var s = document.Summary;
        html.AddRaw("<dl class=\"lead\">\n");
        Instrument(
            html,
            "Worker time lost",
            HumanText.Percent(s.BlockedPercent),
            $"{HumanText.Duration(s.CpuHogNs + s.BlockedNs)} of {WorkerTime(s)}",
            s.BlockedPercent >= 1 ? "bad"
                : s.BlockedPercent > 0 ? "warn"
                : "good"
        );
        Instrument(
            html,
            "Worst poll",
            HumanText.Duration(Math.Max(s.WorstPollNs, s.LongestPollNs)),
            $"slow means {document.Session.Threshold} or longer",
            s.WorstPollNs > 0 ? "warn" : "good"
        );
        Instrument(
            html,
            "Slow polls",
            (s.Estimated ? "~" : "") + HumanText.Count(s.SlowPolls),
            $"{Share(s.SlowPolls, s.Polls)} of {HumanText.Count(s.Polls)} polls",
            ""
        );
        html.AddRaw("</dl>\n");
    }

    private static void Rest(HtmlBuilder html, ProfileDocument document)
    {
        var s = document.Summary;
        long lost = s.CpuHogNs + s.BlockedNs;
        var worst = document.Tasks.ByWait().FirstOrDefault();
        html.AddRaw($"<dl class=\"rest{(worst is null ? "" : " seven")}\">\n");
        Instrument(
            html,
            "Stalls",
            HumanText.Count(s.StallCount),
            s.StallCount > 0
                ? $"every worker blocked at once; longest {HumanText.Duration(s.LongestStallNs)}"
                : "all workers were never blocked at once",
            s.StallCount > 0 ? "bad" : "good"
        );
        Instrument(
            html,
            "Computing",
            HumanText.Duration(s.CpuHogNs),
            $"{Share(s.CpuHogNs, lost)} of the time lost",
            "cause-oncpu"
        );
        Instrument(
            html,
            "Asleep",
            HumanText.Duration(s.BlockedNs),
            $"{Share(s.BlockedNs, lost)} of the time lost",
            "cause-blockingcall"
        );
        Instrument(
            html,
            "Waiting for a CPU",
            HumanText.Duration(s.RunQueueNs),
            (s.ThrottledNs > 0 ? $"{HumanText.Duration(s.ThrottledNs)} by the CPU limit; " : "")
                + "not the code\u2019s fault",
            "cause-runqueue"
        );
        if (worst is not null)
            Wait(html, worst, document.Session.Threshold.Nanoseconds);
        Instrument(
            html,
            "Cost of Hud",
            HumanText.Percent(document.Overhead.MeasuredPercent),
            $"of the target\u2019s CPU time; budget {HumanText.Percent(document.Overhead.BudgetPercent)}",
            document.Overhead.MeasuredPercent > document.Overhead.BudgetPercent ? "warn" : ""
        );
        Instrument(
            html,
            "Dropped",
            HumanText.Count(document.Losses.Events()),
            $"{(document.Losses.Events() == 1 ? "event" : "events")}, all counted below; {s.SymbolizedPercent}% of frames have a name",
            document.Losses.Events() > 0 ? "warn" : ""
        );
        html.AddRaw("</dl>\n");
    }

    /// <summary>What the tasks felt of it. Where no wait was timed it is not there: a zero would say that none waited.</summary>
    private static void Wait(HtmlBuilder html, TaskProfile worst, long thresholdNs)
    {
        var waits = worst.Waits!;
        string behind =
            waits.Behind.Count > 0
                ? $"; {HumanText.Percent(waits.Behind[0].Percent)} of the long ones behind {Short(waits.Behind[0].Function)}"
                : "";
        Instrument(
            html,
            "Waiting for a worker",
            (waits.Estimated ? "~" : "") + HumanText.Duration(waits.P99Ns),
            $"p99 of {Short(worst.Name)}, longest {HumanText.Duration(waits.MaxNs)}{behind}",
            waits.P99Ns >= thresholdNs ? "warn" : ""
        );
    }

    private static string Short(string name) => Printable.FitPath(PageText.Clean(name), MaxName);

    private static string WorkerTime(ProfileSummary s) =>
        $"{s.Workers} {(s.Workers == 1 ? "worker" : "workers")} \u00d7 {HumanText.Duration(s.ObservedNs)}";

    private static string Share(long part, long whole) => HumanText.Percent(whole > 0 ? part * 100.0 / whole : 0);

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
