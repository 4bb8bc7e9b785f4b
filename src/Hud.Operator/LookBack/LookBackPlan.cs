using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.LookBack;

/// <summary>All that the decision may look at by whom a session's nodes are answered.</summary>
public sealed record LookBackObservation
{
    /// <summary>UID of the session.</summary>
    public required string Session { get; init; }

    public required LookBackWindow Window { get; init; }

    /// <summary>All of the session's targets.</summary>
    public required IReadOnlyList<TargetStatus> Targets { get; init; }

    /// <summary>Agents that watch for the policy that owns the session, and those that it has asked.</summary>
    public required IReadOnlyList<V1Pod> Watching { get; init; }

    /// <summary>Why there are none, where that is not for want of pods: a sentence.</summary>
    public string NoAgents { get; init; } = "";

    /// <summary>Nodes that have an agent of the session's own.</summary>
    public required IReadOnlyCollection<string> Own { get; init; }

    /// <summary>Whether a session with this UID is in progress.</summary>
    public required Func<string, bool> IsInProgress { get; init; }

    /// <summary>The session is to end: it asks for nothing any more.</summary>
    public bool IsSuspended { get; init; }

    public required DateTimeOffset Now { get; init; }
}

/// <summary>By whom one node is answered.</summary>
/// <param name="Pod">The agent that watches already; null: the session has one of its own made.</param>
/// <param name="Request">What that is asked; null as the pod is.</param>
/// <param name="Ask">The requests that are to stand in the pod's annotation; null when this one does.</param>
/// <param name="Why">Why it is not answered by an agent that watches already; empty otherwise.</param>
public sealed record LookBackNode(
    string Node,
    V1Pod? Pod,
    LookBackRequest? Request,
    IReadOnlyList<LookBackRequest>? Ask,
    string Why
);

/// <summary>
/// Decides which nodes of a session are answered by agents that watch already. Pure. What was asked stands in the annotation of the agent's pod, so
/// whoever goes on with the session finds it there. A node is answered by one agent: where it does not watch all of the session's targets there, the
/// session has its own made for all of them.
/// </summary>
public static class LookBackPlan
{
    public static IReadOnlyList<LookBackNode> Decide(LookBackObservation o) =>
        [
            .. o
                .Targets.GroupBy(t => t.Node, StringComparer.Ordinal)
                .Select(targets => Decide(o, targets.Key, [.. targets])),
        ];

    private static LookBackNode Decide(LookBackObservation o, string node, List<TargetStatus> targets)
    {
        if (o.Own.Contains(node, StringComparer.Ordinal))
            return Own(node, $"{node}: the session has an agent of its own");
        var here = o.Watching.Where(p => p.GetAnnotation(Names.NodeAnnotation) == node).ToList();
        foreach (var pod in here)
        {
            if (Requests(pod).FirstOrDefault(r => r.Id == o.Session) is { } asked)
                return new LookBackNode(node, pod, asked, Ask: null, "");
        }

        if (o.NoAgents.Length > 0)
            return Own(node, o.NoAgents);
        // what was asked and is in no annotation any more is not asked again: the agent is gone
        if (
            targets.Exists(t => t.State is TargetState.Running or TargetState.Succeeded)
            || targets.TrueForAll(t => t.State == TargetState.Failed)
        )
            return Own(node, $"{node}: the agent that watched is gone");
        if (o.IsSuspended)
            return Own(node, $"{node}: the session was suspended before it had begun");
        if (o.Now > o.Window.Until)
            return Own(node, $"{node}: the session began after the time that it was to look at");
        if (here.Find(ContinuousPod.Runs) is not { } ready)
            return Own(node, $"{node}: no agent of the policy watches there");
        var watched = ContinuousPod.Targets(ready);
        if (targets.Find(t => !Watches(watched, t)) is { } other)
            return Own(node, $"{node}: the agent of the policy does not watch pod {other.Pod} yet");
        var request = o.Window.Request(o.Session);
        return LookBackList.With(Requests(ready), request, o.Now, o.IsInProgress) is { } ask
            ? new LookBackNode(node, ready, request, ask, "")
            : Own(node, $"{node}: {LookBackRequest.MaxRequests} sessions wait for the agent of the policy already");
    }

    private static LookBackNode Own(string node, string why) => new(node, Pod: null, Request: null, Ask: null, why);

    private static IReadOnlyList<LookBackRequest> Requests(V1Pod pod) =>
        LookBackList.Read(pod.GetAnnotation(Names.LookBackAnnotation));

    /// <summary>
    /// The same container of the same pod. What a status names as a target need not be believed: the operator alone writes what an agent watches, and that
    /// is of its policy's namespace.
    /// </summary>
    private static bool Watches(IReadOnlyList<AgentTarget> watched, TargetStatus target) =>
        target.PodUid.Length > 0
        && watched.Any(w =>
            w.PodUid == target.PodUid
            && w.ContainerId is { Length: > 0 } id
            && target.ContainerId.EndsWith("://" + id, StringComparison.Ordinal)
        );
}
