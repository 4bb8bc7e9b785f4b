using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using k8s.Models;

namespace Hud.Operator.Resources;

/// <summary>
/// The targets of a session whose status can't list them all, in a ConfigMap beside it from the selection to the end: whoever goes on after a
/// restart goes on with the same ones. What is read back is trusted no more than a status: each target is compared with its pod before any agent
/// is made. Pure.
/// </summary>
public static class PinnedTargets
{
    public const string Key = "pinned.json";

    /// <summary>In the order in which they are tried: the second where the first is of another owner.</summary>
    public static IReadOnlyList<string> NamesOf(SessionEntity session) =>
        [Name(session), Names.Derived(Name(session), Names.Hash(session.Uid))];

    public static V1ConfigMap Build(SessionEntity session, IReadOnlyList<TargetStatus> targets)
    {
        var json = StatusJson.Write(new ProfilingSessionStatus { Targets = targets }).GetRawText();
        var map = Results.Map(
            session,
            Name(session),
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)))
        );
        map.Data = new Dictionary<string, string>(StringComparer.Ordinal) { [Key] = json };
        return map;
    }

    /// <summary>What identifies each target; not what became of it, which its agent says again.</summary>
    /// <returns>Null where it can't be read.</returns>
    public static IReadOnlyList<TargetStatus>? Read(V1ConfigMap map)
    {
        if (map.Data?.TryGetValue(Key, out var text) is not true)
            return null;
        try
        {
            using var json = JsonDocument.Parse(text!);
            var read = EntityJson.ReadStatus(json.RootElement, Core.HudJson.Default.ProfilingSessionStatus).Targets;
            return read.Count == 0 ? null : [.. read.Take(SessionBounds.MaxPods).Select(Identity)];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>All pinned targets, with what the status knows of those that it lists.</summary>
    public static IReadOnlyList<TargetStatus> Join(ProfilingSessionStatus status, IReadOnlyList<TargetStatus> pinned)
    {
        var shown = status
            .Targets.DistinctBy(t => t.PodUid, StringComparer.Ordinal)
            .ToDictionary(t => t.PodUid, StringComparer.Ordinal);
        // an agent that was seen and is gone is not made again
        var state = status.Conditions.Any(c => c is { Type: ConditionTypes.AgentsScheduled, Status: "True" })
            ? TargetState.Running
            : TargetState.Pending;
        return [.. pinned.Select(t => shown.GetValueOrDefault(t.PodUid) ?? t with { State = state })];
    }

    private static TargetStatus Identity(TargetStatus t) =>
        new()
        {
            Pod = StatusSizeLimiter.Cut(t.Pod, 253),
            PodUid = StatusSizeLimiter.Cut(t.PodUid, 64),
            Node = StatusSizeLimiter.Cut(t.Node, 253),
            Container = StatusSizeLimiter.Cut(t.Container, 63),
            ContainerId = StatusSizeLimiter.Cut(t.ContainerId, 256),
            Image = StatusSizeLimiter.Cut(t.Image, 256),
            ImageDigest = StatusSizeLimiter.Cut(t.ImageDigest, 12),
        };

    private static string Name(SessionEntity session) => Names.Derived(session.Name, "pinned");
}
