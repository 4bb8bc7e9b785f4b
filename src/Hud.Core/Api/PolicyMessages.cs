namespace Hud.Core.Api;

/// <summary>Why a policy's spec is refused, beside what <see cref="SessionMessages"/> says of its session. The CRD's rules repeat these words.</summary>
public static class PolicyMessages
{
    public const string NothingMakesSessions =
        "a policy needs a schedule, a trigger or continuous; add schedule.cron, triggers.alert, triggers.rollout or continuous";
    public const string SessionSuspended =
        "session.suspend must be false, because each session would wait for ever; schedule.suspend, triggers.alert.suspend and triggers.rollout.suspend hold the policy";
    public const string Cron =
        "schedule.cron must have five fields (minute, hour, day of month, month, day of week) as in a CronJob, or be one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually; write it like '*/30 8-18 * * MON-FRI'";
    public const string TimeZone =
        "schedule.timeZone must be a name of the IANA time zone database such as Europe/Berlin; leave it out for UTC";
    public const string StartingDeadline = "schedule.startingDeadline must be from 10s to 24h; write it like 10m";
    public const string SuccessfulLimit = "schedule.successfulSessionsHistoryLimit must be from 0 to 100";
    public const string FailedLimit = "schedule.failedSessionsHistoryLimit must be from 0 to 100";

    public const string AlertMatchesAll =
        "triggers.alert must name at least one label of the alert in matchLabels or matchExpressions, because every alert would make a session";
    public const string AlertLabels =
        "triggers.alert takes at most 32 labels and 32 expressions of at most 64 values; a key has 1 to 128 letters, digits, '_', '.', ':', '/' and '-' and begins with a letter or '_', and a value has 1 to 256 characters";
    public const string AlertValues =
        "triggers.alert.matchExpressions needs values with In and NotIn, and none with Exists and DoesNotExist";
    public const string AlertLabelName =
        "triggers.alert.podLabel, namespaceLabel and containerLabel must be names of labels, such as pod: 1 to 128 letters, digits, '_', '.', ':', '/' and '-'";
    public const string Cooldown = "triggers.alert.cooldown must be from 1m to 24h; write it like 10m";
    public const string SessionsPerHour = "triggers.alert.maxSessionsPerHour must be from 1 to 60";
    public const string AlertSuccessfulLimit = "triggers.alert.successfulSessionsHistoryLimit must be from 0 to 100";
    public const string AlertFailedLimit = "triggers.alert.failedSessionsHistoryLimit must be from 0 to 100";

    public const string RolloutTarget =
        "triggers.rollout needs a target that a rollout replaces: session.target.workloadRef of a Deployment, StatefulSet or DaemonSet, or session.target.podSelector of its pods";
    public const string Settle = "triggers.rollout.settle must be from 0s to 10m; write it like 30s";
    public const string RolloutCooldown = "triggers.rollout.cooldown must be from 1m to 24h; leave it out for none";
    public const string RolloutSessionsPerHour = "triggers.rollout.maxSessionsPerHour must be from 1 to 60";
    public const string RolloutSuccessfulLimit =
        "triggers.rollout.successfulSessionsHistoryLimit must be from 0 to 100";
    public const string RolloutFailedLimit = "triggers.rollout.failedSessionsHistoryLimit must be from 0 to 100";
    public const string LostPercent =
        "triggers.rollout.regression.lostPercent must be from 0.1 to 100; 1 is a good value";

    public const string LookBackNeedsContinuous =
        "lookBack needs continuous, because only an agent that watches all the time knows the past; add continuous or leave lookBack out";
    public const string SessionLooksBack =
        "session.lookBack must be left out; set spec.lookBack, beside spec.continuous, for the sessions that alerts make";
    public const string LookBack = "lookBack must be from 10s to 10m; write it like 2m";
    public const string ContinuousBudget =
        "continuous.overheadBudgetPercent must be from 0.1 to 10; 0.5 is a good value";
    public const string RenewAfter = "continuous.renewAfter must be from 1h to 168h; write it like 24h";

    /// <summary>What the schema says by itself, where there is one.</summary>
    public static readonly string AlertOperator =
        "triggers.alert.matchExpressions needs a key, and an operator out of In, NotIn, Exists and DoesNotExist";

    /// <summary>For a text that isn't a duration, which only an API server without CEL lets pass; null for a field that isn't a duration.</summary>
    /// <param name="path">As in JSON: <c>$.schedule.startingDeadline</c>.</param>
    public static string? NoDuration(string? path) =>
        path is null ? null
        : path == "$.schedule.startingDeadline" ? StartingDeadline
        : path == "$.triggers.alert.cooldown" ? Cooldown
        : path == "$.triggers.rollout.settle" ? Settle
        : path == "$.triggers.rollout.cooldown" ? RolloutCooldown
        : path == "$.continuous.renewAfter" ? RenewAfter
        : path == "$.lookBack" ? LookBack
        : path.StartsWith("$.session.", StringComparison.Ordinal)
            ? SessionMessages.NoDuration("$." + path["$.session.".Length..])
        : null;

    public static string UnknownTimeZone(string zone) =>
        $"the operator knows no time zone {zone}; a name is written like Europe/Berlin, and the operator's image has to hold the zones (/usr/share/zoneinfo)";

    /// <summary>It can be read, and no day is like that.</summary>
    public static string NeverDue(string cron) => $"no time ever matches schedule.cron '{cron}'";
}
