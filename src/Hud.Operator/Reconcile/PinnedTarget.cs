using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Reconcile;

/// <summary>
/// Whether a target that a status names is what it says. Whoever may write a status could name any pod of the cluster in it, and agents
/// look into what their task names. Pure.
/// </summary>
public static class PinnedTarget
{
    /// <param name="pod">The pod of that name in the session's own namespace, as the API server has it now; null when there is none.</param>
    /// <returns>Null when it is the same container of the same pod on the same node, otherwise a sentence.</returns>
    public static string? Mismatch(TargetStatus pinned, V1Pod? pod)
    {
        if (pod is null)
            return $"pod {pinned.Pod} is not in this namespace any more";
        if (pod.Metadata.Uid != pinned.PodUid)
            return $"pod {pinned.Pod} is another one than the one that was chosen";
        if (pod.Spec.NodeName != pinned.Node)
            return $"pod {pinned.Pod} runs on {pod.Spec.NodeName}, not on {pinned.Node}";
        var container = PodContainers.Status(pod, pinned.Container);
        if (container is null)
            return $"pod {pinned.Pod} has no container {pinned.Container}";
        return container.ContainerID == pinned.ContainerId && container.State?.Running is not null
            ? null
            : $"container {pinned.Container} of pod {pinned.Pod} was restarted or has ended since it was chosen";
    }
}
