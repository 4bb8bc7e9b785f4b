using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports;

namespace Hud.Operator.Reconcile;

/// <summary>The part of a profile that the status shows, in short strings for people. Pure.</summary>
public static class StatusProjection
{
    /// <param name="tasks">Of all targets, or those that waited longest.</param>
    public static StatusSummary Summary(ProfileSummary s, IEnumerable<TaskProfile> tasks) =>
        new()
        {
            Polls = StatusSizeLimiter.Count(s.Polls),
            SlowPolls = StatusSizeLimiter.Count(s.SlowPolls),
            BlockedPercent = StatusSizeLimiter.Percent(s.BlockedPercent),
            WorstPoll = HumanText.Duration(s.WorstPollNs),
            Stalls = StatusSizeLimiter.Count(s.StallCount),
            LongestStall = HumanText.Duration(s.LongestStallNs),
            CpuHogTime = HumanText.Duration(s.CpuHogNs),
            BlockedTime = HumanText.Duration(s.BlockedNs),
            RunQueueTime = HumanText.Duration(s.RunQueueNs),
            ThrottledTime = HumanText.Duration(s.ThrottledNs),
            WorstWait = tasks.ByWait().Select(Wait).FirstOrDefault(),
        };

    private static StatusWait Wait(TaskProfile task)
    {
        var waits = task.Waits!;
        var behind = waits.Behind.Count > 0 ? waits.Behind[0] : null;
        return new()
        {
            Task = StatusSizeLimiter.Cut(task.Name, 512),
            P99 = HumanText.Duration(waits.P99Ns),
            Max = HumanText.Duration(waits.MaxNs),
            Behind = StatusSizeLimiter.Cut(behind?.Function ?? "", 512),
            BehindPercent = behind is null ? null : StatusSizeLimiter.Percent(behind.Percent),
        };
    }

    public static IReadOnlyList<StatusOutlier> Outliers(IReadOnlyList<Outlier> outliers) =>
        [
            .. outliers.Select(o => new StatusOutlier
            {
                Pod = StatusSizeLimiter.Cut(o.Name, 253),
                Text = StatusSizeLimiter.Cut(o.Text, StatusSizeLimiter.MaxOutlierText),
            }),
        ];

    public static IReadOnlyList<StatusImage> Images(IReadOnlyList<ImageGroup> images) =>
        [
            .. images
                .Take(SessionBounds.MaxImagesShown)
                .Select(i => new StatusImage
                {
                    Version = StatusSizeLimiter.Cut(i.Version, StatusSizeLimiter.MaxVersionText),
                    Targets = StatusSizeLimiter.Count(i.Targets),
                    BlockedPercent = StatusSizeLimiter.Percent(i.BlockedPercent),
                    LongestPoll = HumanText.Duration(i.LongestPollNs),
                }),
        ];

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
                            Category = StatusSizeLimiter.Cut(h.Category, 64),
                            Function = StatusSizeLimiter.Cut(h.Function, 512),
                            UserFrame = StatusSizeLimiter.Cut(h.UserFrame, 512),
                            Location = StatusSizeLimiter.Cut(h.Location, 512),
                            Task = StatusSizeLimiter.Cut(h.Task, 512),
                            Syscall = StatusSizeLimiter.Cut(h.Syscall, 64),
                            Count = StatusSizeLimiter.Count(h.Count),
                            Total = HumanText.Duration(h.TotalNs),
                            P50 = HumanText.Duration(h.P50Ns),
                            P99 = HumanText.Duration(h.P99Ns),
                            Max = HumanText.Duration(h.MaxNs),
                            Percent = StatusSizeLimiter.Percent(h.Percent),
                            Advice = StatusSizeLimiter.Cut(h.Advice, 1024),
                            Stack =
                            [
                                .. h.Stack.Take(StatusSizeLimiter.MaxStack).Select(f => StatusSizeLimiter.Cut(f, 512)),
                            ],
                        }
                ),
        ];
}
