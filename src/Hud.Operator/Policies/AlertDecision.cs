using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;

namespace Hud.Operator.Policies;

/// <summary>All that a decision about a policy's alerts may look at.</summary>
public sealed record AlertObservation
{
    public required PolicyEntity Policy { get; init; }
    public required AlertTriggerSpec Spec { get; init; }

    /// <summary>Sessions that alerts made, each once.</summary>
    public required IReadOnlyList<MadeSession> Made { get; init; }

    /// <summary>Those that were received and match the policy.</summary>
    public required IReadOnlyList<PendingAlert> Alerts { get; init; }

    /// <summary>The pods that the policy's target selects now, with the names of their containers; null: nobody has asked for them yet.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Pods { get; init; }

    public required DateTimeOffset Now { get; init; }
}

/// <summary>Why an alert made no session. Its name in lower case is the label of the metric.</summary>
public enum AlertOutcome
{
    /// <summary>Its session is there already.</summary>
    Repeated,
    Cooldown,
    Limit,
    PodNotSelected,
    OutOfTime,
    Suspended,
}

/// <summary>An alert that makes no session.</summary>
/// <param name="Reason">Of the event; null: nothing to tell.</param>
/// <param name="About">What happens once is told once: see <see cref="PolicyNotice"/>.</param>
/// <param name="Why">Goes on after "makes no session:".</param>
public sealed record AlertLeftOut(
    PendingAlert Alert,
    AlertOutcome Outcome,
    string? Reason = null,
    string About = "",
    string Why = ""
);

/// <summary>What is to be done about a policy's alerts.</summary>
public sealed record AlertDecision
{
    public NewRun? Create { get; init; }

    /// <summary>All others.</summary>
    public IReadOnlyList<AlertLeftOut> LeftOut { get; init; } = [];

    /// <summary>Nothing is decided: the pods of the target have to be known for that.</summary>
    public bool NeedsPods { get; init; }
}
