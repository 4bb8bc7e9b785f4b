using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Policies;
using k8s.Models;

namespace Hud.Operator.Targets;

/// <summary>How the rollout of a target's workload stands.</summary>
public sealed partial class TargetResolver
{
    /// <summary>A Deployment's pods that are there are of a few ReplicaSets; who asks for more has a selector that fits everything.</summary>
    private const int MaxOwners = 10;

    /// <summary>
    /// One request as long as nothing was rolled out, if the target names its workload. Pods are listed once for each rollout.
    /// </summary>
    /// <param name="before">What the last look saw, of the same target.</param>
    /// <exception cref="KubernetesException">The server says no.</exception>
    /// <exception cref="TransportException">The server does not answer.</exception>
    public async Task<RolloutSight> RolloutAsync(
        string ns,
        TargetSpec target,
        RolloutSight? before,
        CancellationToken cancel
    )
    {
        IReadOnlyList<V1Pod>? pods = null;
        var (kind, name) = target.WorkloadRef is { } named ? (named.Kind, named.Name) : ("", "");
        if (target.WorkloadRef is null)
        {
            var found = await ListAsync(ns, [Selector(target.PodSelector)], look: null, cancel).ConfigureAwait(false);
            pods = [.. TargetSelection.Live(found.Pods)];
            var owners = await WorkloadsAsync(ns, pods, cancel).ConfigureAwait(false);
            if (owners.Count != 1)
                return new RolloutSight
                {
                    State = owners.Count == 0 ? RolloutState.NoWorkload : RolloutState.SeveralWorkloads,
                    Message =
                        owners.Count == 0
                            ? "no pod that session.target.podSelector selects is of a Deployment, StatefulSet or DaemonSet"
                            : $"session.target.podSelector selects pods of {string.Join(" and ", owners.Take(3).Select(o => $"{o.Kind} {o.Name}"))}; name the one you mean by session.target.workloadRef",
                };
            (kind, name) = owners[0];
        }
        if (await ViewAsync(ns, kind, name, cancel).ConfigureAwait(false) is not { } view)
            return new RolloutSight
            {
                State = RolloutState.NoWorkload,
                Message = $"there is no {kind} {name} in this namespace",
            };
        // scaled, or a pod replaced: no rollout
        if (
            before?.Target?.Rollout is { } last
            && last.Uid == view.Metadata.Uid
            && view.Mark is { Length: > 0 } mark
            && mark == before.Mark
        )
            return before with { Generation = view.Generation };
        var sight = new RolloutSight
        {
            State = RolloutState.InProgress,
            Workload = $"{kind}/{name}",
            Generation = view.Generation,
            Message = view.Progress ?? "",
        };
        if (view.Progress is not null)
            return sight;
        if (view.Wanted == 0)
            return sight with { State = RolloutState.NoPods, Message = $"{kind} {name} has no pods" };
        return await RolledOutAsync(ns, target, view, pods, sight, cancel).ConfigureAwait(false);
    }

    /// <summary>By its status it is rolled out; which revision that is the pods say, all of which have it then.</summary>
    private async Task<RolloutSight> RolledOutAsync(
        string ns,
        TargetSpec target,
        WorkloadView view,
        IReadOnlyList<V1Pod>? pods,
        RolloutSight sight,
        CancellationToken cancel
    )
    {
        const string NotSettled = "its pods are not all of one revision";
        var selector = target.PodSelector ?? Selector(view.Selector);
        if (selector is null)
            return sight with { State = RolloutState.NoWorkload, Message = $"{view.Kind} {view.Name} has no selector" };
        pods ??=
        [
            .. TargetSelection.Live(
                (await ListAsync(ns, [Selector(selector)], look: null, cancel).ConfigureAwait(false)).Pods
            ),
        ];
        var own = await OwnAsync(ns, view, pods, cancel).ConfigureAwait(false);
        var label = Rollout.RevisionLabel(view.Kind);
        var revisions = own.Select(p => p.Metadata.Labels?.TryGetValue(label, out var r) == true ? r : "")
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (revisions is not [{ Length: > 0 } revision])
            return sight with { Message = own.Count == 0 ? "none of its pods is there" : NotSettled };
        if (await NumberAsync(ns, view, revision, cancel).ConfigureAwait(false) is not { } number)
            return sight with { Message = NotSettled };
        var rollout = new Rollout(view.Kind, view.Name, view.Metadata.Uid ?? "", revision, number);
        return sight with
        {
            State = RolloutState.RolledOut,
            Message = "",
            Mark = view.Mark,
            Target = new RolloutTarget(rollout, With(selector, label, revision)),
            ReadyAt = own.Max(ReadySince),
            NewestPod = own.Max(p => p.Metadata.CreationTimestamp.AsOffset() ?? default),
        };
    }

    private async Task<WorkloadView?> ViewAsync(string ns, string kind, string name, CancellationToken cancel) =>
        kind switch
        {
            "Deployment" => await client.TryGetAsync(EntityTypes.Deployments, ns, name, cancel).ConfigureAwait(false)
                is { } d
                ? WorkloadView.Of(d)
                : null,
            "StatefulSet" => await client.TryGetAsync(EntityTypes.StatefulSets, ns, name, cancel).ConfigureAwait(false)
                is { } s
                ? WorkloadView.Of(s)
                : null,
            "DaemonSet" => await client.TryGetAsync(EntityTypes.DaemonSets, ns, name, cancel).ConfigureAwait(false)
                is { } d
                ? WorkloadView.Of(d)
                : null,
            _ => null,
        };

    /// <summary>What the pods are of, through their ReplicaSets; each once.</summary>
    private async Task<List<(string Kind, string Name)>> WorkloadsAsync(
        string ns,
        IReadOnlyList<V1Pod> pods,
        CancellationToken cancel
    )
    {
        var found = new List<(string, string)>();
        foreach (var owner in Controllers(pods))
        {
            if (owner.Kind is "StatefulSet" or "DaemonSet")
                found.Add((owner.Kind, owner.Name));
            else if (await DeploymentAsync(ns, owner, cancel).ConfigureAwait(false) is { } deployment)
                found.Add(("Deployment", deployment.Name));
        }
        return [.. found.Distinct()];
    }

    /// <summary>Those that the workload controls. Others may have the same labels.</summary>
    private async Task<List<V1Pod>> OwnAsync(
        string ns,
        WorkloadView view,
        IReadOnlyList<V1Pod> pods,
        CancellationToken cancel
    )
    {
        var uids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var owner in Controllers(pods))
        {
            if (
                owner.Uid == view.Metadata.Uid
                || (
                    view.Kind == "Deployment"
                    && (await DeploymentAsync(ns, owner, cancel).ConfigureAwait(false))?.Uid == view.Metadata.Uid
                )
            )
                uids.Add(owner.Uid);
        }
        return [.. pods.Where(p => Controller(p.Metadata) is { } c && uids.Contains(c.Uid))];
    }

    /// <returns>Null unless it is a ReplicaSet that is there and that a Deployment controls.</returns>
    private async Task<V1OwnerReference?> DeploymentAsync(string ns, V1OwnerReference owner, CancellationToken cancel)
    {
        if (owner.Kind != "ReplicaSet")
            return null;
        var set = await client.TryGetAsync(EntityTypes.ReplicaSets, ns, owner.Name, cancel).ConfigureAwait(false);
        return set?.Metadata.Uid == owner.Uid && Controller(set!.Metadata) is { Kind: "Deployment" } deployment
            ? deployment
            : null;
    }

    /// <summary>What the workload's controller counts; null where it has not said yet.</summary>
    private async Task<long?> NumberAsync(string ns, WorkloadView view, string revision, CancellationToken cancel)
    {
        if (view.Kind == "Deployment")
            return view.DeploymentNumber;
        // pods of a StatefulSet have the whole name of their revision as label, those of a DaemonSet its end
        var name = view.Kind == "StatefulSet" ? revision : $"{view.Name}-{revision}";
        var found = await client.TryGetAsync(EntityTypes.ControllerRevisions, ns, name, cancel).ConfigureAwait(false);
        return found is not null && Controller(found.Metadata)?.Uid == view.Metadata.Uid ? found.Revision : null;
    }

    private static IEnumerable<V1OwnerReference> Controllers(IReadOnlyList<V1Pod> pods) =>
        pods.Select(p => Controller(p.Metadata))
            .OfType<V1OwnerReference>()
            .DistinctBy(o => o.Uid, StringComparer.Ordinal)
            .Take(MaxOwners);

    private static V1OwnerReference? Controller(V1ObjectMeta metadata) =>
        metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    private static DateTimeOffset ReadySince(V1Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "Ready", Status: "True" })
            ?.LastTransitionTime.AsOffset()
        ?? pod.Metadata.CreationTimestamp.AsOffset()
        ?? default;

    private static LabelSelector? Selector(V1LabelSelector? selector) =>
        selector is null
            ? null
            : new LabelSelector
            {
                MatchLabels = selector.MatchLabels?.ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
                MatchExpressions = selector.MatchExpressions is { Count: > 0 } expressions
                    ?
                    [
                        .. expressions.Select(e => new LabelSelectorRequirement(
                            e.Key,
                            e.OperatorProperty,
                            e.Values is { Count: > 0 } values ? [.. values] : null
                        )),
                    ]
                    : null,
            };

    /// <summary>The pods were selected by the same labels and have this one, so it takes no other's place.</summary>
    private static LabelSelector With(LabelSelector selector, string label, string value) =>
        selector with
        {
            MatchLabels = new Dictionary<string, string>(
                selector.MatchLabels ?? new Dictionary<string, string>(StringComparer.Ordinal),
                StringComparer.Ordinal
            )
            {
                [label] = value,
            },
        };
}
