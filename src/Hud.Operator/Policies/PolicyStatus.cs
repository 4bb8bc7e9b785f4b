using Hud.Core.Api;
using Hud.Operator.Reconcile;

namespace Hud.Operator.Policies;

/// <summary>What the status of a policy says. Pure.</summary>
public static class PolicyStatus
{
    private const int MaxActive = 20;

    /// <param name="runs">The newest first.</param>
    /// <param name="missed">Beside those that the sessions tell of.</param>
    /// <param name="refusal">Of the run that is to be made.</param>
    public static ProfilingPolicyStatus Of(
        PolicyObservation o,
        List<PolicyRun> runs,
        long missed,
        (DateTimeOffset Scheduled, string Words)? refusal
    )
    {
        var next = o.Spec.Suspend ? null : o.Schedule.Next(o.Now);
        var conditions = Conditions(o);
        conditions.Remove(ConditionTypes.Stalled);
        conditions.Set(
            ConditionTypes.Accepted,
            status: true,
            PolicyReasons.Accepted,
            "the policy is within all bounds"
        );
        if (refusal is { } refused)
            conditions.Set(
                ConditionTypes.Ready,
                status: false,
                PolicyReasons.Refused,
                $"the session of {PolicyNames.Time(refused.Scheduled)} was refused: {refused.Words}"
            );
        else if (o.Spec.Suspend)
            conditions.Set(
                ConditionTypes.Ready,
                status: true,
                PolicyReasons.Suspended,
                "suspended; set schedule.suspend to false to go on"
            );
        else
            conditions.Set(
                ConditionTypes.Ready,
                status: true,
                PolicyReasons.Scheduled,
                next is { } time ? $"the next run is due at {PolicyNames.Time(time)}" : "no further run is due"
            );
        return WithRuns(o.Policy.Metadata.Generation ?? 0, o.Now, runs) with
        {
            NextScheduleTime = next,
            MissedRuns = missed + runs.Sum(r => r.Missed),
            Conditions = conditions.ToList(),
        };
    }

    /// <summary>Of a policy that makes no sessions, for a reason of its spec.</summary>
    public static ProfilingPolicyStatus Rejected(
        Entities.PolicyEntity policy,
        IReadOnlyList<PolicyRun> runs,
        Admission.Verdict why,
        DateTimeOffset now
    )
    {
        var generation = policy.Metadata.Generation ?? 0;
        var conditions = new ConditionSet(Known(policy), generation, now);
        conditions.Set(ConditionTypes.Accepted, status: false, why.Reason, why.Message);
        conditions.Set(ConditionTypes.Ready, status: false, why.Reason, why.Message);
        conditions.Set(
            ConditionTypes.Stalled,
            status: true,
            why.Reason is SessionValidator.DurationTooLong or "NamespaceNotAllowed"
                ? PolicyReasons.NotPermitted
                : PolicyReasons.InvalidSpec,
            why.Message
        );
        return WithRuns(generation, now, runs) with { Conditions = conditions.ToList() };
    }

    private static ConditionSet Conditions(PolicyObservation o) =>
        new(Known(o.Policy), o.Policy.Metadata.Generation ?? 0, o.Now);

    /// <summary>Others that a status may have are nobody's.</summary>
    private static IReadOnlyList<Condition> Known(Entities.PolicyEntity policy) =>
        [
            .. policy
                .ReadStatus()
                .Conditions.Where(c =>
                    c.Type is ConditionTypes.Accepted or ConditionTypes.Ready or ConditionTypes.Stalled
                ),
        ];

    private static ProfilingPolicyStatus WithRuns(long generation, DateTimeOffset now, IReadOnlyList<PolicyRun> runs)
    {
        var active = runs.Where(r => r.State == RunState.Active && !r.IsLeaving).ToList();
        return new ProfilingPolicyStatus
        {
            ObservedGeneration = generation,
            LastScheduleTime = runs.FirstOrDefault(r => r.Scheduled <= now)?.Scheduled,
            ActiveCount = active.Count,
            Active =
            [
                .. active.Take(MaxActive).Select(r => new ActiveRun { Name = r.Name, ScheduledTime = r.Scheduled }),
            ],
            LastSession = runs.FirstOrDefault(r => r.State != RunState.Active && !r.IsLeaving) is { } last
                ? Last(last)
                : null,
        };
    }

    /// <summary>The session's status is written by the operator; whoever else wrote it, it is cut to the bounds of ours.</summary>
    private static LastSessionStatus Last(PolicyRun run)
    {
        var status = run.Session.ReadStatus();
        Condition? Find(string type) => status.Conditions.FirstOrDefault(c => c.Type == type);
        var completed = run.State == RunState.Completed;
        return new LastSessionStatus
        {
            Name = run.Name,
            ScheduledTime = run.Scheduled,
            CompletionTime = status.CompletionTime,
            Outcome = completed ? RunOutcome.Completed : RunOutcome.Failed,
            Reason = StatusSizeLimiter.Cut(
                Find(completed ? ConditionTypes.Complete : ConditionTypes.Failed)?.Reason ?? "",
                128
            ),
            Verdict = StatusSizeLimiter.Cut(status.Verdict ?? "", 1024),
            BlockedPercent = status.Summary is { } summary ? StatusSizeLimiter.Percent(summary.BlockedPercent) : null,
            WorstPoll = StatusSizeLimiter.Cut(status.Summary?.WorstPoll ?? "", 32),
            ExpectationsMet = Find(ConditionTypes.ExpectationsMet) is { } met ? met.Status == "True" : null,
        };
    }
}
