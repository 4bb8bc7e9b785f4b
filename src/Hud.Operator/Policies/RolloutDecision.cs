using Hud.Core.Api;
using Hud.Operator.Entities;

namespace Hud.Operator.Policies;

/// <summary>All that a decision about a policy's rollouts may look at.</summary>
public sealed record RolloutObservation
{
    public required PolicyEntity Policy { get; init; }
    public required RolloutTriggerSpec Spec { get; init; }

    /// <summary>What rollouts made, the newest first.</summary>
    public required List<PolicyRun> Runs { get; init; }

    public required RolloutSight Sight { get; init; }
    public required RolloutMemory Memory { get; init; }
    public required DateTimeOffset Now { get; init; }
}

/// <summary>What this leader has seen and done. All of it can be lost: then a rollout may settle once more, or is too old to be made up, and none is made twice.</summary>
public sealed record RolloutMemory
{
    /// <summary>UID and generation of the policy that the sight is of.</summary>
    public string Policy { get; init; } = "";

    public RolloutSight? Sight { get; init; }

    /// <summary>When that was; null: never.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>The name of the session of the rollout that is to be made, or was.</summary>
    public string Wanted { get; init; } = "";

    /// <summary>When its pods were ready. Pods that are added or fail later do not begin the wait anew.</summary>
    public DateTimeOffset ReadyAt { get; init; }

    /// <summary>Sessions that were made, also those that no view shows yet or any more; the newest last.</summary>
    public IReadOnlyList<MadeSession> Made { get; init; } = [];

    public RolloutFinding? Finding { get; init; }

    public RolloutMemory With(NewRun run) =>
        this with
        {
            Made = [.. Made.TakeLast(PolicyBounds.MaxSessionsPerHour - 1), new MadeSession(run.Name, run.Scheduled)],
        };
}

/// <summary>What is to be done about a policy's rollouts.</summary>
public sealed record RolloutDecision
{
    public required RolloutFinding Finding { get; init; }

    public NewRun? Create { get; init; }

    public IReadOnlyList<PolicyNotice> Notices { get; init; } = [];

    public required RolloutMemory Memory { get; init; }
}
