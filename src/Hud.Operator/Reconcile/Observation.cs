using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.LookBack;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator.Reconcile;

/// <summary>One agent pod as the cluster and its stream show it.</summary>
/// <param name="Pod">Null while there is none.</param>
/// <param name="Refusal">Why the API server would not make it; null when it did not refuse.</param>
public sealed record AgentObservation(
    string Node,
    string Name,
    V1Pod? Pod,
    StreamSnapshot Stream,
    string? Refusal = null
)
{
    /// <summary>
    /// What it was asked, where it is not the session's own but one that watches for the policy that owns the session: it goes on, whatever becomes of the
    /// session.
    /// </summary>
    public LookBackRequest? Asked { get; init; }
}

/// <summary>All that a decision about a running session may look at.</summary>
public sealed record Observation
{
    public required ProfilingSessionSpec Spec { get; init; }

    /// <summary>With all targets, also those that it has no room for where it is written.</summary>
    public required ProfilingSessionStatus Status { get; init; }
    public required long Generation { get; init; }
    public required DateTimeOffset Now { get; init; }

    /// <summary>One per node that has targets.</summary>
    public required IReadOnlyList<AgentObservation> Agents { get; init; }

    /// <summary>Null for a session that does not look back.</summary>
    public LookBackSeen? LookBack { get; init; }

    /// <summary>How long the view of the cluster has been current without a break; null while it is not.</summary>
    public required TimeSpan? CurrentFor { get; init; }
}

/// <summary>What is to be done about a running session.</summary>
public sealed record Decision
{
    public required ProfilingSessionStatus Status { get; init; }

    /// <summary>All targets; the status lists those of them that it has room for.</summary>
    public required IReadOnlyList<TargetStatus> Targets { get; init; }

    /// <summary>Nodes whose agent pod is to be made.</summary>
    public IReadOnlyList<string> Create { get; init; } = [];

    /// <summary>Agent pods that are to end now and send what they have; those that are not the session's own are to tell what they have, and go on.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Agent pods that will never run.</summary>
    public IReadOnlyList<string> Delete { get; init; } = [];

    /// <summary>The session is over. Results of <see cref="Profile"/> are stored before the status is written.</summary>
    public bool Finished { get; init; }

    public ProfileDocument? Profile { get; init; }

    /// <summary>When to look again, although nothing changed.</summary>
    public TimeSpan RequeueAfter { get; init; } = TimeSpan.FromSeconds(5);
}
