using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>The answer in one sentence. "No data" and "no problem" are different answers.</summary>
public static class VerdictText
{
    public static (VerdictLevel Level, string Text) For(
        ProfileSummary summary,
        IReadOnlyList<Hotspot> hotspots,
        IReadOnlyList<TargetProfile> targets,
        GoDuration threshold
    )
    {
        ArgumentNullException.ThrowIfNull(summary);
        ArgumentNullException.ThrowIfNull(hotspots);
        ArgumentNullException.ThrowIfNull(targets);
        var worst = hotspots.FirstOrDefault(h =>
            h.Cause is HotspotCause.OnCpu or HotspotCause.BlockingCall or HotspotCause.LockWait
        );
        string about = summary.Estimated ? "about " : "";
        if (worst is not null)
        {
            string place =
                worst.UserFrame == worst.Function || worst.UserFrame.Length == 0
                    ? worst.Function
                    : $"{worst.Function} in {worst.UserFrame}";
            string location = worst.Location.Length > 0 ? $" ({worst.Location})" : "";
            return (
                VerdictLevel.Blocked,
                $"BLOCKED {about}{HumanText.Percent(summary.BlockedPercent)} of worker time; worst poll {HumanText.Duration(summary.WorstPollNs)}; {place}{location}"
            );
        }

        if (hotspots.Count > 0)
        {
            long throttled = hotspots.Where(h => h.Cause == HotspotCause.Throttled).Sum(h => h.TotalNs);
            long queued = hotspots.Where(h => h.Cause == HotspotCause.RunQueue).Sum(h => h.TotalNs);
            string by = hotspots.SelectMany(h => h.PreemptedBy).FirstOrDefault()?.Name ?? "";
            string what =
                throttled >= queued
                    ? $"throttled by the CPU limit for {HumanText.Duration(throttled)}"
                    : $"waited {HumanText.Duration(queued)} for a CPU{(by.Length > 0 ? ", mostly for " + by : "")}";
            return (
                VerdictLevel.Pressure,
                $"PRESSURE: workers were {what}; {CpuStarvation.AboutTheCode(targets)}".Replace(
                    "were waited",
                    "waited",
                    StringComparison.Ordinal
                )
            );
        }

        if (summary.Polls > 0 && targets.Where(t => t.Reason == "Starved").ToList() is { Count: > 0 } starved)
        {
            long wait = starved.Sum(t => t.CpuWaitNs),
                throttled = starved.Sum(t => t.ThrottledNs);
            string what =
                throttled * 2 > wait
                    ? $"throttled by the CPU limit for {HumanText.Duration(throttled)}"
                    : $"kept waiting {HumanText.Duration(wait)} for a CPU";
            return (
                VerdictLevel.Pressure,
                $"PRESSURE: workers were {what} between polls; {CpuStarvation.AboutTheCode(targets)}"
            );
        }

        if (summary.Polls == 0)
        {
            string reason =
                targets.Select(t => t.Message).FirstOrDefault(m => m.Length > 0)
                ?? "nothing was polled: the service was idle";
            return (VerdictLevel.NoData, $"NO DATA: {reason}");
        }

        return (
            VerdictLevel.Healthy,
            $"HEALTHY: {HumanText.Count(summary.Polls)} polls, the longest {HumanText.Duration(summary.LongestPollNs)}, none over {threshold}"
        );
    }
}
