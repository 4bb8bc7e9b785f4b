using Hud.Core.Api;
using Hud.Kubernetes;

namespace Hud.Operator.Targets;

/// <summary>Asks the API server for the pods a session may mean. Always the session's own namespace.</summary>
public sealed class TargetResolver(KubernetesClient client, OperatorOptions options)
{
    public async Task<Selection> ResolveAsync(string ns, TargetSpec target, CancellationToken cancel)
    {
        if (target.PodName is { } name)
        {
            var pod = await client.TryGetAsync(EntityTypes.Pods, ns, name, cancel).ConfigureAwait(false);
            return TargetSelection.Choose(target, pod is null ? [] : [pod], options.MaxPodsPerSession);
        }
        string query;
        if (target.WorkloadRef is { } reference)
        {
            var kind = EntityTypes.WorkloadKind(reference.ApiVersion, reference.Kind);
            var workload = kind is null
                ? null
                : await client.TryGetAsync(kind, ns, reference.Name, cancel).ConfigureAwait(false);
            if (workload is null)
                return new Selection(
                    Resolved: false,
                    "NoMatchingPods",
                    $"there is no {reference.Kind} {reference.Name} in this namespace",
                    0,
                    []
                );
            if (workload.Spec.Selector is not { } selector)
                return new Selection(
                    Resolved: false,
                    "NoMatchingPods",
                    $"{reference.Kind} {reference.Name} has no selector",
                    0,
                    []
                );
            query = selector.ToQuery();
        }
        else
        {
            query = Selector(target.PodSelector).ToQuery();
        }
        // an empty query would be every pod of the namespace; the validator refuses it, and so does this
        if (query.Length == 0)
            return new Selection(
                Resolved: false,
                "NoMatchingPods",
                "an empty selector selects nothing here",
                0,
                [],
                Final: true
            );
        var pods = await client
            .ListAsync(EntityTypes.Pods, ns, new ListOptions(LabelSelector: query), cancel)
            .ConfigureAwait(false);
        return TargetSelection.Choose(target, pods.Items ?? [], options.MaxPodsPerSession);
    }

    private static Hud.Kubernetes.LabelSelector Selector(Hud.Core.Api.LabelSelector? selector) =>
        new()
        {
            MatchLabels = selector?.MatchLabels?.ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
            MatchExpressions = selector
                ?.MatchExpressions?.Select(e => new Hud.Kubernetes.LabelSelectorRequirement
                {
                    Key = e.Key,
                    Operator = e.Operator,
                    Values = e.Values?.ToList(),
                })
                .ToList(),
        };
}
