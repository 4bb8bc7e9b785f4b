namespace Hud.Analysis;

/// <summary>A slow poll as what others wait behind: the worker that was in it, and from when to when.</summary>
public readonly record struct SlowSpan(int Tid, long StartNs, long EndNs);

/// <summary>
/// Whose time a task's wait was. Each moment of it belongs in equal parts to the slow polls that the runtime's workers were in then: any worker
/// that is free takes a task from the common queue or from another worker's. A task in the queue of the very worker that went on to poll it is
/// that worker's while that one is in a slow poll: it may stand in the slot for the next task, which no one else takes from. Moments without a
/// slow poll belong to none. Pure.
/// </summary>
public static class WaitShares
{
    /// <param name="spans">Slow polls of the runtime's workers, in any order.</param>
    /// <param name="owner">The worker whose own queue the task stood in, null where that is not known.</param>
    /// <returns>Nanoseconds for each of the slow polls.</returns>
    public static long[] Of(long wakeNs, long pollNs, IReadOnlyList<SlowSpan> spans, int? owner)
    {
        ArgumentNullException.ThrowIfNull(spans);
        double[] shares = new double[spans.Count];
        var edges = new List<(long At, bool Opens, int Span)>(2 * spans.Count);
        for (int i = 0; i < spans.Count; i++)
        {
            long from = Math.Max(wakeNs, spans[i].StartNs),
                to = Math.Min(pollNs, spans[i].EndNs);
            if (to <= from)
                continue;
            edges.Add((from, true, i));
            edges.Add((to, false, i));
        }

        edges.Sort(static (a, b) => a.At.CompareTo(b.At));
        var open = new List<int>();
        long last = wakeNs;
        foreach (var (at, opens, span) in edges)
        {
            if (at > last)
                Share(shares, spans, open, owner, at - last);
            last = at;
            if (opens)
                open.Add(span);
            else
                open.Remove(span);
        }

        return [.. shares.Select(ns => (long)Math.Round(ns))];
    }

    private static void Share(double[] shares, IReadOnlyList<SlowSpan> spans, List<int> open, int? owner, long ns)
    {
        int owned = owner is { } tid ? open.Count(i => spans[i].Tid == tid) : 0;
        foreach (int i in open)
        {
            if (owned == 0)
                shares[i] += (double)ns / open.Count;
            else if (spans[i].Tid == owner)
                shares[i] += (double)ns / owned;
        }
    }
}
