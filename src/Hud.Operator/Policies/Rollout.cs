using System.Globalization;
using Hud.Core.Api;
using Hud.Operator.Entities;
using k8s.Models;

namespace Hud.Operator.Policies;

/// <summary>A revision of a workload, each time that it was rolled out: a rollback is another one.</summary>
/// <param name="Kind">Deployment, StatefulSet or DaemonSet.</param>
/// <param name="Uid">The workload's.</param>
/// <param name="Revision">The value of <see cref="RevisionLabel"/> that the revision's pods have.</param>
/// <param name="Number">What the workload's controller counts up with each rollout, back to an older revision as well.</param>
public sealed record Rollout(string Kind, string Name, string Uid, string Revision, long Number)
{
    public string Workload => $"{Kind}/{Name}";

    /// <summary>What makes it this one, for the name of its session.</summary>
    public string Incident => $"{Workload}|{Uid}|{Number.ToString(CultureInfo.InvariantCulture)}|{Revision}";

    public string Described => $"revision {Revision} of {Kind} {Name}";

    /// <summary>The label by which pods of one revision are told from those of another.</summary>
    public static string RevisionLabel(string kind) =>
        kind == "Deployment" ? "pod-template-hash" : "controller-revision-hash";

    /// <summary>
    /// The rollout that made a session. What its annotations say counts only as far as the session's name follows from it: others may write
    /// annotations.
    /// </summary>
    /// <returns>Null where that cannot be said any more.</returns>
    public static Rollout? Of(PolicyEntity policy, SessionEntity session)
    {
        if (
            session.GetAnnotation(PolicyNames.RolloutWorkloadAnnotation)?.Split('/') is not [var kind, var name]
            || session.GetAnnotation(PolicyNames.RolloutUidAnnotation) is not { } uid
            || session.GetAnnotation(PolicyNames.RolloutRevisionAnnotation) is not { } revision
            || !long.TryParse(
                session.GetAnnotation(PolicyNames.RolloutNumberAnnotation),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var number
            )
        )
            return null;
        var rollout = new Rollout(kind, name, uid, revision, number);
        return PolicyNames.RolloutSession(policy.Name, policy.Uid, rollout) == session.Name ? rollout : null;
    }
}

/// <summary>What a session of a rollout profiles.</summary>
/// <param name="Pods">Those of the target that are of the revision.</param>
public sealed record RolloutTarget(Rollout Rollout, LabelSelector Pods);

public enum RolloutState
{
    /// <summary>No workload is what the target means.</summary>
    NoWorkload,

    /// <summary>The target's pods are of several.</summary>
    SeveralWorkloads,

    /// <summary>Scaled to none.</summary>
    NoPods,

    /// <summary>Pods of another revision are there still, or new ones are not ready yet.</summary>
    InProgress,

    /// <summary>All pods are of one revision, and ready: what <c>kubectl rollout status</c> waits for.</summary>
    RolledOut,
}

/// <summary>How the workload of a target stands.</summary>
public sealed record RolloutSight
{
    public required RolloutState State { get; init; }

    /// <summary>In words, for all but <see cref="RolloutState.RolledOut"/>.</summary>
    public string Message { get; init; } = "";

    /// <summary><c>Deployment/checkout</c>, or empty.</summary>
    public string Workload { get; init; } = "";

    public long? Generation { get; init; }

    /// <summary>What changes with each rollout, and only then, without a look at the pods.</summary>
    public string Mark { get; init; } = "";

    /// <summary>Null unless it is rolled out.</summary>
    public RolloutTarget? Target { get; init; }

    /// <summary>When the last of the pods became ready.</summary>
    public DateTimeOffset ReadyAt { get; init; }

    /// <summary>When the newest of the pods was made: about when the rollout ended, or later, where one was replaced or added since.</summary>
    public DateTimeOffset NewestPod { get; init; }
}

/// <summary>What is to be said of a policy's rollouts.</summary>
/// <param name="IsWorse">Null: nothing can be said, for <paramref name="Reason"/>.</param>
/// <param name="LookAgain">When, by the operator's clock.</param>
public sealed record RolloutFinding(
    bool? IsWorse,
    string Reason,
    string Message,
    RolloutStatus Status,
    DateTimeOffset? LookAgain = null
);
