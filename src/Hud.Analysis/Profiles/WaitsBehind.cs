using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>What the tasks of each type waited behind, in the words of the document's hotspots. Pure.</summary>
internal sealed class WaitsBehind(
    WaitBlame waits,
    IReadOnlyList<Hotspot> hotspots,
    IReadOnlyDictionary<RawKey, int> hotspotOf
)
{
    /// <summary>Of one task type. What is further down is seldom a cause, and the shares show that it is missing.</summary>
    public const int Most = 5;

    private readonly ILookup<TaskTypeId, (int Hotspot, WaitSum Sum)> _byType = waits
        .Behind.Select(p => (p.Key.Waiting, Hotspot: hotspotOf.GetValueOrDefault(p.Key.Behind, -1), p.Value))
        .Where(p => p.Hotspot >= 0)
        .ToLookup(p => p.Waiting, p => (p.Hotspot, p.Value));

    public IReadOnlyList<WaitBehind> Of(TaskTypeId type)
    {
        var all = waits.All.GetValueOrDefault(type);
        return
        [
            .. _byType[type]
                .GroupBy(p => p.Hotspot)
                .Select(g => Row(hotspots[g.Key], g.Sum(p => p.Sum.Count), g.Sum(p => p.Sum.Ns), all))
                .OrderByDescending(b => b.TotalNs)
                .ThenBy(b => b.Fingerprint, StringComparer.Ordinal)
                .Take(Most),
        ];
    }

    /// <summary>Stacks that mean the same to the report may have been told apart while it was not known: a wait is not counted more often than it was.</summary>
    private static WaitBehind Row(Hotspot hotspot, long count, long ns, WaitSum all) =>
        new()
        {
            Cause = hotspot.Cause,
            Fingerprint = hotspot.Fingerprint,
            Function =
                hotspot.UserFrame.Length > 0 ? hotspot.UserFrame
                : hotspot.Function.Length > 0 ? hotspot.Function
                : hotspot.Task,
            Count = Math.Min(count, all.Count),
            TotalNs = ns,
            Percent = all.Ns > 0 ? Math.Round(Math.Min(100, ns * 100.0 / all.Ns), 1) : 0,
        };
}
