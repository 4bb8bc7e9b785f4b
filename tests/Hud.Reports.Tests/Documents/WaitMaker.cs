using Hud.Core.Profile;

namespace Hud.Reports.Tests.Documents;

internal static class WaitMaker
{
    /// <summary>The document as it is when wakes are timed: most waits are short, and a few are as long as the polls that they stood behind.</summary>
    public static ProfileDocument WithWaits(this ProfileDocument document, string notTimed = "")
    {
        ArgumentNullException.ThrowIfNull(document);
        // tasks wait behind whatever blocks; behind waits for a CPU as well
        var behind = document.Hotspots.OrderByDescending(h => h.TotalNs).ToList();
        return document with
        {
            Tasks =
            [
                .. document.Tasks.Select(
                    (t, i) => t with { Waits = Waits(t, i, [.. behind.Take(Math.Max(1, 4 - i))]) }
                ),
            ],
            Targets = [.. document.Targets.Select(t => t with { WakesNotTimed = t.Polls > 0 ? notTimed : "" })],
        };
    }

    private static TaskWaits Waits(TaskProfile task, int index, List<Hotspot> hotspots)
    {
        var polls = Math.Max(1, task.Polls / 4);
        var histogram = new List<long>(new long[Math.Max(22, 28 - index)]);
        foreach (var (bucket, share) in new[] { (12, 0.3), (13, 0.4), (14, 0.2), (15, 0.07) })
            histogram[bucket] = (long)(polls * share);
        for (int bucket = 20; bucket < histogram.Count; bucket++)
            histogram[bucket] = Math.Max(1, polls >> (bucket - 17));
        long max = (1L << (histogram.Count - 1)) + 3_000_000;
        double all = hotspots.Sum(h => (double)h.TotalNs) * 1.2;
        return new TaskWaits
        {
            Count = histogram.Sum(),
            TotalNs = histogram.Select((n, b) => n << b).Sum(),
            P50Ns = Log2Histogram.Quantile(histogram, 0.5, max),
            P99Ns = Log2Histogram.Quantile(histogram, 0.99, max),
            MaxNs = max,
            Estimated = index == 1,
            Histogram = histogram,
            Behind =
            [
                .. hotspots.Select(h => new WaitBehind
                {
                    Cause = h.Cause,
                    Fingerprint = h.Fingerprint,
                    Function = h.UserFrame.Length > 0 ? h.UserFrame : h.Function,
                    Count = Math.Max(1, h.Count * 5 / (index + 1)),
                    TotalNs = h.TotalNs * 3 / (index + 1),
                    Percent = Math.Round(100 * h.TotalNs / all, 1),
                }),
            ],
        };
    }
}
