using System.Net;
using Hud.Core.Api;
using Hud.Kubernetes;
using k8s.Models;

namespace Hud.Operator.Targets;

/// <summary>Asks the API server for the pods a session may mean. Always the session's own namespace.</summary>
public sealed partial class TargetResolver(KubernetesClient client, OperatorOptions options)
{
    /// <summary>Jobs of one CronJob that are looked at; more would only be needed for more pods than a session may have.</summary>
    private const int MaxJobs = 20;

    /// <summary>Its controller gives a Job one label; a selector of one's own may be as large as an object.</summary>
    private const int MaxQuery = 4096;

    /// <summary>
    /// What the server refuses for good ends the session with the server's words. Anything else it cannot do now is a reason to wait: the
    /// session's start deadline bounds it.
    /// </summary>
    public async Task<Selection> ResolveAsync(string ns, TargetSpec target, CancellationToken cancel)
    {
        try
        {
            var found = await FindAsync(ns, target, cancel).ConfigureAwait(false);
            return found.None ?? TargetSelection.Choose(target, found.Pods, options.MaxPodsPerSession);
        }
        catch (KubernetesException e) when (e.Code is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)
        {
            return Nothing(Selection.Refused, $"the API server refuses the target: {Said(e)}", final: true);
        }
        catch (ForbiddenException e)
        {
            return Nothing(Selection.NotPermitted, $"the operator may not look for the target: {Said(e)}");
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            return Nothing(Selection.ServerUnavailable, $"the API server cannot say which pods there are: {Said(e)}");
        }
    }

    /// <summary>
    /// The pods that a target means now, with the names of the containers that can be profiled: the same that a session with this target would choose from.
    /// </summary>
    /// <exception cref="KubernetesException">The server says no.</exception>
    /// <exception cref="TransportException">The server does not answer.</exception>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> PodsAsync(
        string ns,
        TargetSpec target,
        CancellationToken cancel
    )
    {
        var found = await FindAsync(ns, target, cancel).ConfigureAwait(false);
        return TargetSelection
            .Live(found.Pods)
            .DistinctBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .ToDictionary(p => p.Metadata.Name, TargetSelection.Containers, StringComparer.Ordinal);
    }

    /// <summary>All pods of a target, whatever they do.</summary>
    /// <param name="None">Why there are none, where that is not for want of pods.</param>
    private sealed record Found(IReadOnlyList<V1Pod> Pods, Selection? None = null);

    /// <param name="look">Takes in the pods of a selector within its bounds; null: they are listed whole.</param>
    private async Task<Found> FindAsync(string ns, TargetSpec target, CancellationToken cancel, Look? look = null)
    {
        if (target.PodName is { } name)
        {
            var pod = await client.TryGetAsync(EntityTypes.Pods, ns, name, cancel).ConfigureAwait(false);
            return new Found(pod is null ? [] : [pod]);
        }
        if (target.WorkloadRef is { } reference)
            return reference.Kind == EntityTypes.CronJobs.Kind
                ? await OfCronJobAsync(ns, reference, look, cancel).ConfigureAwait(false)
                : await OfWorkloadAsync(ns, reference, look, cancel).ConfigureAwait(false);
        return await ListAsync(ns, [Selector(target.PodSelector)], look, cancel).ConfigureAwait(false);
    }

    private async Task<Found> OfWorkloadAsync(
        string ns,
        WorkloadReference reference,
        Look? look,
        CancellationToken cancel
    )
    {
        var workload = await FindWorkloadAsync(ns, reference, cancel).ConfigureAwait(false);
        if (workload is null)
            return None("NoMatchingPods", $"there is no {reference.Kind} {reference.Name} in this namespace");
        return workload.Selector is { } selector
            ? await ListAsync(ns, [selector], look, cancel).ConfigureAwait(false)
            : None("NoMatchingPods", $"{reference.Kind} {reference.Name} has no selector");
    }

    /// <summary>What owns pods through a selector.</summary>
    private sealed record Workload(V1LabelSelector? Selector);

    /// <returns>Null when there is none, and for a kind that does not own pods through a selector.</returns>
    private Task<Workload?> FindWorkloadAsync(string ns, WorkloadReference reference, CancellationToken cancel)
    {
        return (reference.ApiVersion, reference.Kind) switch
        {
            ("apps/v1", "Deployment") => FindAsync(EntityTypes.Deployments, d => d.Spec?.Selector),
            ("apps/v1", "StatefulSet") => FindAsync(EntityTypes.StatefulSets, s => s.Spec?.Selector),
            ("apps/v1", "DaemonSet") => FindAsync(EntityTypes.DaemonSets, d => d.Spec?.Selector),
            ("apps/v1", "ReplicaSet") => FindAsync(EntityTypes.ReplicaSets, r => r.Spec?.Selector),
            ("batch/v1", "Job") => FindAsync(EntityTypes.Jobs, j => j.Spec?.Selector),
            _ => Task.FromResult<Workload?>(null),
        };

        async Task<Workload?> FindAsync<T>(EntityType<T> type, Func<T, V1LabelSelector?> selector)
            where T : class, k8s.IKubernetesObject<V1ObjectMeta> =>
            await client.TryGetAsync(type, ns, reference.Name, cancel).ConfigureAwait(false) is { } found
                ? new Workload(selector(found))
                : null;
    }

    /// <summary>The Jobs that a CronJob made and that run now, the newest first. Between two runs there are none, and the next one is waited for.</summary>
    private async Task<Found> OfCronJobAsync(
        string ns,
        WorkloadReference reference,
        Look? look,
        CancellationToken cancel
    )
    {
        var cron = await client.TryGetAsync(EntityTypes.CronJobs, ns, reference.Name, cancel).ConfigureAwait(false);
        if (cron is null)
            return None("NoMatchingPods", $"there is no CronJob {reference.Name} of batch/v1 in this namespace");
        var running = new List<(DateTime? Created, V1LabelSelector Selector)>();
        if (look is not null)
            await look.AtJobsAsync(ns, Take, cancel).ConfigureAwait(false);
        else
            (await client.ListAsync(EntityTypes.Jobs, ns, options: null, cancel).ConfigureAwait(false)).Items?.ForEach(
                Take
            );
        return running.Count == 0
            ? None("NoMatchingPods", $"no Job of CronJob {reference.Name} is running")
            : await ListAsync(ns, [.. running.OrderByDescending(r => r.Created).Select(r => r.Selector)], look, cancel)
                .ConfigureAwait(false);

        void Take(V1Job job)
        {
            if (
                job.Metadata.OwnerReferences?.Any(o => o.Uid == cron.Metadata.Uid) != true
                || job.Status is not { Active: > 0 }
                || job.Spec?.Selector is not { } selector
                || selector.ToQuery().Length > MaxQuery
            )
                return;
            running.Add((job.Metadata.CreationTimestamp, selector));
            if (running.Count > MaxJobs)
                running.Remove(running.MinBy(r => r.Created));
        }
    }

    private async Task<Found> ListAsync(
        string ns,
        IReadOnlyList<V1LabelSelector> selectors,
        Look? look,
        CancellationToken cancel
    )
    {
        var pods = new List<V1Pod>();
        foreach (var selector in selectors)
        {
            var query = selector.ToQuery();
            // an empty query would be every pod of the namespace; the validator refuses it, and so does this
            if (query.Length == 0)
                return None("NoMatchingPods", "an empty selector selects nothing here", final: true);
            if (look is not null)
            {
                await look.AtPodsAsync(ns, query, pods, cancel).ConfigureAwait(false);
                continue;
            }
            var found = await client
                .ListAsync(EntityTypes.Pods, ns, new ListOptions(LabelSelector: query), cancel)
                .ConfigureAwait(false);
            pods.AddRange(found.Items ?? []);
        }
        return new Found(pods);
    }

    private static Found None(string reason, string message, bool final = false) =>
        new([], Nothing(reason, message, final));

    private static Selection Nothing(string reason, string message, bool final = false) =>
        new(Resolved: false, reason, message, 0, [], final);

    private static string Said(Exception e) =>
        e is KubernetesException { Detail.Length: > 0 } said ? said.Detail : e.Message;

    private static V1LabelSelector Selector(LabelSelector? selector) =>
        new()
        {
            MatchLabels = selector?.MatchLabels?.ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
            MatchExpressions = selector
                ?.MatchExpressions?.Select(e => new V1LabelSelectorRequirement
                {
                    Key = e.Key,
                    OperatorProperty = e.Operator,
                    Values = e.Values?.ToList(),
                })
                .ToList(),
        };
}
