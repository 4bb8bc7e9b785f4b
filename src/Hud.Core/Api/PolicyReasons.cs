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
}
