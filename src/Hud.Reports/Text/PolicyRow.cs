using Hud.Core.Api;

namespace Hud.Reports.Text;

/// <summary>A policy: when it runs, what its last session found, and whether the newest rollout made things worse.</summary>
public sealed record PolicyRow
{
    public string Namespace { get; init; } = "";
    public string Name { get; init; } = "";

    /// <summary>Five fields or a macro, with the zone where it isn't UTC.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>What else makes sessions: alerts, rollouts or both; empty where nothing does, or all of it is suspended.</summary>
    public string Triggers { get; init; } = "";

    /// <summary>Why the newest rollout made the target worse; empty where it did not, or that cannot be said.</summary>
    public string Regression { get; init; } = "";

    /// <summary>Containers that agents watch all the time; null: the policy has no such agents.</summary>
    public int? Watched { get; init; }
    public bool Suspended { get; init; }
    public int Active { get; init; }
    public DateTimeOffset? LastRun { get; init; }
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>Of the newest session that is over.</summary>
    public string LastSession { get; init; } = "";
    public string LastVerdict { get; init; } = "";
    public double? BlockedPercent { get; init; }

    public static PolicyRow Of(ObjectMetadata metadata, ProfilingPolicySpec spec, ProfilingPolicyStatus? status)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(spec);
        var last = status?.LastSession;
        return new PolicyRow
        {
            Namespace = metadata.Namespace ?? "",
            Name = metadata.Name,
            Schedule = spec.Schedule is { } schedule
                ? schedule.TimeZone is "UTC" or ""
                    ? schedule.Cron
                    : $"{schedule.Cron} {schedule.TimeZone}"
                : "",
            Triggers = string.Join(
                " and ",
                new[]
                {
                    spec.Triggers?.Alert is { Suspend: false } ? "alerts" : "",
                    spec.Triggers?.Rollout is { Suspend: false } ? "rollouts" : "",
                }.Where(t => t.Length > 0)
            ),
            Regression =
                status?.Conditions.FirstOrDefault(c => c is { Type: "RegressionFound", Status: "True" })?.Message ?? "",
            Watched = spec.Continuous is null ? null : status?.Continuous?.Targets ?? 0,
            Suspended =
                spec.Schedule?.Suspend
                ?? (
                    spec.Triggers is not ({ Alert: not null } or { Rollout: not null })
                    && spec.Continuous is { Suspend: true }
                ),
            Active = status?.ActiveCount ?? 0,
            LastRun = status?.LastScheduleTime,
            NextRun = status?.NextScheduleTime,
            LastSession = last?.Name ?? "",
            LastVerdict = last?.Verdict ?? "",
            BlockedPercent = last?.BlockedPercent,
        };
    }
}
