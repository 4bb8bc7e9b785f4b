using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;

namespace Hud.Operator.Reconcile;

/// <summary>Whether a status is worth a write. Pure.</summary>
public static class StatusCompare
{
    public static bool AreEquivalent(ProfilingSessionStatus a, ProfilingSessionStatus b) =>
        Bytes(a).AsSpan().SequenceEqual(Bytes(b));

    public static bool AreEquivalent(ProfilingPolicyStatus a, ProfilingPolicyStatus b) =>
        JsonSerializer
            .SerializeToUtf8Bytes(a, HudJson.Default.ProfilingPolicyStatus)
            .AsSpan()
            .SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(b, HudJson.Default.ProfilingPolicyStatus));

    /// <summary>More than numbers moved: a phase, a condition, a target's state.</summary>
    public static bool IsTransition(ProfilingSessionStatus a, ProfilingSessionStatus b) =>
        a.Phase != b.Phase
        || a.ObservedGeneration != b.ObservedGeneration
        || !a
            .Conditions.Select(c => (c.Type, c.Status, c.Reason))
            .SequenceEqual(b.Conditions.Select(c => (c.Type, c.Status, c.Reason)))
        || a.TargetCounts != b.TargetCounts
        || Moved(a.Targets, b.Targets);

    /// <summary>Of the targets that both list: which ones are listed may follow from numbers alone.</summary>
    private static bool Moved(IReadOnlyList<TargetStatus> a, IReadOnlyList<TargetStatus> b)
    {
        var before = a.DistinctBy(t => t.PodUid, StringComparer.Ordinal)
            .ToDictionary(t => t.PodUid, t => (t.State, t.Reason), StringComparer.Ordinal);
        return b.Any(t => before.TryGetValue(t.PodUid, out var was) && was != (t.State, t.Reason));
    }

    private static byte[] Bytes(ProfilingSessionStatus status) =>
        JsonSerializer.SerializeToUtf8Bytes(status, HudJson.Default.ProfilingSessionStatus);
}
