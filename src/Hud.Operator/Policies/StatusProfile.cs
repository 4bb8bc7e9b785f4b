using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Operator.Policies;

/// <summary>
/// A profile of what a session's status holds, which is enough to compare two: no report is fetched, and an answer stays the same when results are
/// deleted (<c>resultsTTL</c>). Hotspots have no fingerprint here and are the same by their names. Pure.
/// </summary>
public static class StatusProfile
{
    /// <param name="status">Written by the operator; whoever else wrote it, texts are cut where they are shown.</param>
    public static ProfileDocument Of(ProfilingSessionSpec spec, ProfilingSessionStatus status)
    {
        var summary = status.Summary ?? new StatusSummary();
        var verdict = status.Verdict ?? "";
        return new ProfileDocument
        {
            Session = spec,
            Verdict = verdict,
            // the only level that a comparison asks for
            VerdictLevel =
                summary.Polls == 0 || verdict.StartsWith("NO DATA", StringComparison.Ordinal)
                    ? VerdictLevel.NoData
                    : VerdictLevel.Healthy,
            Summary = new ProfileSummary
            {
                StartedAt = status.StartTime ?? default,
                // of all pods together, so that their number makes no other load
                ObservedNs = Math.Min(
                    spec.Duration.Nanoseconds * Math.Max(1L, status.TargetCounts.Succeeded),
                    long.MaxValue / 2
                ),
                Polls = summary.Polls,
                SlowPolls = summary.SlowPolls,
                BlockedPercent = summary.BlockedPercent,
                StallCount = summary.Stalls,
            },
            Hotspots =
            [
                .. status.Hotspots.Select(h => new Hotspot
                {
                    Rank = h.Rank,
                    Cause = h.Cause,
                    Category = h.Category,
                    Function = h.Function,
                    UserFrame = h.UserFrame,
                    Location = h.Location,
                    Task = h.Task,
                    Syscall = h.Syscall,
                    Count = h.Count,
                    Percent = h.Percent,
                }),
            ],
        };
    }

    /// <summary>
    /// How much of the worker time, in percent, one hotspot that the status does not list can have taken at most: not more than the last that it lists,
    /// nor than what is left of the sum.
    /// </summary>
    public static double Unlisted(ProfilingSessionStatus status)
    {
        var listed = status.Hotspots.Where(h => !h.Cause.IsCpuPressure()).Select(h => h.Percent).ToList();
        var left = (status.Summary?.BlockedPercent ?? 0) - listed.Sum();
        // figures are rounded to two places
        left -= 0.01 * (listed.Count + 1);
        return Math.Max(0, status.Hotspots.Count == 0 ? left : Math.Min(left, status.Hotspots[^1].Percent));
    }
}
