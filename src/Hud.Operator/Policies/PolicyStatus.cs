using System.Globalization;
using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Reconcile;
using k8s.Models;

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
        var next = o.Spec is { Suspend: false } ? o.Schedule?.Next(o.Now) : null;
        var conditions = Conditions(o);
        conditions.Remove(ConditionTypes.Stalled);
        conditions.Set(
            ConditionTypes.Accepted,
            status: true,
            PolicyReasons.Accepted,
            "the policy is within all bounds"
        );
        var (ready, reason, message) = refusal is { } refused
            ? (
                false,
                PolicyReasons.Refused,
                $"the session of {PolicyNames.Time(refused.Scheduled)} was refused: {refused.Words}"
            )
            : Readiness(o, next);
        conditions.Set(ConditionTypes.Ready, ready, reason, message);
        if (o.Rollout is { } rollout)
            conditions.Set(ConditionTypes.RegressionFound, rollout.IsWorse, rollout.Reason, rollout.Message);
        else
            conditions.Remove(ConditionTypes.RegressionFound);
        if (o.Continuous is { } watch)
            conditions.Set(ConditionTypes.Watching, watch.Watching, watch.Reason, watch.Message);
        else
            conditions.Remove(ConditionTypes.Watching);
        return WithRuns(o.Policy.Metadata.Generation ?? 0, o.Now, runs) with
        {
            NextScheduleTime = next,
            MissedRuns = missed + runs.Where(r => r.IsOfSchedule).Sum(r => r.Missed),
            Rollout = o.Rollout?.Status,
            Continuous = o.Continuous?.Status,
            Conditions = conditions.ToList(),
        };
    }

    /// <summary>What makes sessions, and what would if it were not held.</summary>
    private static (bool Ready, string Reason, string Message) Readiness(PolicyObservation o, DateTimeOffset? next)
    {
        var byAlert =
            o.Alert is null ? ""
            : o.Alert.Suspend ? "alerts make no sessions; set triggers.alert.suspend to false to go on"
            : o.ReceivesAlerts ? "alerts make sessions"
            : "alerts make no sessions, because this operator receives none; ask the administrator to set alerts.enabled of the chart";
        var byRollout =
            o.Rollouts is null ? ""
            : o.Rollouts.Suspend ? "rollouts make no sessions; set triggers.rollout.suspend to false to go on"
            : "rollouts make sessions";
        string Joined(params string[] parts) => string.Join("; ", parts.Where(p => p.Length > 0));
        string With(string schedule) => Joined(schedule, byAlert, byRollout);
        if (o.Spec is { Suspend: false })
            return (
                true,
                PolicyReasons.Scheduled,
                With(next is { } time ? $"the next run is due at {PolicyNames.Time(time)}" : "no further run is due")
            );
        var held = o.Spec is null ? "" : "the schedule is suspended";
        if (o.Alert is { Suspend: false } && o.ReceivesAlerts)
            return (true, PolicyReasons.AwaitingAlerts, With(held));
        if (o.Rollouts is { Suspend: false })
            return (true, PolicyReasons.AwaitingRollouts, With(held));
        if (o.Alert is { Suspend: false })
            return (false, PolicyReasons.AlertsNotReceived, With(held));
        if (o.Spec is null && o.Alert is null && o.Rollouts is null)
            return o.WatchesAlways
                ? (true, PolicyReasons.Watching, "agents watch all the time; nothing makes sessions")
                : (true, PolicyReasons.Suspended, "suspended; set continuous.suspend to false to go on");
        return (
            true,
            PolicyReasons.Suspended,
            With(o.Spec is null ? "" : "suspended; set schedule.suspend to false to go on")
        );
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
        conditions.Remove(ConditionTypes.Watching);
        conditions.Set(ConditionTypes.Accepted, status: false, why.Reason, why.Message);
        conditions.Set(ConditionTypes.Ready, status: false, why.Reason, why.Message);
        conditions.Remove(ConditionTypes.RegressionFound); // no rollout is looked at
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
                    c.Type
                        is ConditionTypes.Accepted
                            or ConditionTypes.Ready
                            or ConditionTypes.Stalled
                            or ConditionTypes.RegressionFound
                            or ConditionTypes.Watching
                ),
        ];

    private static ProfilingPolicyStatus WithRuns(long generation, DateTimeOffset now, IReadOnlyList<PolicyRun> runs)
    {
        var active = runs.Where(r => r.State == RunState.Active && !r.IsLeaving).ToList();
        return new ProfilingPolicyStatus
        {
            ObservedGeneration = generation,
            LastScheduleTime = runs.FirstOrDefault(r => r.IsOfSchedule && r.Scheduled <= now)?.Scheduled,
            ActiveCount = active.Count,
            Active =
            [
                .. active.Take(MaxActive).Select(r => new ActiveRun { Name = r.Name, ScheduledTime = r.Scheduled }),
            ],
            LastSession = runs.FirstOrDefault(r => r.State != RunState.Active && !r.IsLeaving) is { } last
                ? Last(last)
                : null,
            LastAlert = runs.FirstOrDefault(r => r.IsOfAlert) is { } byAlert ? Alert(byAlert) : null,
        };
    }

    /// <summary>Annotations are written by the operator; whoever else wrote them, they are cut to the bounds of ours.</summary>
    private static LastAlertStatus Alert(PolicyRun run) =>
        new()
        {
            Name = StatusSizeLimiter.Cut(
                SafeText.Clean(run.Session.GetAnnotation(PolicyNames.AlertNameAnnotation) ?? ""),
                PendingAlert.MaxNameLength
            ),
            StartsAt = DateTimeOffset.TryParseExact(
                run.Session.GetAnnotation(PolicyNames.AlertStartsAtAnnotation),
                PolicyNames.TimeFormat,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var startsAt
            )
                ? startsAt
                : null,
            Session = run.Name,
            SessionTime = run.Scheduled,
        };

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
