using System.Globalization;
using Hud.Operator.Resources;

namespace Hud.Operator.Policies;

/// <summary>Names, labels and annotations of the sessions of a policy.</summary>
public static class PolicyNames
{
    /// <summary>The policy's name, or its hash where that is too long for a label. For people: the operator goes by owner and name.</summary>
    public const string PolicyLabel = "hud.dev/policy";

    public const string ScheduledAnnotation = "hud.dev/scheduled-at";

    /// <summary>How many runs were due between the session before and this one, and were not made.</summary>
    public const string MissedAnnotation = "hud.dev/missed-runs";

    private const int MaxLabelLength = 63;

    /// <summary>Follows from policy and minute alone, so two leaders cannot make two sessions of one run.</summary>
    public static string Session(string policy, DateTimeOffset scheduled) =>
        Names.Derived(policy, (scheduled.ToUnixTimeSeconds() / 60).ToString(CultureInfo.InvariantCulture));

    /// <summary>When the run was due that a session of this name was made for; null for a name that is no run's.</summary>
    public static DateTimeOffset? Scheduled(string policy, string session)
    {
        if (
            !long.TryParse(
                session.AsSpan(session.LastIndexOf('-') + 1),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var minutes
            )
            || minutes > DateTimeOffset.MaxValue.ToUnixTimeSeconds() / 60
        )
            return null;
        var scheduled = DateTimeOffset.FromUnixTimeSeconds(minutes * 60);
        return Session(policy, scheduled) == session ? scheduled : null;
    }

    public static string Label(string policy) => policy.Length <= MaxLabelLength ? policy : Names.Hash(policy);

    /// <summary>A time as texts and annotations have it.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
