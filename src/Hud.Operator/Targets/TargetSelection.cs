using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Reconcile;
using k8s.Models;

namespace Hud.Operator.Targets;

/// <summary>Which pods and containers a session means, and how many others fitted.</summary>
/// <param name="Reason">A reason of the condition <c>TargetsResolved</c>.</param>
/// <param name="Final">No waiting will mend it.</param>
public sealed record Selection(
    bool Resolved,
    string Reason,
    string Message,
    int Matched,
    IReadOnlyList<TargetStatus> Targets,
    bool Final = false
)
{
    /// <summary>The server says no, and will always.</summary>
    public const string Refused = nameof(Refused);

    /// <summary>The server says no until the operator's rights change.</summary>
    public const string NotPermitted = nameof(NotPermitted);

    /// <summary>An object that has to be read is larger than there is room for. Only of what is watched all the time.</summary>
    public const string TargetTooLarge = nameof(TargetTooLarge);

    /// <summary>No answer, or one that says nothing of the target.</summary>
    public const string ServerUnavailable = nameof(ServerUnavailable);
}

/// <summary>Chooses from the pods that fit. Pure.</summary>
public static class TargetSelection
{
    private const string DefaultContainer = "kubectl.kubernetes.io/default-container";

    /// <param name="pods">All pods that the selector, name or workload gave.</param>
    /// <param name="ceiling">The administrator's bound on pods per session.</param>
    public static Selection Choose(TargetSpec target, IReadOnlyList<V1Pod> pods, int ceiling)
    {
        var live = Live(pods).ToList();
        if (live.Count == 0)
        {
            var ended = pods.Count > 0 ? $" ({pods.Count} that ended or are being deleted do not count)" : "";
            return new Selection(
                Resolved: false,
                "NoMatchingPods",
                $"no pod of this namespace fits {Describe(target)}{ended}",
                0,
                []
            );
        }
        var limit = Math.Min(target.MaxPods, ceiling);
        var chosen = new List<TargetStatus>();
        var notRunning = "";
        var onNode = new Dictionary<string, int>(StringComparer.Ordinal);
        var full = false;
        foreach (
            var pod in live.OrderByDescending(IsReady)
                .ThenBy(p => p.Metadata.CreationTimestamp)
                .ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
        )
        {
            if (chosen.Count == limit)
                break;
            if (Container(target, pod) is not { } name)
                return Ambiguous(target, pod, live.Count);
            var status = PodContainers.Status(pod, name);
            if (Pinned(pod, name, status) is not { } pinned)
            {
                notRunning = $"container {name} of pod {pod.Metadata.Name} is not running ({WhyNot(pod, status)})";
                continue;
            }
            var there = onNode.GetValueOrDefault(pinned.Node);
            if (there == SessionBounds.MaxPodsOfNode)
            {
                full = true;
                continue;
            }
            onNode[pinned.Node] = there + 1;
            chosen.Add(pinned);
        }
        if (chosen.Count == 0)
            return new Selection(Resolved: false, "NoRunningContainer", notRunning, live.Count, []);
        var message =
            chosen.Count == live.Count
                ? $"{Count(chosen.Count)} pinned by UID and container id"
                : $"{chosen.Count} of {Count(live.Count)} pinned by UID and container id, the oldest ready ones first"
                    + (
                        full ? $"; an agent watches {SessionBounds.MaxPodsOfNode} of its node at most"
                        : target.MaxPods > ceiling ? $"; the administrator allows {ceiling} a session"
                        : ""
                    );
        return new Selection(Resolved: true, "Resolved", message, live.Count, chosen);
    }

    /// <summary>Those that have not ended and are not being deleted.</summary>
    public static IEnumerable<V1Pod> Live(IEnumerable<V1Pod> pods) =>
        pods.Where(p => p.Metadata.DeletionTimestamp is null && p.Status?.Phase is not ("Succeeded" or "Failed"));

    /// <summary>Names of those that a session may ask for.</summary>
    public static IReadOnlyList<string> Containers(V1Pod pod) =>
        [.. PodContainers.Of(pod).Where(c => c.Kind != ContainerKind.Init).Select(c => c.Name)];

    /// <summary>Null for a container that isn't running, or not on a node yet.</summary>
    internal static TargetStatus? Pinned(V1Pod pod, string container, V1ContainerStatus? status) =>
        status?.State?.Running is null
        || string.IsNullOrEmpty(status.ContainerID)
        || string.IsNullOrEmpty(pod.Spec.NodeName)
            ? null
            : new TargetStatus
            {
                Pod = pod.Metadata.Name,
                PodUid = pod.Metadata.Uid ?? "",
                Node = pod.Spec.NodeName,
                Container = container,
                ContainerId = status.ContainerID,
                Image = StatusSizeLimiter.Cut(PodContainers.Image(pod, container), 256),
                ImageDigest = PodContainers.Digest(status),
                State = TargetState.Pending,
            };

    internal static string WhyNot(V1Pod pod, V1ContainerStatus? status) =>
        status?.State?.Waiting?.Reason ?? status?.State?.Terminated?.Reason ?? pod.Status?.Phase ?? "unknown";

    private static string Count(int pods) => pods == 1 ? "1 pod" : $"{pods} pods";

    internal static bool IsReady(V1Pod pod) =>
        pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    /// <summary>
    /// The one that is asked for, of whatever kind; else the one that the pod marks; else the only one of the pod's own. A sidecar or a debugger
    /// beside it leaves no doubt about which program is meant.
    /// </summary>
    internal static string? Container(TargetSpec target, V1Pod pod)
    {
        var all = Containers(pod);
        if (target.ContainerName is { } asked)
            return all.Contains(asked, StringComparer.Ordinal) ? asked : null;
        if (pod.GetAnnotation(DefaultContainer) is { } marked && all.Contains(marked, StringComparer.Ordinal))
            return marked;
        return pod.Spec.Containers.Count == 1 ? pod.Spec.Containers[0].Name : null;
    }

    private static Selection Ambiguous(TargetSpec target, V1Pod pod, int matched)
    {
        var all = PodContainers.Of(pod);
        var names = string.Join(", ", all.Where(c => c.Kind != ContainerKind.Init).Take(20));
        var message =
            target.ContainerName is not { } asked
                ? $"pod {pod.Metadata.Name} has several containers; set target.containerName to one of {names}"
            : all.Any(c => c.Name == asked)
                ? $"{asked} of pod {pod.Metadata.Name} is an init container, which ends before the pod runs; set target.containerName to one of {names}"
            : $"pod {pod.Metadata.Name} has no container {asked}; it has {names}";
        return new Selection(Resolved: false, "ContainerAmbiguous", message, matched, [], Final: true);
    }

    internal static string Describe(TargetSpec target) =>
        target.PodName is { } name ? $"podName {name}"
        : target.WorkloadRef is { } workload ? $"{workload.Kind} {workload.Name}"
        : "podSelector";
}
