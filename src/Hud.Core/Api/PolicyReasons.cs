namespace Hud.Core.Api;

/// <summary>Reasons of a policy's conditions and events: words of the API, see docs/kubernetes.md.</summary>
public static class PolicyReasons
{
    // Accepted; where it is False, Ready has the same reason

    public const string Accepted = nameof(Accepted);
    public const string InvalidSpec = SessionValidator.InvalidSpec;
    public const string InvalidSchedule = nameof(InvalidSchedule);
    public const string UnknownTimeZone = nameof(UnknownTimeZone);

    // Ready

    public const string Scheduled = nameof(Scheduled);
    public const string Suspended = nameof(Suspended);

    /// <summary>No schedule, and alerts are waited for.</summary>
    public const string AwaitingAlerts = nameof(AwaitingAlerts);

    /// <summary>Only alerts could make sessions, and this operator takes none.</summary>
    public const string AlertsNotReceived = nameof(AlertsNotReceived);

    /// <summary>No schedule, and no alerts are waited for, but rollouts.</summary>
    public const string AwaitingRollouts = nameof(AwaitingRollouts);

    /// <summary>Agents watch all the time, and nothing makes sessions; also of the condition Watching where it is True.</summary>
    public const string Watching = nameof(Watching);

    /// <summary>The API server will not have the session; also an event.</summary>
    public const string Refused = nameof(Refused);

    // Stalled

    public const string NotPermitted = nameof(NotPermitted);

    // RegressionFound: True, False, and all others with Unknown

    /// <summary>Also an event.</summary>
    public const string Regression = nameof(Regression);

    /// <summary>Also an event.</summary>
    public const string NoRegression = nameof(NoRegression);

    /// <summary>No session of another revision completed.</summary>
    public const string NoBaseline = nameof(NoBaseline);

    /// <summary>One of the two sessions measured nothing.</summary>
    public const string NotComparable = nameof(NotComparable);
    public const string RolloutInProgress = nameof(RolloutInProgress);
    public const string Settling = nameof(Settling);
    public const string SessionInProgress = nameof(SessionInProgress);
    public const string SessionFailed = nameof(SessionFailed);

    /// <summary>Somebody deleted the session of the revision.</summary>
    public const string SessionDeleted = nameof(SessionDeleted);

    /// <summary>It ended too long before the operator saw it, and was not profiled; also an event.</summary>
    public const string RolloutMissed = nameof(RolloutMissed);
    public const string InCooldown = nameof(InCooldown);
    public const string OverLimit = nameof(OverLimit);

    /// <summary>No Deployment, StatefulSet or DaemonSet is what the target means.</summary>
    public const string NoWorkload = nameof(NoWorkload);

    /// <summary>The target's pods are of several.</summary>
    public const string SeveralWorkloads = nameof(SeveralWorkloads);

    /// <summary>It is scaled to none.</summary>
    public const string NoPods = nameof(NoPods);

    /// <summary>The API server does not say how the rollout stands.</summary>
    public const string NotSeen = nameof(NotSeen);

    // Watching, beside those of a session's TargetsResolved and AgentsScheduled; also events

    /// <summary>As many agents as a node may have are there.</summary>
    public const string NodeFull = nameof(NodeFull);

    /// <summary>The API server will not have the agent's pod.</summary>
    public const string AgentRefused = nameof(AgentRefused);

    /// <summary>An agent ends again and again.</summary>
    public const string AgentFailing = nameof(AgentFailing);

    /// <summary>An agent is being made, starts, or ends to make place for another.</summary>
    public const string AgentsStarting = nameof(AgentsStarting);

    /// <summary>Pods beyond a bound are not watched; an event.</summary>
    public const string TargetsLeftOut = nameof(TargetsLeftOut);

    // events

    public const string SessionCreated = nameof(SessionCreated);
    public const string SessionStopped = nameof(SessionStopped);

    /// <summary>A run is due while another is in progress, and the policy forbids two.</summary>
    public const string RunWaits = nameof(RunWaits);

    public const string RunsMissed = nameof(RunsMissed);

    /// <summary>Another's session has the name of the run.</summary>
    public const string NameTaken = nameof(NameTaken);

    // events about alerts that made no session

    public const string AlertInCooldown = nameof(AlertInCooldown);

    /// <summary>As many sessions as an hour may have were made within the last.</summary>
    public const string AlertOverLimit = nameof(AlertOverLimit);

    /// <summary>The pod that it names is none of the policy's target.</summary>
    public const string AlertPodNotSelected = nameof(AlertPodNotSelected);

    /// <summary>It began too long ago, or has not begun by this clock.</summary>
    public const string AlertOutOfTime = nameof(AlertOutOfTime);
}
