using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.LookBack;

/// <summary>What an agent watches, as its pod's annotation has it: the operator alone writes there. Pure.</summary>
public static class WatchedTargets
{
    public static IReadOnlyList<AgentTarget> Read(V1Pod pod)
    {
        try
        {
            return pod.GetAnnotation(Names.TargetsAnnotation) is { } text
                ? [.. (JsonSerializer.Deserialize(text, HudJson.Default.IReadOnlyListAgentTarget) ?? []).OfType<AgentTarget>()]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The same container of the same pod. What a status names as a target is not believed, and need not be: an agent watches pods of its policy's namespace.</summary>
    public static bool Has(IReadOnlyList<AgentTarget> watched, TargetStatus target) =>
        target.PodUid.Length > 0
        && watched.Any(w =>
            w.PodUid == target.PodUid
            && w.ContainerId is { Length: > 0 } id
            && (target.ContainerId == id || target.ContainerId.EndsWith("://" + id, StringComparison.Ordinal))
        );
}
