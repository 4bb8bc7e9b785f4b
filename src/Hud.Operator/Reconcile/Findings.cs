using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports;

namespace Hud.Operator.Reconcile;

/// <summary>The part of a profile that the status shows, in short strings for people. Pure.</summary>
public static class Findings
{
    public static StatusSummary Summary(ProfileSummary s) =>
        new()
        {
            Polls = StatusFit.Count(s.Polls),
            SlowPolls = StatusFit.Count(s.SlowPolls),
            BlockedPercent = StatusFit.Percent(s.BlockedPercent),
            WorstPoll = HumanText.Duration(s.WorstPollNs),
            Stalls = StatusFit.Count(s.StallCount),
            LongestStall = HumanText.Duration(s.LongestStallNs),
            CpuHogTime = HumanText.Duration(s.CpuHogNs),
            BlockedTime = HumanText.Duration(s.BlockedNs),
            RunQueueTime = HumanText.Duration(s.RunQueueNs),
            ThrottledTime = HumanText.Duration(s.ThrottledNs),
        };

    /// <param name="top">How many; the schema allows 50.</param>
    public static IReadOnlyList<StatusHotspot> Hotspots(IReadOnlyList<Hotspot> all, int top) =>
        [
            .. all.Take(Math.Clamp(top, 1, SessionBounds.MaxTopHotspots))
                .Select(
                    (h, i) =>
                        new StatusHotspot
                        {
                            Rank = i + 1,
                            Cause = h.Cause,
                            Category = StatusFit.Cut(h.Category, 64),
                            Function = StatusFit.Cut(h.Function, 512),
                            UserFrame = StatusFit.Cut(h.UserFrame, 512),
                            Location = StatusFit.Cut(h.Location, 512),
                            Task = StatusFit.Cut(h.Task, 512),
                            Syscall = StatusFit.Cut(h.Syscall, 64),
                            Count = StatusFit.Count(h.Count),
                            Total = HumanText.Duration(h.TotalNs),
                            P50 = HumanText.Duration(h.P50Ns),
                            P99 = HumanText.Duration(h.P99Ns),
                            Max = HumanText.Duration(h.MaxNs),
                            Percent = StatusFit.Percent(h.Percent),
                            Advice = StatusFit.Cut(h.Advice, 1024),
                            Stack = [.. h.Stack.Take(StatusFit.MaxStack).Select(f => StatusFit.Cut(f, 512))],
                        }
                ),
        ];
}
