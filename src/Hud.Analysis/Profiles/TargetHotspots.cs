using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// Each target's own part of the hotspots: a hotspot of several targets says in sum what one of them may have lost alone. Waiting for a CPU is
/// left out, since it is not the code's. Pure.
/// </summary>
internal static class TargetHotspots
{
    public const int Most = 3;

    /// <param name="hotspotOf">Raw hotspot to index of its finding; -1 below the cut.</param>
    public static Dictionary<TargetId, IReadOnlyList<TargetHotspot>> Of(
        PollAggregator aggregator,
        ProfileInputs facts,
        IReadOnlyList<Hotspot> hotspots,
        IReadOnlyDictionary<RawKey, int> hotspotOf,
        long observedNs
    ) =>
        aggregator
            .Hotspots.Select(raw => (raw.Key.Target, Index: hotspotOf.GetValueOrDefault(raw.Key, -1), raw.Value))
            .Where(raw => raw.Index >= 0 && !hotspots[raw.Index].Cause.IsCpuPressure())
            .GroupBy(raw => raw.Target)
            .ToDictionary(
                target => target.Key,
                target =>
                    (IReadOnlyList<TargetHotspot>)
                        [
                            .. target
                                .GroupBy(raw => raw.Index)
                                .Select(part =>
                                    Part(
                                        hotspots[part.Key],
                                        part.Sum(raw => raw.Value.Durations.TotalNs),
                                        WorkerTime.Of(facts, target.Key, observedNs)
                                    )
                                )
                                .OrderByDescending(part => part.TotalNs)
                                .ThenBy(part => part.Fingerprint, StringComparer.Ordinal)
                                .Take(Most),
                        ]
            );

    private static TargetHotspot Part(Hotspot hotspot, long totalNs, double workerNs) =>
        new()
        {
            Cause = hotspot.Cause,
            Fingerprint = hotspot.Fingerprint,
            Function = hotspot.UserFrame.Length > 0 ? hotspot.UserFrame : hotspot.Function,
            TotalNs = totalNs,
            Percent = Math.Round(Math.Min(100, totalNs * 100 / workerNs), 2),
        };
}
