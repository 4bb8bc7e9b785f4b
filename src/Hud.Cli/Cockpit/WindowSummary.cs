using Hud.Analysis;
using Hud.Core.Profile;

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
        long spanNs = Math.Max(1, now.ElapsedNs - before.AtNs);
        var summary = s with
        {
            ObservedNs = spanNs,
            BlockedPercent = Math.Round(Math.Max(0, lost / spanNs), 2),
            WorstPollNs = model.Recent(before.AtNs).Select(p => p.OnCpuNs + p.BlockedNs).DefaultIfEmpty(0).Max(),
            SlowPolls = Math.Max(0, s.SlowPolls - before.Summary.SlowPolls),
            Polls = Math.Max(0, s.Polls - before.Summary.Polls),
            StallCount = Math.Max(0, s.StallCount - before.Summary.StallCount),
            RunQueueNs = Math.Max(0, s.RunQueueNs - before.Summary.RunQueueNs),
            ThrottledNs = Math.Max(0, s.ThrottledNs - before.Summary.ThrottledNs),
        };
        var (level, sentence) = Verdict.Of(Document(model, summary, before, rows));
        return new()
        {
            Level = level,
            Sentence = sentence,
            LostPercent = summary.BlockedPercent,
            WorstNs = summary.WorstPollNs,
            SlowPolls = summary.SlowPolls,
            Polls = summary.Polls,
            Stalls = summary.StallCount,
            RunQueueNs = summary.RunQueueNs,
            ThrottledNs = summary.ThrottledNs,
            Dropped = Math.Max(0, now.LostEvents - before.Dropped),
            Estimated = s.Estimated,
        };
    }

    /// <summary>The span as if it had been a run of its own, so that one rule judges both.</summary>
    private static ProfileDocument Document(
        LiveModel model,
        ProfileSummary summary,
        Sample before,
        IReadOnlyList<HotspotRow> rows
    )
    {
        var now = model.Now!;
        var seconds = model.Samples.Where(x => x.AtNs > before.AtNs).ToList();
        var busy = seconds
            .SelectMany(x => x.Workers)
            .GroupBy(w => (w.Target, w.Tid))
            .ToDictionary(g => g.Key, g => g.Sum(w => w.BusyPercent) / Math.Max(1, seconds.Count));
        return new()
        {
            Session = model.Hello?.Session ?? new(),
            Summary = summary with
            {
                // the longest poll of the span is known where it was slow
                LongestPollNs = Math.Max(summary.WorstPollNs, summary.SlowPolls > 0 ? 0 : summary.LongestPollNs),
            },
            Targets = [.. model.Targets],
            Hotspots = [.. rows.Where(r => r.Count > 0).Select(r => Over(r, seconds))],
            // how long they waited is known for the whole run alone
            Tasks = [.. now.Tasks.Select(t => t with { Waits = null })],
            Workers =
            [
                .. now.Workers.Select(w => new WorkerProfile
                {
                    Target = w.Target,
                    Tid = w.Tid,
                    Runtime = w.Runtime,
                    BusyNs = (long)(busy.GetValueOrDefault((w.Target, w.Tid)) * summary.ObservedNs / 100),
                }),
            ],
        };
    }

    private static Hotspot Over(HotspotRow row, List<Sample> seconds)
    {
        long worst = seconds.Max(s => s.Hotspots.GetValueOrDefault(row.Key).WorstNs);
        return row.Hotspot with
        {
            Count = row.Count,
            TotalNs = row.TotalNs,
            Percent = Math.Round(row.Percent, 2),
            // of polls that are still open only their sum is known
            MaxNs = Math.Max(worst, row.TotalNs / row.Count),
        };
    }
}
