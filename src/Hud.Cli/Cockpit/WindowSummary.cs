using Hud.Core;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

/// <summary>
/// The figures of the head, all over one span: the window's when one is set, else since the start. What is only known since
/// the start (the longest stall) is not there for a window, so that two spans never stand side by side. Pure.
/// </summary>
internal sealed record WindowSummary
{
    public required VerdictLevel Level { get; init; }
    public required string Sentence { get; init; }
    public double LostPercent { get; init; }
    public long WorstNs { get; init; }
    public long SlowPolls { get; init; }
    public long Polls { get; init; }
    public int Stalls { get; init; }

    /// <summary>0 when it is not known for the span.</summary>
    public long LongestStallNs { get; init; }
    public long RunQueueNs { get; init; }
    public long ThrottledNs { get; init; }
    public long Dropped { get; init; }
    public bool Estimated { get; init; }

    /// <param name="rows">Over the same window, without search.</param>
    public static WindowSummary Of(LiveModel model, TimeSpan window, IReadOnlyList<HotspotRow> rows)
    {
        var now = model.Now!;
        var s = now.Summary;
        if (model.Before(window) is not { } before)
        {
            return new()
            {
                Level = now.VerdictLevel,
                Sentence = now.Verdict,
                LostPercent = s.BlockedPercent,
                WorstNs = s.WorstPollNs,
                SlowPolls = s.SlowPolls,
                Polls = s.Polls,
                Stalls = s.StallCount,
                LongestStallNs = s.LongestStallNs,
                RunQueueNs = s.RunQueueNs,
                ThrottledNs = s.ThrottledNs,
                Dropped = now.LostEvents,
                Estimated = s.Estimated,
            };
        }

        // the percentages are of all time so far; their products with it can be subtracted
        double lost = s.BlockedPercent * now.ElapsedNs - before.Summary.BlockedPercent * before.AtNs;
        long polls = Math.Max(0, s.Polls - before.Summary.Polls);
        var top = rows.FirstOrDefault(r => !r.Hotspot.Cause.IsCpuPressure() && r.Count > 0);
        var level =
            top is not null ? VerdictLevel.Blocked
            : rows.Any(r => r.Count > 0) ? VerdictLevel.Pressure
            : polls > 0 ? VerdictLevel.Healthy
            : VerdictLevel.NoData;
        var summary = new WindowSummary
        {
            Level = level,
            Sentence = "",
            LostPercent = Math.Max(0, lost / Math.Max(1, now.ElapsedNs - before.AtNs)),
            WorstNs = model.Recent(before.AtNs).Select(p => p.OnCpuNs + p.BlockedNs).DefaultIfEmpty(0).Max(),
            SlowPolls = Math.Max(0, s.SlowPolls - before.Summary.SlowPolls),
            Polls = polls,
            Stalls = Math.Max(0, s.StallCount - before.Summary.StallCount),
            RunQueueNs = Math.Max(0, s.RunQueueNs - before.Summary.RunQueueNs),
            ThrottledNs = Math.Max(0, s.ThrottledNs - before.Summary.ThrottledNs),
            Dropped = Math.Max(0, now.LostEvents - before.Dropped),
            Estimated = s.Estimated,
        };
        return summary with { Sentence = Say(summary, top) };
    }

    private static string Say(WindowSummary s, HotspotRow? top) =>
        s.Level switch
        {
            VerdictLevel.Blocked =>
                $"BLOCKED {HumanText.Percent(Math.Round(s.LostPercent, 2))} of worker time; worst poll {HumanText.Duration(s.WorstNs)}; {Words.Blamed(top!.Hotspot)}{(top.Hotspot.Location.Length > 0 ? $" ({top.Hotspot.Location})" : "")}",
            VerdictLevel.Pressure =>
                $"PRESSURE: workers waited {HumanText.Duration(s.RunQueueNs + s.ThrottledNs)} for a CPU; no poll of the code's own was slow",
            VerdictLevel.Healthy => $"HEALTHY: {HumanText.Count(s.Polls)} polls, none over the threshold",
            _ => "NO DATA: nothing was polled",
        };
}
