using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>What became of a policy's runs. Derived from its sessions each time; nothing is ever read from it to decide what to do.</summary>
public sealed record ProfilingPolicyStatus
{
    public long ObservedGeneration { get; set; } = -1;

    /// <summary>When the newest run that a session was made for was due.</summary>
    public DateTimeOffset? LastScheduleTime { get; set; }

    public DateTimeOffset? NextScheduleTime { get; set; }

    /// <summary>Sessions in progress, also those that <see cref="Active"/> has no room for.</summary>
    public int ActiveCount { get; set; }

    public IReadOnlyList<ActiveRun> Active { get; set; } = [];

    /// <summary>Of the time that the sessions that are kept tell of.</summary>
    public long MissedRuns { get; set; }

    public LastSessionStatus? LastSession { get; set; }

    public LastAlertStatus? LastAlert { get; set; }

    /// <summary>Null where rollouts make no sessions.</summary>
    public RolloutStatus? Rollout { get; set; }

    /// <summary>Null where the policy has no agents that watch all the time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContinuousStatus? Continuous { get; set; }

    public IReadOnlyList<Condition> Conditions { get; set; } = [];
}

/// <summary>A session in progress.</summary>
public sealed record ActiveRun
{
    public string Name { get; set; } = "";

    /// <summary>When its run was due; of one that an alert or a rollout made, when that was.</summary>
    public DateTimeOffset ScheduledTime { get; set; }
}

/// <summary>The newest session that is over, as its own status has it.</summary>
public sealed record LastSessionStatus
{
    public string Name { get; set; } = "";
    public DateTimeOffset ScheduledTime { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? CompletionTime { get; set; }

    public RunOutcome Outcome { get; set; }
    public string Reason { get; set; } = "";
    public string Verdict { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BlockedPercent { get; set; }

    public string WorstPoll { get; set; } = "";

    /// <summary>Null: nothing was expected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? ExpectationsMet { get; set; }
}

/// <summary>The alert that made the newest session that an alert made, as the session's annotations have it.</summary>
public sealed record LastAlertStatus
{
    public string Name { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartsAt { get; set; }

    public string Session { get; set; } = "";
    public DateTimeOffset SessionTime { get; set; }
}

public enum RunOutcome
{
    Completed,
    Failed,
}
