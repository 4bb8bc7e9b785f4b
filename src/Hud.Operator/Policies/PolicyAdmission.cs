using Hud.Core.Api;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using k8s.Models;

namespace Hud.Operator.Policies;

/// <summary>Whether a policy may make sessions, by its spec and by what the administrator set.</summary>
public static class PolicyAdmission
{
    /// <param name="schedule">Null where the policy has none.</param>
    /// <returns>Null when it may.</returns>
    public static Admission.Verdict? Check(
        PolicyEntity policy,
        OperatorOptions options,
        DateTimeOffset now,
        out ProfilingPolicySpec spec,
        out Schedule? schedule
    )
    {
        schedule = null;
        if (!policy.TryReadSpec(out spec, out var unreadable))
            return Invalid(unreadable);
        if (
            spec.Schedule is null
            && spec.Continuous is null
            && spec.Triggers is not ({ Alert: not null } or { Rollout: not null })
        )
            return Invalid(PolicyMessages.NothingMakesSessions);
        if (spec.Session.Suspend)
            return Invalid(PolicyMessages.SessionSuspended);
        // whatever would be said of each session is said once, of the policy
        var session = Admission.Check(
            new SessionEntity
            {
                Metadata = new V1ObjectMeta { Name = policy.Name, NamespaceProperty = policy.Namespace },
                Spec = policy.SessionSpec,
            },
            out _,
            options
        );
        if (!session.Accepted)
            return session with { Message = "session: " + session.Message };
        if (ContinuousAdmission.Check(spec) is { } beyond)
            return Invalid(beyond);
        if (spec.Triggers?.Alert is { } alert && AlertAdmission.Check(alert) is { } wrong)
            return Invalid(wrong);
        if (spec.Triggers?.Rollout is { } rollout && RolloutAdmission.Check(rollout, spec.Session.Target) is { } unfit)
            return Invalid(unfit);
        return spec.Schedule is { } when ? Check(when, now, out schedule) : null;
    }

    private static Admission.Verdict? Check(ScheduleSpec when, DateTimeOffset now, out Schedule? schedule)
    {
        schedule = null;
        if (Bounds(when) is { } beyond)
            return Invalid(beyond);
        schedule = Schedule.Parse(when.Cron, when.TimeZone, out var reason, out var message);
        if (schedule is null)
            return new Admission.Verdict(Accepted: false, reason, message);
        return schedule.Next(now) is null
            ? new Admission.Verdict(Accepted: false, PolicyReasons.InvalidSchedule, PolicyMessages.NeverDue(when.Cron))
            : null;
    }

    private static string? Bounds(ScheduleSpec schedule)
    {
        if (
            schedule.StartingDeadline < PolicyBounds.MinStartingDeadline
            || schedule.StartingDeadline > PolicyBounds.MaxStartingDeadline
        )
            return PolicyMessages.StartingDeadline;
        if (schedule.SuccessfulSessionsHistoryLimit is < PolicyBounds.MinHistory or > PolicyBounds.MaxHistory)
            return PolicyMessages.SuccessfulLimit;
        return schedule.FailedSessionsHistoryLimit is < PolicyBounds.MinHistory or > PolicyBounds.MaxHistory
            ? PolicyMessages.FailedLimit
            : null;
    }

    private static Admission.Verdict Invalid(string message) =>
        new(Accepted: false, PolicyReasons.InvalidSpec, message);
}
