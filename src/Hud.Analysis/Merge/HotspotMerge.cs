using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Joins hotspots with the same <see cref="HotspotIdentity"/> over documents and ranks them again.</summary>
internal static class HotspotMerge
{
    /// <summary>The merged hotspots, and per part the map from its hotspot index to the merged one.</summary>
    public static (IReadOnlyList<Hotspot> Hotspots, IReadOnlyList<int[]> Maps) Merge(IReadOnlyList<MergePart> parts)
    {
        var groups = parts
            .SelectMany((part, p) => part.Document.Hotspots.Select((hotspot, h) => (part, p, hotspot, h)))
            .GroupBy(x => (x.hotspot.Identity(), x.hotspot.Identity().IsKnown ? (-1, -1) : (x.p, x.h)))
            .Select(g =>
                (
                    Hotspot: Join([.. g.Select(x => (x.part, x.hotspot))], parts),
                    Members: g.Select(x => (x.p, x.h)).ToList()
                )
            )
            .OrderBy(g => g.Hotspot.Cause.IsCpuPressure())
            .ThenByDescending(g => g.Hotspot.TotalNs)
            .ThenBy(g => g.Hotspot.Fingerprint, StringComparer.Ordinal)
            .ToList();

        var maps = parts.Select(p => new int[p.Document.Hotspots.Count]).ToList();
        for (int i = 0; i < groups.Count; i++)
        {
            foreach (var (part, hotspot) in groups[i].Members)
                maps[part][hotspot] = i;
        }

        return ([.. groups.Select((g, i) => g.Hotspot with { Rank = i + 1 })], maps);
    }

    private static Hotspot Join(List<(MergePart Part, Hotspot Hotspot)> members, IReadOnlyList<MergePart> parts)
    {
        var (part, top) = members.MaxBy(m => m.Hotspot.TotalNs);
        double allWorkerNs = parts.Sum(p => p.WorkerNs);
        double percent =
            allWorkerNs > 0
                ? members.Sum(m => m.Hotspot.Percent * m.Part.WorkerNs) / allWorkerNs
                : members.Max(m => m.Hotspot.Percent);
        var joined = top with
        {
            Percent = Math.Round(percent, 3),
            StackIndex = part.Stack(top.StackIndex),
            HolderStackIndex = part.Stack(top.HolderStackIndex),
            Target = part.Target(top.Target),
        };
        if (members.Count == 1)
            return joined;

        var histogram = Log2Histogram.Sum(members.Select(m => m.Hotspot.Histogram));
        long max = members.Max(m => m.Hotspot.MaxNs);
        return joined with
        {
            Count = members.Sum(m => m.Hotspot.Count),
            TotalNs = members.Sum(m => m.Hotspot.TotalNs),
            P50Ns = Log2Histogram.Quantile(histogram, 0.5, max),
            P99Ns = Log2Histogram.Quantile(histogram, 0.99, max),
            MaxNs = max,
            Estimated = members.Any(m => m.Hotspot.Estimated),
            BeganBefore = members.Sum(m => m.Hotspot.BeganBefore),
            NotReturned = members.Sum(m => m.Hotspot.NotReturned),
            Histogram = histogram,
            PreemptedBy = Culprits(members),
            Target = members.Select(m => m.Part.Target(m.Hotspot.Target)).Distinct().Count() == 1 ? joined.Target : -1,
        };
    }

    private static List<Culprit> Culprits(List<(MergePart Part, Hotspot Hotspot)> members)
    {
        double total = members.Where(m => m.Hotspot.PreemptedBy.Count > 0).Sum(m => (double)m.Hotspot.TotalNs);
        return total <= 0
            ? []
            :
            [
                .. members
                    .SelectMany(m =>
                        m.Hotspot.PreemptedBy.Select(c => (c.Name, c.Pid, Part: c.Percent * m.Hotspot.TotalNs / total))
                    )
                    .GroupBy(c => c.Name, StringComparer.Ordinal)
                    // a pid says nothing over several nodes
                    .Select(g => new Culprit(
                        g.Key,
                        g.Select(c => c.Pid).Distinct().Count() == 1 ? g.First().Pid : 0,
                        Math.Round(g.Sum(c => c.Part), 1)
                    ))
                    .OrderByDescending(c => c.Percent)
                    .ThenBy(c => c.Name, StringComparer.Ordinal)
                    .Take(10),
            ];
    }
}
