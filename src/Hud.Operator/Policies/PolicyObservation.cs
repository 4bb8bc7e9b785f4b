using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;

namespace Hud.Operator.Policies;

/// <summary>All that a decision about a policy may look at. Of its status, only since when a condition is what it is.</summary>
public sealed record PolicyObservation
{
    public required PolicyEntity Policy { get; init; }

    /// <summary>Null, as <see cref="Schedule"/>, where the policy has no schedule.</summary>
    public required ScheduleSpec? Spec { get; init; }

    public required Schedule? Schedule { get; init; }

    /// <summary>Null where alerts make no sessions of it.</summary>
    public AlertTriggerSpec? Alert { get; init; }

    /// <summary>Null where rollouts make no sessions of it.</summary>
    public RolloutTriggerSpec? Rollouts { get; init; }

    /// <summary>What the look at the rollout found; null where there is no trigger.</summary>
    public RolloutFinding? Rollout { get; init; }

    /// <summary>Whether agents are to watch the target all the time.</summary>
    public bool WatchesAlways { get; init; }

    /// <summary>What there is to say of them; null where the policy has none.</summary>
    public ContinuousView? Continuous { get; init; }

    /// <summary>Whether this operator receives alerts at all.</summary>
    public bool ReceivesAlerts { get; init; }

    /// <summary>Sessions that name the policy as their owner. Whether they are its runs is for the decision to say.</summary>
    public required IReadOnlyList<SessionEntity> Sessions { get; init; }

    public required PolicyMemory Memory { get; init; }
    public required DateTimeOffset Now { get; init; }
}

/// <summary>What this leader has seen and done. All of it can be lost: then a run may be made that was not wanted any more, and no run twice.</summary>
public sealed record PolicyMemory
{
    public required string Uid { get; init; }

    /// <summary>The first look at it. It counts where the policy seems to be made in the future: the clock went back.</summary>
    public required DateTimeOffset Seen { get; init; }

    /// <summary>What was due before this was due by another schedule, or while the policy was suspended.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The newest run that was made, or that cannot be made.</summary>
    public DateTimeOffset? Done { get; init; }

    /// <summary>What the API server said of the session of this run.</summary>
    public (DateTimeOffset Scheduled, string Words)? Refusal { get; init; }

    /// <summary>The schedule that was seen last.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>Sessions that alerts made, also those that no view shows yet or any more; the newest last.</summary>
    public IReadOnlyList<MadeSession> ByAlert { get; init; } = [];

    /// <summary>The run is done with.</summary>
    public PolicyMemory With(NewRun run) =>
        run.Alert is null
            ? this with
            {
                Done = run.Scheduled,
                Refusal = null,
            }
            : this with
            {
                ByAlert = [.. ByAlert.TakeLast(MaxByAlert - 1), new MadeSession(run.Name, run.Scheduled)],
            };

    /// <summary>Of the longest cooldown.</summary>
    private const int MaxByAlert = PolicyBounds.MaxSessionsPerHour * 24;

    public static PolicyMemory Of(PolicyEntity policy, ScheduleSpec? spec, PolicyMemory? before, DateTimeOffset now)
    {
        var schedule = spec is null ? "" : $"{spec.Cron}|{spec.TimeZone}|{spec.Suspend}";
        if (before is null || before.Uid != policy.Uid)
            return new PolicyMemory
            {
                Uid = policy.Uid,
                Seen = now,
                Schedule = schedule,
            };
        return before with
        {
            Seen = before.Seen < now ? before.Seen : now,
            Since = before.Schedule == schedule ? before.Since : now,
            Refusal = before.Schedule == schedule ? before.Refusal : null,
            Schedule = schedule,
        };
    }
}

/// <summary>A session that a trigger made.</summary>
public sealed record MadeSession(string Name, DateTimeOffset At);

/// <summary>A session to make.</summary>
/// <param name="Missed">Runs that were due before it and were not made.</param>
public sealed record NewRun(string Name, DateTimeOffset Scheduled, long Missed)
{
    /// <summary>What makes it, in the place of the schedule.</summary>
    public PendingAlert? Alert { get; init; }

    /// <inheritdoc cref="Alert"/>
    public RolloutTarget? Rollout { get; init; }

    public RunTrigger Trigger =>
        Alert is not null ? RunTrigger.Alert
        : Rollout is not null ? RunTrigger.Rollout
        : RunTrigger.Schedule;

    /// <summary>How events speak of it.</summary>
    public string Described =>
        Alert?.Described ?? Rollout?.Rollout.Described ?? $"the run of {PolicyNames.Time(Scheduled)}";
}

/// <summary>Something to tell once.</summary>
/// <param name="About">What happens once is told once: together with the reason it is the name of the event.</param>
public sealed record PolicyNotice(string Reason, string About, string Message, bool Warning);

/// <summary>What is to be done about a policy.</summary>
public sealed record PolicyDecision
{
    public required ProfilingPolicyStatus Status { get; init; }

    public NewRun? Create { get; init; }

    /// <summary>Sessions that are to end now and keep what they have.</summary>
    public IReadOnlyList<PolicyRun> Stop { get; init; } = [];

    /// <summary>Sessions beyond the limits, and those that were to be stopped and have not begun.</summary>
    public IReadOnlyList<PolicyRun> Delete { get; init; } = [];

    public IReadOnlyList<PolicyNotice> Notices { get; init; } = [];

    /// <summary>When to look again, although nothing changed.</summary>
    public required TimeSpan RequeueAfter { get; init; }
}
