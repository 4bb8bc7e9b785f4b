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
