using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>The resource by which sessions are made again and again.</summary>
public static class ProfilingPolicy
{
    public const string Group = ProfilingSession.Group;
    public const string Version = ProfilingSession.Version;
    public const string KindName = "ProfilingPolicy";
    public const string Plural = "profilingpolicies";
    public const string FullApiVersion = Group + "/" + Version;
}

/// <summary>Which session, and when. Defaults are those of the CRD.</summary>
public sealed record ProfilingPolicySpec
{
    /// <summary>The spec of each session.</summary>
    public ProfilingSessionSpec Session { get; set; } = new();

    /// <summary>One of the ways to make sessions, and so not required by its type.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScheduleSpec? Schedule { get; set; }

    /// <summary>The other ways.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TriggersSpec? Triggers { get; set; }

    /// <summary>Agents that watch all the time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContinuousSpec? Continuous { get; set; }

    /// <summary>How long before its trigger a session begins; 10s to 10m. Null: with it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GoDuration? LookBack { get; set; }
}

/// <summary>What makes a session when it happens.</summary>
public sealed record TriggersSpec
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AlertTriggerSpec? Alert { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RolloutTriggerSpec? Rollout { get; set; }
}

/// <summary>Alerts of Alertmanager that make a session. All that is given about labels must hold.</summary>
public sealed record AlertTriggerSpec
{
    /// <summary>Labels of the alert, with exactly these values.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? MatchLabels { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelSelectorRequirement>? MatchExpressions { get; set; }

    /// <summary>The label that names the pod. An alert that has it narrows the session's target to that pod.</summary>
    public string PodLabel { get; set; } = "pod";

    /// <summary>The label that names the pod's namespace. An alert of another one is not the policy's.</summary>
    public string NamespaceLabel { get; set; } = "namespace";

    /// <summary>The label that names the container, where the target names none; null: no label does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContainerLabel { get; set; }

    /// <summary>From one session by an alert to the next; 1m to 24h.</summary>
    public GoDuration Cooldown { get; set; } = new(600_000_000_000);

    /// <summary>In any hour; 1 to 60.</summary>
    public int MaxSessionsPerHour { get; set; } = 6;

    /// <summary>True: alerts make no sessions. Those in progress go on.</summary>
    public bool Suspend { get; set; }

    /// <summary>How many sessions by alerts that completed are kept; 0 to 100.</summary>
    public int SuccessfulSessionsHistoryLimit { get; set; } = 3;

    /// <summary>How many sessions by alerts that failed are kept; 0 to 100.</summary>
    public int FailedSessionsHistoryLimit { get; set; } = 1;
}

public sealed record ScheduleSpec
{
    /// <summary>Five fields or a macro: see <see cref="CronSyntax"/>.</summary>
    public string Cron { get; set; } = "";

    /// <summary>A name of the IANA database.</summary>
    public string TimeZone { get; set; } = "UTC";

    public ConcurrencyPolicy ConcurrencyPolicy { get; set; }

    /// <summary>How late a run may begin; 10s to 24h.</summary>
    public GoDuration StartingDeadline { get; set; } = new(600_000_000_000);

    /// <summary>True: no further runs. Sessions in progress go on.</summary>
    public bool Suspend { get; set; }

    /// <summary>How many sessions that completed are kept; 0 to 100.</summary>
    public int SuccessfulSessionsHistoryLimit { get; set; } = 3;

    /// <summary>How many sessions that failed are kept; 0 to 100.</summary>
    public int FailedSessionsHistoryLimit { get; set; } = 1;
}

/// <summary>What becomes of a run that is due while a session of the policy is in progress.</summary>
public enum ConcurrencyPolicy
{
    /// <summary>It waits for as long as its deadline lets it.</summary>
    Forbid,

    /// <summary>It begins beside the other.</summary>
    Allow,

    /// <summary>It begins, and the other is stopped and keeps what it has.</summary>
    Replace,
}
