using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.LookBack;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator;

/// <summary>
/// Sessions that begin before their trigger: agents of the policy that owns them have watched, and are asked. What was asked stands in the annotations of
/// those agents' pods.
/// </summary>
public sealed partial class SessionController
{
    /// <summary>Agents that watch, by the UIDs of the sessions that have asked them.</summary>
    public const string AskedIndex = "asked";

    /// <summary>Kubelets and agents stamp lines by the same clock, and whole seconds are compared.</summary>
    private static readonly TimeSpan LogMargin = TimeSpan.FromSeconds(2);

    private static IEnumerable<string> Asked(V1Pod pod) =>
        pod.GetAnnotation(Names.LookBackAnnotation) is { } list ? LookBackList.Read(list).Select(r => r.Id) : [];

    /// <summary>Asks the agents that watch already, where that is not done.</summary>
    /// <returns>By node; empty for a session that does not look back.</returns>
    private async Task<IReadOnlyDictionary<string, LookBackNode>> LookBackAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        IReadOnlyList<TargetStatus> targets,
        CancellationToken cancel
    )
    {
        var nodes = new Dictionary<string, LookBackNode>(StringComparer.Ordinal);
        if (LookBackWindow.Of(session, spec) is not { } window)
            return nodes;
        var policy = LookBackOwner.Of(
            session,
            (ns, name) => policies.Store.Get(new EntityKey(ns, name)),
            out var noAgents
        );
        List<V1Pod> watching =
        [
            .. agents.Store.ByIndex(AskedIndex, session.Uid),
            .. policy.Length > 0 ? agents.Store.ByIndex(ContinuousAgents.PolicyIndex, policy) : [],
        ];
        var plan = LookBackPlan.Decide(
            new LookBackObservation
            {
                Session = session.Uid,
                Window = window,
                Targets = targets,
                Watching = watching,
                NoAgents = noAgents,
                Own =
                [
                    .. agents
                        .Store.ByIndex(SessionIndex, session.Uid)
                        .Select(p => p.GetAnnotation(Names.NodeAnnotation))
                        .OfType<string>(),
                ],
                IsInProgress = IsInProgress,
                IsSuspended = spec.Suspend,
                Now = time.GetUtcNow(),
            }
        );
        foreach (var node in plan)
            nodes[node.Node] = await AskAsync(session, node, cancel).ConfigureAwait(false);
        return nodes;
    }

    private async Task<LookBackNode> AskAsync(SessionEntity session, LookBackNode node, CancellationToken cancel)
    {
        if (node.Ask is null)
            return node;
        try
        {
            var pod = await actions.AskAsync(node.Pod!, node.Ask, cancel).ConfigureAwait(false);
            log.Info(
                "agent asked for what it has watched",
                ("session", EntityKey.Of(session)),
                ("node", node.Node),
                ("pod", pod.Metadata.Name)
            );
            return node with { Pod = pod, Ask = null };
        }
        catch (NotFoundException)
        {
            return node with
            {
                Pod = null,
                Request = null,
                Ask = null,
                Why = $"{node.Node}: the agent of the policy is gone",
            };
        }
    }

    /// <summary>UIDs are in the annotations, and sessions are by name.</summary>
    private bool IsInProgress(string uid) => sessions.Store.All().Any(s => s.Uid == uid && !IsFinished(s.ReadStatus()));

    /// <summary>An agent that was asked: read from the moment on at which it can answer.</summary>
    private AgentObservation Observe(
        SessionEntity session,
        ProfilingSessionSpec spec,
        LookBackNode node,
        IReadOnlyList<TargetStatus> targets,
        int of
    )
    {
        var (pod, asked) = (node.Pod!, node.Request!);
        var name = Names.AgentPod(session.Uid, node.Node);
        HashSet<string> pods = [.. targets.Where(t => t.Node == node.Node).Select(t => t.PodUid)];
        var stream =
            time.GetUtcNow() < asked.Until - LogMargin
                ? streams.Peek(name)
                : streams.FollowLookBack(
                    name,
                    pod,
                    EntityKey.Of(session),
                    new LookBackWait(
                        session.Uid,
                        asked.Until - LogMargin,
                        of,
                        profile => LookBackProfile.Of(profile, spec, pods)
                    )
                );
        // the view shows a pod that is gone no more, and the one that was asked is known from a moment ago
        var there = agents.Store.Get(EntityKey.Of(pod))?.Metadata.Uid == pod.Metadata.Uid;
        return new AgentObservation(node.Node, name, there ? pod : null, stream) { Asked = asked };
    }

    /// <summary>A session that is to end now: the agent answers with what there is, and goes on.</summary>
    private async Task AnswerNowAsync(SessionEntity session, V1Pod pod, CancellationToken cancel)
    {
        var requests = LookBackList.Read(pod.GetAnnotation(Names.LookBackAnnotation));
        var now = time.GetUtcNow();
        if (!requests.Any(r => r.Id == session.Uid && r.Until > now))
            return;
        await IgnoreMissingAsync(
                actions.AskAsync(pod, LookBackList.EndingAt(requests, session.Uid, ConditionSet.Seconds(now)), cancel)
            )
            .ConfigureAwait(false);
    }

    /// <summary>The session is over: what it asked is waited for no more.</summary>
    private async Task WithdrawAsync(SessionEntity session, CancellationToken cancel)
    {
        foreach (var pod in agents.Store.ByIndex(AskedIndex, session.Uid))
        {
            var left = LookBackList.Without(
                LookBackList.Read(pod.GetAnnotation(Names.LookBackAnnotation)),
                session.Uid
            );
            await IgnoreMissingAsync(actions.AskAsync(pod, left, cancel)).ConfigureAwait(false);
        }
    }

    private static async Task IgnoreMissingAsync(Task<V1Pod> patch)
    {
        try
        {
            await patch.ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // and what it was asked with it
        }
    }
}
