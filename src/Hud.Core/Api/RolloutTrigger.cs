using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>Rollouts of the target's workload that make a session, and what counts as a regression. Defaults are those of the CRD.</summary>
public sealed record RolloutTriggerSpec
{
    /// <summary>From the moment that all new pods are ready to the session; 0s to 10m.</summary>
    public GoDuration Settle { get; set; } = new(30_000_000_000);

    /// <summary>From one session by a rollout to the next; 1m to 24h. Null: a rollout waits for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GoDuration? Cooldown { get; set; }

    /// <summary>In any hour; 1 to 60.</summary>
    public int MaxSessionsPerHour { get; set; } = 6;

    /// <summary>True: rollouts make no sessions. Those in progress go on.</summary>
    public bool Suspend { get; set; }

    /// <summary>How many sessions by rollouts that completed are kept, beside those that are compared; 0 to 100.</summary>
    public int SuccessfulSessionsHistoryLimit { get; set; } = 3;

    /// <summary>How many sessions by rollouts that failed are kept; 0 to 100.</summary>
    public int FailedSessionsHistoryLimit { get; set; } = 1;

    public RegressionSpec Regression { get; set; } = new();
}

/// <summary>When a new revision is worse than the one before.</summary>
public sealed record RegressionSpec
{
    /// <summary>
    /// Percentage points of worker time: so much more must be lost, in all or at a place where nothing was lost before; 0.1 to 100.
    /// </summary>
    public double LostPercent { get; set; } = 1;
}

/// <summary>The rollout that was seen last, and the sessions that are compared.</summary>
public sealed record RolloutStatus
{
    /// <summary>Its kind and name: <c>Deployment/checkout</c>. Empty while no workload is known.</summary>
    public string Workload { get; set; } = "";

    /// <summary>The workload's <c>metadata.generation</c> that this speaks of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? WorkloadGeneration { get; set; }

    /// <summary>The label of the new pods that tells them from those of other revisions; empty until they are ready.</summary>
    public string Revision { get; set; } = "";

    /// <summary>Session of that revision.</summary>
    public string Session { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BlockedPercent { get; set; }

    /// <summary>Session of another revision that it is compared with.</summary>
    public string Baseline { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BaselineBlockedPercent { get; set; }
}
