using System.Collections.Concurrent;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Continuous;

/// <summary>Looks at what a policy's agents are to watch, lets <see cref="ContinuousDecider"/> decide, and does what it says.</summary>
public sealed class ContinuousAgents(
    Informer<V1Pod> agents,
    TargetResolver targets,
    ContinuousActions actions,
    OperatorOptions options,
    TimeProvider time
)
{
    /// <summary>Agents that watch all the time, by the UID of their policy.</summary>
    public const string PolicyIndex = "continuousPolicy";

    /// <summary>... and by their node.</summary>
    public const string NodeIndex = "continuousNode";

    public static readonly IReadOnlyDictionary<string, Func<V1Pod, IEnumerable<string>>> Indexes = new Dictionary<
        string,
        Func<V1Pod, IEnumerable<string>>
    >(StringComparer.Ordinal)
    {
        [PolicyIndex] = p => p.GetLabel(Names.PolicyUidLabel) is { Length: > 0 } uid ? [uid] : [],
        [NodeIndex] = p =>
            p.GetLabel(Names.PolicyUidLabel) is { Length: > 0 } && p.GetAnnotation(Names.NodeAnnotation) is { } node
                ? [node]
                : [],
    };

    /// <summary>Changes of agents and of the policy come in bursts: the server is asked once for all of a second, or of longer with many policies.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Where the server fails so often, it is left alone: each request may take until its timeout, and other policies wait for this one.</summary>
    private const int MaxFailures = 3;

    private static readonly TimeSpan AfterFailures = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<EntityKey, Seen> _seen = new();

    /// <summary>Places on nodes are given to one policy at a time; a view shows a new agent some moments late.</summary>
    private readonly SemaphoreSlim _places = new(1, 1);
    private readonly Dictionary<(string Node, string Uid), (string Namespace, DateTimeOffset At)> _given = [];
    private static readonly TimeSpan InViewWithin = TimeSpan.FromSeconds(30);

    /// <param name="Watches">Pods of its target are looked for again and again.</param>
    private sealed record Seen(
        ContinuousMemory Memory,
        long? Generation,
        DateTimeOffset At,
        ContinuousView View,
        bool Watches
    );

    /// <summary>What there is to say of a policy's agents, after what is to be done about them was done.</summary>
    /// <param name="notices">Gets what is to be told.</param>
    /// <returns>Null where the policy has none, and has had none.</returns>
    public async Task<(ContinuousView? View, TimeSpan? RequeueAfter)> StepAsync(
        PolicyEntity policy,
        ProfilingPolicySpec spec,
        List<PolicyNotice> notices,
        CancellationToken cancel
    )
    {
        var key = EntityKey.Of(policy);
        var pods = agents.Store.ByIndex(PolicyIndex, policy.Uid);
        if (spec.Continuous is null && pods.Count == 0)
        {
            _seen.TryRemove(key, out _);
            return (null, null);
        }
        // a view that is not current shows neither what there is nor what is full
        if (agents.CurrentFor is null)
            return (Kept(policy), BetweenLooks);
        var now = time.GetUtcNow();
        var seen = _seen.GetValueOrDefault(key);
        var watching = _seen.Count(s => s.Value.Watches && s.Key != key) + 1;
        var between = LookPace.Pause(BetweenLooks, watching);
        if (
            seen is not null
            && seen.Memory.Uid == policy.Uid
            && seen.Generation == policy.Metadata.Generation
            && seen.At <= now
            && now - seen.At < between
        )
            return (seen.View, between - (now - seen.At) + TimeSpan.FromMilliseconds(5));
        var wanted = spec.Continuous is { Suspend: false }
            ? await targets
                .WatchedAsync(policy.Namespace, spec.Session.Target, Watched(pods), now, cancel)
                .ConfigureAwait(false)
            : null;
        var observation = new ContinuousObservation
        {
            Policy = policy,
            Spec = spec,
            Options = options,
            Targets = wanted,
            Agents = pods,
            Others = Others(policy, wanted, now),
            Memory = ContinuousMemory.Of(policy, seen?.Memory),
            Now = now,
            Watching = watching,
        };
        var decision = ContinuousDecider.Decide(observation);
        // what watches gets its list, and what is to end ends, whatever becomes of new ones
        var failure = await ChangeAsync(decision, cancel).ConfigureAwait(false);
        var memory = decision.Memory;
        if (decision.Create.Count > 0)
            (decision, memory) = await CreateAsync(observation, cancel).ConfigureAwait(false);
        notices.AddRange(decision.Notices);
        var (view, again) = (decision.View, decision.RequeueAfter);
        if (failure is not null)
        {
            view = Failing(view, failure);
            again = again < AfterFailures ? again : AfterFailures;
        }
        _seen[key] = new Seen(memory, policy.Metadata.Generation, now, view, Watches: wanted is not null);
        return (spec.Continuous is null ? null : view, again);
    }

    /// <summary>Makes agents where there are places, each whatever becomes of the others.</summary>
    /// <returns>What there is to say after that, and what is to be remembered.</returns>
    private async Task<(ContinuousDecision Decision, ContinuousMemory Memory)> CreateAsync(
        ContinuousObservation o,
        CancellationToken cancel
    )
    {
        await _places.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            // others may have got places since
            var decision = ContinuousDecider.Decide(o with { Others = Others(o.Policy, o.Targets, o.Now) });
            var memory = decision.Memory;
            var (failures, refused) = (0, false);
            foreach (var agent in decision.Create)
            {
                if (failures == MaxFailures)
                    break; // the others have their turn at the next look, while these wait
                string? refusal;
                try
                {
                    var pod = ContinuousPod.Build(o.Policy, o.Spec, agent.Node, agent.Targets, options);
                    refusal = await actions.CreateAsync(pod, cancel).ConfigureAwait(false);
                }
                catch (Exception e) when (e is KubernetesException or TransportException)
                {
                    failures++;
                    refusal = Said(e);
                }
                if (refusal is null)
                {
                    lock (_given)
                        _given[(agent.Node, o.Policy.Uid)] = (o.Policy.Namespace, o.Now);
                }
                else
                {
                    refused = true;
                    memory = memory.With(
                        agent.Node,
                        memory.Node(agent.Node).AfterFailure(o.Now, fresh: false, refusal: refusal)
                    );
                }
            }
            // what there is to say of it now; nothing is done by this one
            return refused
                ? (
                    ContinuousDecider.Decide(o with { Others = Others(o.Policy, o.Targets, o.Now), Memory = memory }),
                    memory
                )
                : (decision, memory);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Writes the lists and ends agents, each whatever becomes of the others.</summary>
    /// <returns>What the server said where it failed.</returns>
    private async Task<Exception?> ChangeAsync(ContinuousDecision decision, CancellationToken cancel)
    {
        Exception? failure = null;
        var failures = 0;
        IEnumerable<Func<Task>> changes =
        [
            .. decision.Write.Select(w => (Func<Task>)(() => actions.WriteAsync(w.Pod, w.Targets, cancel))),
            .. decision.End.Select(e => (Func<Task>)(() => actions.EndAsync(e, cancel))),
        ];
        foreach (var change in changes)
        {
            if (failures == MaxFailures)
                break;
            try
            {
                await change().ConfigureAwait(false);
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                failures++;
                failure ??= e;
            }
        }
        return failure;
    }

    /// <summary>Not all that is to be done about the agents could be done, so nobody knows whether they watch what they are to watch.</summary>
    internal static ContinuousView Failing(ContinuousView view, Exception e) =>
        view with
        {
            Watching = null,
            Reason = Selection.ServerUnavailable,
            Message = $"the agents cannot be seen to: {Said(e)}",
        };

    private static string Said(Exception e) =>
        StatusSizeLimiter.Cut(e is KubernetesException { Detail.Length: > 0 } said ? said.Detail : e.Message, 300);

    /// <summary>The policy is gone, or may have no agents.</summary>
    public async Task RemoveAsync(PolicyEntity policy, CancellationToken cancel)
    {
        _seen.TryRemove(EntityKey.Of(policy), out _);
        foreach (var pod in agents.Store.ByIndex(PolicyIndex, policy.Uid))
        {
            if (pod.Metadata.DeletionTimestamp is null)
                await actions.EndAsync(new EndedAgent(pod, AgentEnds.PolicyGone), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>What was said last; nobody decides anything by it.</summary>
    internal static ContinuousView Kept(PolicyEntity policy)
    {
        var status = policy.ReadStatus();
        var watching = status.Conditions.FirstOrDefault(c => c.Type == ConditionTypes.Watching);
        return new ContinuousView(
            status.Continuous,
            watching?.Status switch
            {
                "True" => true,
                "False" => false,
                _ => null,
            },
            watching?.Reason ?? Selection.ServerUnavailable,
            watching?.Message ?? "the operator's view of the agents is not current"
        );
    }

    private static HashSet<string> Watched(List<V1Pod> pods) =>
        pods.SelectMany(p => ContinuousPod.Targets(p)).Select(t => t.PodUid ?? "").ToHashSet(StringComparer.Ordinal);

    /// <summary>Agents of other policies on the nodes in question: those in view, and those that were made and are not there yet.</summary>
    private Dictionary<string, NodeLoad> Others(PolicyEntity policy, WatchedTargets? wanted, DateTimeOffset now)
    {
        var loads = new Dictionary<string, NodeLoad>(StringComparer.Ordinal);
        if (wanted is null)
            return loads;
        lock (_given)
        {
            foreach (var (place, _) in _given.Where(g => now - g.Value.At > InViewWithin || g.Value.At > now).ToList())
                _given.Remove(place);
            foreach (var node in wanted.ByNode.Keys)
            {
                var others = agents
                    .Store.ByIndex(NodeIndex, node)
                    .Select(p => (Uid: p.GetLabel(Names.PolicyUidLabel) ?? "", Namespace: NamespaceOf(p)))
                    .Concat(_given.Where(g => g.Key.Node == node).Select(g => (g.Key.Uid, g.Value.Namespace)))
                    .Where(a => a.Uid != policy.Uid)
                    .DistinctBy(a => a.Uid, StringComparer.Ordinal)
                    .ToList();
                loads[node] = new NodeLoad(others.Count, others.Count(a => a.Namespace == policy.Namespace));
            }
        }
        return loads;
    }

    private static string NamespaceOf(V1Pod pod) => (pod.GetAnnotation(Names.PolicyAnnotation) ?? "").Split('/')[0];
}
