using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using k8s.Models;

namespace Hud.Operator.Tests.Policies;

/// <summary>Policies and what they made.</summary>
internal static class MakePolicy
{
    public const string Name = "nightly";

    /// <summary>A Wednesday at noon.</summary>
    public static readonly DateTimeOffset Now = Make.Now;

    public static ScheduleSpec When(string cron = "* * * * *") => new() { Cron = cron };

    public static PolicyEntity Policy(
        ScheduleSpec? schedule = null,
        DateTimeOffset? created = null,
        string name = Name,
        string uid = "policy-1",
        ProfilingPolicyStatus? status = null
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "shop",
                Uid = uid,
                Generation = 1,
                ResourceVersion = "7",
                CreationTimestamp = (created ?? Now.AddDays(-1)).UtcDateTime,
            },
            Spec = JsonSerializer.SerializeToElement(
                new ProfilingPolicySpec { Session = Make.Spec(), Schedule = schedule ?? When() },
                HudJson.Default.ProfilingPolicySpec
            ),
            Status = status is null
                ? default
                : JsonSerializer.SerializeToElement(status, HudJson.Default.ProfilingPolicyStatus),
        };

    /// <summary>A policy that only alerts make sessions of.</summary>
    public static PolicyEntity OnAlert(
        AlertTriggerSpec? alert = null,
        string name = Name,
        string uid = "policy-1",
        TargetSpec? target = null
    )
    {
        var policy = Policy(name: name, uid: uid);
        policy.Spec = JsonSerializer.SerializeToElement(
            new ProfilingPolicySpec
            {
                Session = Make.Spec() with { Target = target ?? Checkout },
                Triggers = new TriggersSpec { Alert = alert ?? Slow },
            },
            HudJson.Default.ProfilingPolicySpec
        );
        return policy;
    }

    public static readonly TargetSpec Checkout = new()
    {
        PodSelector = new LabelSelector { MatchLabels = Labels(("app", "checkout")) },
    };

    public static AlertTriggerSpec Slow => new() { MatchLabels = Labels(("alertname", "Slow")) };

    public static Dictionary<string, string> Labels(params (string Name, string Value)[] labels) =>
        labels.ToDictionary(l => l.Name, l => l.Value, StringComparer.Ordinal);

    /// <summary>One that began so many seconds from now.</summary>
    public static Alert Alert(string fingerprint = "f1", int seconds = 0, params (string, string)[] labels) =>
        new(
            fingerprint,
            Now.AddSeconds(seconds),
            Labels([
                .. labels,
                .. labels.Any(l => l.Item1 == "alertname") ? [] : ((string, string)[])[("alertname", "Slow")],
            ])
        );

    public static PendingAlert Pending(string fingerprint = "f1", int seconds = 0, string? pod = null) =>
        new("Slow", fingerprint, Now.AddSeconds(seconds), pod, Container: null);

    /// <summary>A session as the operator makes it for an alert, so many minutes from now.</summary>
    public static SessionEntity ByAlert(
        string fingerprint,
        int minutes,
        RunState state = RunState.Completed,
        PolicyEntity? policy = null
    )
    {
        policy ??= OnAlert();
        var alert = Pending(fingerprint, 60 * minutes);
        var session = PolicySession.Build(
            policy,
            new NewRun(PolicyNames.AlertSession(policy.Name, policy.Uid, alert.Incident), Now.AddMinutes(minutes), 0)
            {
                Alert = alert,
            }
        );
        session.Metadata.Uid = "uid-" + session.Name;
        session.Metadata.ResourceVersion = "1";
        session.Metadata.CreationTimestamp = Now.AddMinutes(minutes).UtcDateTime;
        session.Status = Status(state);
        return session;
    }

    /// <summary>A session as the operator makes it for a run that was due so many minutes from now.</summary>
    public static SessionEntity Run(
        int minutes,
        RunState state = RunState.Completed,
        PolicyEntity? policy = null,
        bool begun = true,
        long missed = 0
    ) => Run(Now.AddMinutes(minutes), state, policy, begun, missed);

    public static SessionEntity Run(
        DateTimeOffset scheduled,
        RunState state = RunState.Completed,
        PolicyEntity? policy = null,
        bool begun = true,
        long missed = 0
    )
    {
        policy ??= Policy();
        var session = PolicySession.Build(
            policy,
            new NewRun(PolicyNames.Session(policy.Name, scheduled), scheduled, missed)
        );
        session.Metadata.Uid = "uid-" + session.Name;
        session.Metadata.ResourceVersion = "1";
        session.Metadata.CreationTimestamp = scheduled.UtcDateTime;
        session.Status = Status(state, begun);
        return session;
    }

    public static JsonElement Status(RunState state, bool begun = true, string verdict = "healthy") =>
        JsonSerializer.SerializeToElement(
            new ProfilingSessionStatus
            {
                StartTime = begun ? Now : null,
                Phase = state switch
                {
                    RunState.Completed => SessionPhase.Completed,
                    RunState.Failed => SessionPhase.Failed,
                    _ => SessionPhase.Profiling,
                },
                Verdict = state == RunState.Active ? null : verdict,
                Summary = new StatusSummary { BlockedPercent = 1.5, WorstPoll = "12ms" },
                Conditions =
                    state == RunState.Active
                        ? []
                        :
                        [
                            new Condition
                            {
                                Type = state == RunState.Completed ? ConditionTypes.Complete : ConditionTypes.Failed,
                                Status = "True",
                                Reason = state == RunState.Completed ? "AllTargetsProfiled" : "NoTokioRuntime",
                            },
                        ],
            },
            HudJson.Default.ProfilingSessionStatus
        );

    public static PolicyObservation Observation(
        ScheduleSpec? schedule,
        SessionEntity[]? sessions = null,
        PolicyEntity? policy = null,
        DateTimeOffset? now = null,
        PolicyMemory? memory = null,
        AlertTriggerSpec? alert = null,
        RolloutTriggerSpec? rollouts = null
    )
    {
        policy ??= Policy(schedule);
        var at = now ?? Now;
        return new PolicyObservation
        {
            Policy = policy,
            Spec = schedule,
            Schedule = schedule is null ? null : Schedule.Parse(schedule.Cron, schedule.TimeZone, out _, out _)!,
            Alert = alert,
            Rollouts = rollouts,
            ReceivesAlerts = true,
            Sessions = sessions ?? [],
            Memory = PolicyMemory.Of(policy, schedule, memory, at),
            Now = at,
        };
    }

    public static PolicyDecision Decide(
        ScheduleSpec schedule,
        SessionEntity[]? sessions = null,
        PolicyEntity? policy = null,
        DateTimeOffset? now = null,
        PolicyMemory? memory = null
    ) => PolicyDecider.Decide(Observation(schedule, sessions, policy, now, memory));
}
