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

    /// <summary>The API server will not have the session; also an event.</summary>
    public const string Refused = nameof(Refused);

    // Stalled

    public const string NotPermitted = nameof(NotPermitted);

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
