namespace Hud.Core.Api;

/// <summary>Why a policy's spec is refused, beside what <see cref="SessionMessages"/> says of its session. The CRD's rules repeat these words.</summary>
public static class PolicyMessages
{
    public const string NoSchedule = "a policy needs a schedule; add schedule.cron";
    public const string SessionSuspended =
        "session.suspend must be false, because each session would wait for ever; schedule.suspend holds the policy";
    public const string Cron =
        "schedule.cron must have five fields (minute, hour, day of month, month, day of week) as in a CronJob, or be one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually; write it like '*/30 8-18 * * MON-FRI'";
    public const string TimeZone =
        "schedule.timeZone must be a name of the IANA time zone database such as Europe/Berlin; leave it out for UTC";
    public const string StartingDeadline = "schedule.startingDeadline must be from 10s to 24h; write it like 10m";
    public const string SuccessfulLimit = "schedule.successfulSessionsHistoryLimit must be from 0 to 100";
    public const string FailedLimit = "schedule.failedSessionsHistoryLimit must be from 0 to 100";

    /// <summary>For a text that isn't a duration, which only an API server without CEL lets pass; null for a field that isn't a duration.</summary>
    /// <param name="path">As in JSON: <c>$.schedule.startingDeadline</c>.</param>
    public static string? NoDuration(string? path) =>
        path is null ? null
        : path == "$.schedule.startingDeadline" ? StartingDeadline
        : path.StartsWith("$.session.", StringComparison.Ordinal)
            ? SessionMessages.NoDuration("$." + path["$.session.".Length..])
        : null;

    public static string UnknownTimeZone(string zone) =>
        $"the operator knows no time zone {zone}; a name is written like Europe/Berlin, and the operator's image has to hold the zones (/usr/share/zoneinfo)";

    /// <summary>It can be read, and no day is like that.</summary>
    public static string NeverDue(string cron) => $"no time ever matches schedule.cron '{cron}'";
}
