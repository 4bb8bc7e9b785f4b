namespace Hud.Analysis;

/// <summary>Finds the intervals in which every worker of a runtime was inside a slow poll: nothing could run.</summary>
public static class StallFinder
{
    /// <param name="polls">Worker and time of each slow poll of one runtime, in any order.</param>
    /// <param name="workers">How many workers the runtime has.</param>
    /// <param name="minNs">Overlaps shorter than this aren't a stall.</param>
    public static List<(long StartNs, long DurationNs)> Find(
        IEnumerable<(int Worker, long StartNs, long EndNs)> polls,
        int workers,
        long minNs
    )
    {
        var edges = new List<(long At, bool Opens, int Worker)>();
        foreach (var (worker, start, end) in polls)
        {
            if (end <= start)
                continue; // its end would count before its start and leave the worker open forever
            edges.Add((start, true, worker));
            edges.Add((end, false, worker));
        }

        // at the same moment an end counts first: back-to-back polls of one worker do not overlap
        edges.Sort(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Opens.CompareTo(b.Opens));
        var open = new Dictionary<int, int>();
        var stalls = new List<(long, long)>();
        long since = -1;
        foreach (var (at, opens, worker) in edges)
        {
            int depth = open.GetValueOrDefault(worker) + (opens ? 1 : -1);
            if (depth > 0)
                open[worker] = depth;
            else
                open.Remove(worker);
            bool stalled = workers > 0 && open.Count >= workers;
            if (stalled && since < 0)
            {
                since = at;
            }
            else if (!stalled && since >= 0)
            {
                if (at - since >= minNs)
                    stalls.Add((since, at - since));
                since = -1;
            }
        }

        return stalls;
    }
}
