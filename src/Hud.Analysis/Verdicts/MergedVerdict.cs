using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>The sentence over several targets, in the words that one agent uses for one.</summary>
internal static class MergedVerdict
{
    public static string Sentence(ProfileDocument document)
    {
        var summary = document.Summary;
        int measured = document.Targets.Count(t => t.State == Hud.Core.Api.TargetState.Succeeded || t.Polls > 0);
        string where =
            measured == document.Targets.Count
                ? $"{measured} targets"
                : $"{measured} of {document.Targets.Count} targets";
        string worst = HumanText.Duration(summary.WorstPollNs);
        return document.VerdictLevel switch
        {
            VerdictLevel.Blocked =>
                $"BLOCKED {(summary.Estimated ? "about " : "")}{HumanText.Percent(summary.BlockedPercent)} of worker time on {where}; worst poll {worst}{Top(document)}",
            VerdictLevel.Pressure =>
                $"PRESSURE: workers on {where} waited {HumanText.Duration(Math.Max(summary.RunQueueNs, document.Targets.Sum(t => t.CpuWaitNs)))} for a CPU; {CpuStarvation.AboutTheCode(document.Targets)}",
            VerdictLevel.Healthy =>
                $"HEALTHY: {HumanText.Count(summary.Polls)} polls on {where}, the longest {HumanText.Duration(summary.LongestPollNs)}, none over {document.Session.Threshold}",
            _ => $"NO DATA from {document.Targets.Count} targets{Reasons(document)}",
        };
    }

    private static string Top(ProfileDocument document)
    {
        if (document.Hotspots.Count == 0)
            return "";
        var top = document.Hotspots[0];
        string inFrame = top.UserFrame.Length > 0 && top.UserFrame != top.Function ? $" in {top.UserFrame}" : "";
        string at = top.Location.Length > 0 ? $" ({top.Location})" : "";
        return $"; {top.Function}{inFrame}{at}";
    }

    private static string Reasons(ProfileDocument document)
    {
        var reasons = document
            .Targets.Select(t => t.Reason)
            .Where(r => r.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .Take(3)
            .ToList();
        return reasons.Count > 0 ? ": " + string.Join(", ", reasons) : "";
    }
}
