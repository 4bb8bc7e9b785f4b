namespace Hud.WorkloadTests.Harness;

/// <summary>Intervals in which every worker was inside a block that itself is over the threshold.</summary>
internal static class Stalls
{
    public static (int Count, long LongestNs) Of(IReadOnlyList<TruthBlock> blocks, int workers, long thresholdNs)
    {
        var edges = blocks
            .Where(block => block.DurNs > thresholdNs)
            .SelectMany(block => new[] { (At: block.StartNs, Change: 1), (At: block.EndNs, Change: -1) })
            .OrderBy(edge => edge.At);
        var (inside, since, count, longest) = (0, 0L, 0, 0L);
        foreach (var (at, change) in edges)
        {
            if (inside == workers)
            {
                count++;
                longest = Math.Max(longest, at - since);
            }

            inside += change;
            since = at;
        }

        return (count, longest);
    }
}
