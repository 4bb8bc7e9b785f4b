using Hud.Core.Api;
using k8s.Models;

namespace Hud.Operator.Targets;

/// <summary>What of a policy's target is to be watched all the time, by node. Pure.</summary>
public sealed record WatchedTargets
{
    /// <summary>So long a pod may take to run before one stops looking for it every moment.</summary>
    private static readonly TimeSpan Starts = TimeSpan.FromMinutes(1);

    /// <summary>False: nobody could say, and what is watched goes on being watched.</summary>
    public bool IsKnown { get; init; } = true;

    /// <summary>Why there are none; empty where there are.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Why there are none, or why some are left out.</summary>
    public string Message { get; init; } = "";

    /// <summary>Each list in the order of names: it says the same as long as the same are watched.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TargetStatus>> ByNode { get; init; } =
        new SortedDictionary<string, IReadOnlyList<TargetStatus>>(StringComparer.Ordinal);

    /// <summary>Pods that are there and have no place.</summary>
    public int LeftOut { get; init; }

    /// <summary>More than a bound allows: who reads this can raise it.</summary>
    public bool IsBounded { get; init; }

    /// <summary>Pods are about to run.</summary>
    public bool IsSettling { get; init; }

    public static WatchedTargets None(string reason, string message) => new() { Reason = reason, Message = message };

    /// <param name="pods">All pods that the selector, name or workload gave.</param>
    /// <param name="watched">UIDs of those that are watched by now. A pod that is blocked is not ready: it must not lose its place to another for that.</param>
    /// <param name="ceiling">The administrator's bound.</param>
    /// <param name="all">False: there are more than <paramref name="pods"/>, and nobody looked at the others.</param>
    public static WatchedTargets Choose(
        TargetSpec target,
        IReadOnlyList<V1Pod> pods,
        IReadOnlySet<string> watched,
        int ceiling,
        DateTimeOffset now,
        bool all = true
    )
    {
        var live = TargetSelection.Live(pods).DistinctBy(p => p.Metadata.Uid, StringComparer.Ordinal).ToList();
        if (live.Count == 0)
            return None("NoMatchingPods", $"no pod of this namespace fits {TargetSelection.Describe(target)}");
        var limit = Math.Min(target.MaxPods, ceiling);
        var byNode = new SortedDictionary<string, List<TargetStatus>>(StringComparer.Ordinal);
        int chosen = 0,
            beyond = 0,
            ofNode = 0;
        List<string> waiting = [],
            unclear = [];
        var settling = false;
        foreach (
            var pod in live.OrderByDescending(p => watched.Contains(p.Metadata.Uid ?? ""))
                .ThenByDescending(TargetSelection.IsReady)
                .ThenBy(p => p.Metadata.CreationTimestamp)
                .ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
        )
        {
            if (TargetSelection.Container(target, pod) is not { } name)
            {
                unclear.Add(pod.Metadata.Name);
                continue;
            }
            var status = PodContainers.Status(pod, name);
            if (TargetSelection.Pinned(pod, name, status) is not { } pinned)
            {
                waiting.Add($"{pod.Metadata.Name} ({TargetSelection.WhyNot(pod, status)})");
                settling |= now.UtcDateTime - (pod.Metadata.CreationTimestamp ?? DateTime.MinValue) < Starts;
                continue;
            }
            if (chosen == limit)
            {
                beyond++;
                continue;
            }
            if (!byNode.TryGetValue(pinned.Node, out var there))
                byNode[pinned.Node] = there = [];
            if (there.Count == SessionBounds.MaxPodsOfNode)
            {
                ofNode++;
                continue;
            }
            there.Add(pinned);
            chosen++;
        }
        List<string> words = [];
        if (!all)
            words.Add(
                $"pods whose names come after {pods[^1].Metadata.Name}, because the operator looks at {TargetResolver.MaxLookPods} pods or {TargetResolver.MaxLookBytes >> 20} MiB of them at most (narrow session.target)"
            );
        if (beyond > 0)
            words.Add(
                target.MaxPods > ceiling
                    ? $"{Pods(beyond)} beyond the {ceiling} that the administrator allows a policy"
                    : $"{Pods(beyond)} beyond session.target.maxPods ({target.MaxPods})"
            );
        if (ofNode > 0)
            words.Add($"{Pods(ofNode)} beyond the {SessionBounds.MaxPodsOfNode} that an agent watches of its node");
        if (waiting.Count > 0)
            words.Add($"{Pods(waiting.Count)} without a container that runs, such as {waiting[0]}");
        if (unclear.Count > 0)
            words.Add($"{Pods(unclear.Count)} with no container {Asked(target)}, such as {unclear[0]}");
        return new WatchedTargets
        {
            Reason =
                chosen > 0 ? ""
                : waiting.Count > 0 ? "NoRunningContainer"
                : "ContainerAmbiguous",
            Message = words.Count == 0 ? "" : "not watched: " + string.Join("; ", words),
            ByNode = new SortedDictionary<string, IReadOnlyList<TargetStatus>>(
                byNode.ToDictionary(
                    n => n.Key,
                    n => (IReadOnlyList<TargetStatus>)[.. n.Value.OrderBy(t => t.Pod, StringComparer.Ordinal)],
                    StringComparer.Ordinal
                ),
                StringComparer.Ordinal
            ),
            LeftOut = live.Count - chosen,
            IsBounded = beyond + ofNode > 0 || !all,
            IsSettling = settling,
        };
    }

    /// <summary>What <see cref="Choose"/> needs of a pod, and no more: without its annotations and labels, and of one container.</summary>
    public static V1Pod Reduce(TargetSpec target, V1Pod pod)
    {
        var name = TargetSelection.Container(target, pod);
        var status = name is null ? null : PodContainers.Status(pod, name);
        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = pod.Metadata.Name,
                Uid = pod.Metadata.Uid,
                CreationTimestamp = pod.Metadata.CreationTimestamp,
                DeletionTimestamp = pod.Metadata.DeletionTimestamp,
            },
            Spec = new V1PodSpec
            {
                NodeName = pod.Spec.NodeName,
                Containers = name is null
                    ? []
                    : [new V1Container { Name = name, Image = Start(PodContainers.Image(pod, name)) }],
            },
            Status = new V1PodStatus
            {
                Phase = pod.Status?.Phase,
                Conditions = TargetSelection.IsReady(pod)
                    ? [new V1PodCondition { Type = "Ready", Status = "True" }]
                    : null,
                ContainerStatuses = status is null
                    ? null
                    :
                    [
                        new V1ContainerStatus
                        {
                            Name = status.Name,
                            ContainerID = status.ContainerID,
                            ImageID = status.ImageID,
                            State = new V1ContainerState
                            {
                                Running = status.State?.Running is null ? null : new V1ContainerStateRunning(),
                                Waiting = status.State?.Waiting is { } waiting
                                    ? new V1ContainerStateWaiting { Reason = waiting.Reason }
                                    : null,
                                Terminated = status.State?.Terminated is { } ended
                                    ? new V1ContainerStateTerminated { Reason = ended.Reason }
                                    : null,
                            },
                        },
                    ],
            },
        };
    }

    /// <summary>More than a status has of an image anyhow.</summary>
    private static string Start(string image) => image.Length > 1000 ? image[..1000] : image;

    private static string Asked(TargetSpec target) =>
        target.ContainerName is { } name ? name : "that is the only one or marked (set session.target.containerName)";

    private static string Pods(int count) => count == 1 ? "1 pod" : $"{count} pods";
}
