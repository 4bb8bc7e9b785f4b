using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using k8s.Models;

namespace Hud.Operator.Resources;

/// <summary>
/// One event per transition. Its name follows from session, condition and reason, so a transition that is seen twice (a restart, a second
/// leader) makes one event. Pure.
/// </summary>
public static class TransitionEvents
{
    private static readonly (string Condition, string Status, bool Warning)[] Reported =
    [
        (ConditionTypes.Accepted, "False", true),
        (ConditionTypes.TargetsResolved, "True", false),
        (ConditionTypes.TargetsResolved, "False", true),
        (ConditionTypes.AgentsScheduled, "True", false),
        (ConditionTypes.AgentsScheduled, "False", true),
        (ConditionTypes.LookedBack, "True", false),
        (ConditionTypes.LookedBack, "False", true),
        (ConditionTypes.Complete, "True", false),
        (ConditionTypes.Failed, "True", true),
        (ConditionTypes.ResultsComplete, "False", true),
        (ConditionTypes.ExpectationsMet, "False", true),
    ];

    /// <summary>
    /// What is emitted again for a session at its first sight after a start, as the operator before may have ended between writing the status and
    /// emitting the event. What was emitted has its name already. Of older transitions the events may have gone by, and are not to come back.
    /// </summary>
    public static IReadOnlyList<Corev1Event> Recent(
        SessionEntity session,
        ProfilingSessionStatus status,
        DateTimeOffset now
    ) =>
        Between(
            session,
            new ProfilingSessionStatus(),
            status with
            {
                Conditions = [.. status.Conditions.Where(c => now - c.LastTransitionTime < Fresh)],
            },
            now
        );

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<Corev1Event> Between(
        SessionEntity session,
        ProfilingSessionStatus before,
        ProfilingSessionStatus after,
        DateTimeOffset now
    )
    {
        var events = new List<Corev1Event>();
        foreach (var condition in after.Conditions)
        {
            if (
                before.Conditions.Any(c =>
                    c.Type == condition.Type && c.Status == condition.Status && c.Reason == condition.Reason
                )
            )
                continue;
            foreach (var (type, status, warning) in Reported)
            {
                if (type == condition.Type && status == condition.Status)
                    events.Add(Make(session, condition, warning, now));
            }
        }
        return events;
    }

    private static Corev1Event Make(SessionEntity session, Condition condition, bool warning, DateTimeOffset now) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = Names.Derived(
                    session.Name,
                    Names.Hash($"{session.Uid}|{condition.Type}|{condition.Status}|{condition.Reason}")
                ),
                NamespaceProperty = session.Namespace,
            },
            InvolvedObject = new V1ObjectReference
            {
                ApiVersion = ProfilingSession.FullApiVersion,
                Kind = ProfilingSession.KindName,
                NamespaceProperty = session.Namespace,
                Name = session.Name,
                Uid = session.Uid,
            },
            Reason = condition.Reason,
            Message = StatusSizeLimiter.Cut(condition.Message, 1000),
            Type = warning ? "Warning" : "Normal",
            Source = new V1EventSource { Component = Names.Manager },
            Count = 1,
            FirstTimestamp = now.UtcDateTime,
            LastTimestamp = now.UtcDateTime,
        };
}
