using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>The targets side by side: one column each, so that the odd one out shows.</summary>
internal static class TargetSection
{
    private const int MaxColumns = 24;

    private static readonly (string Name, Func<TargetProfile, string> Value)[] Rows =
    [
        ("State", t => t.State + (t.Reason.Length > 0 ? ": " + Words.OfReason(t.Reason) : "")),
        ("Worker time lost", t => HumanText.Percent(t.BlockedPercent)),
        ("Slow polls", t => $"{HumanText.Count(t.SlowPolls)} of {HumanText.Count(t.Polls)}"),
        ("Longest poll", t => HumanText.Duration(t.LongestPollNs)),
        ("Waits for a worker, p99", t => t.WaitP99Ns is { } wait ? HumanText.Duration(wait) : "-"),
        ("Workers", t => $"{t.Workers} in {t.Runtimes} {(t.Runtimes == 1 ? "runtime" : "runtimes")}"),
        ("Tokio", t => t.TokioVersion.Length > 0 ? t.TokioVersion : "unknown"),
        ("CPU used", t => HumanText.Duration(t.CpuNs)),
        ("Waited for a CPU", t => HumanText.Duration(t.CpuWaitNs)),
        (
            "Stopped by the CPU limit",
            t => t.ThrottledNs > 0 ? $"{HumanText.Duration(t.ThrottledNs)} in {t.ThrottledPeriods} periods" : "no"
        ),
        ("Events dropped", t => HumanText.Count(t.LostEvents)),
        ("Frames named", t => t.SymbolizedPercent + "%"),
        ("Cost of Hud", t => HumanText.Percent(t.OverheadPercent)),
        ("Image", t => t.Image is { Length: > 0 } image ? image : "-"),
        ("Container", t => t.Container ?? "-"),
        ("Node", t => t.Node ?? "-"),
        (
            "Process",
            t =>
                $"{t.Process} (pid {t.Pid})"
                + (t.Processes > 1 ? $", the last of {t.Processes} that ran the same program one after the other" : "")
        ),
        ("Build id", t => t.BuildId.Length > 16 ? t.BuildId[..16] : t.BuildId),
    ];

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        if (document.Targets.Count == 0)
            return;
        if (document.Targets.Count == 1)
        {
            One(html, document.Targets[0]);
            return;
        }

        var targets = document.Targets.Take(MaxColumns).ToList();
        html.AddRaw(
            "<section id=\"targets\" aria-labelledby=\"targets-title\"><h2 id=\"targets-title\">Targets <small>side by side</small></h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Targets, side by side\"><table class=\"columns\"><thead><tr><td></td>"
        );
        foreach (var target in targets)
            html.Add($"<th scope=\"col\">{target.Pod ?? target.Process}</th>");
        html.AddRaw("</tr></thead><tbody>\n");
        double most = targets.Max(t => t.BlockedPercent);
        foreach (var (name, value) in Rows)
        {
            html.Add($"<tr><th scope=\"row\">{name}</th>");
            foreach (var target in targets)
            {
                bool bad =
                    name == "State"
                        ? target.State == TargetState.Failed
                        : name == "Worker time lost" && most > 0 && target.BlockedPercent == most;
                html.Add($"<td class=\"{(bad ? "warn" : "")}\">{value(target)}</td>");
            }

            html.AddRaw("</tr>\n");
        }

        html.AddRaw("</tbody></table></div>\n");
        foreach (var target in targets.Where(t => t.Message.Length > 0))
            html.Add($"<p class=\"note\"><b>{target.Pod ?? target.Process}</b>: {target.Message}</p>");
        if (document.Targets.Count > MaxColumns)
            html.Add(
                $"<p class=\"note\">{document.Targets.Count - MaxColumns} more targets are in the report's JSON.</p>"
            );
        html.AddRaw("</section>\n");
    }

    /// <summary>A table of one column would leave most of the width empty.</summary>
    private static void One(HtmlBuilder html, TargetProfile target)
    {
        html.Add(
            $"<section id=\"targets\" aria-labelledby=\"targets-title\"><h2 id=\"targets-title\">Target <small>{target.Pod ?? target.Process}</small></h2><dl class=\"one\">"
        );
        foreach (var (name, value) in Rows)
        {
            bool bad = name == "State" && target.State == TargetState.Failed;
            html.Add($"<div class=\"{(bad ? "warn" : "")}\"><dt>{name}</dt><dd>{value(target)}</dd></div>");
        }

        html.AddRaw("</dl>\n");
        if (target.Message.Length > 0)
            html.Add($"<p class=\"note\">{target.Message}</p>");
        html.AddRaw("</section>\n");
    }
}
