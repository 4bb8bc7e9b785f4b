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

    /// <summary>Of the alert that made the session: its label alertname, its fingerprint and when it began to fire. For people, and for the policy's status.</summary>
    public const string AlertNameAnnotation = "hud.dev/alert-name";

    public const string AlertFingerprintAnnotation = "hud.dev/alert-fingerprint";
    public const string AlertStartsAtAnnotation = "hud.dev/alert-starts-at";

    /// <summary>Of the rollout that made the session: <c>Deployment/checkout</c>, its UID, the label of its pods and the number of the revision.</summary>
    public const string RolloutWorkloadAnnotation = "hud.dev/rollout-workload";

    public const string RolloutUidAnnotation = "hud.dev/rollout-workload-uid";
    public const string RolloutRevisionAnnotation = "hud.dev/rollout-revision";
    public const string RolloutNumberAnnotation = "hud.dev/rollout-number";

    private const int MaxLabelLength = 63;
    private const string AlertPart = "alert-";
    private const string RolloutPart = "rollout-";
    private const int HashLength = 16;

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

    /// <summary>
    /// Follows from the policy and the incident alone, so an alert that is sent again, or to two leaders, cannot make two sessions. The UID keeps a policy
    /// of the same name that was there before apart.
    /// </summary>
    public static string AlertSession(string policy, string uid, string incident) =>
        Names.Derived(policy, AlertPart + Names.Hash($"{uid}|{incident}"));

    /// <summary>Whether a session of this name can have been made by an alert.</summary>
    public static bool IsOfAlert(string policy, string session) => IsHashed(policy, AlertPart, session);

    /// <summary>Follows from the policy and the rollout alone: see <see cref="AlertSession"/>.</summary>
    public static string RolloutSession(string policy, string uid, Rollout rollout) =>
        Names.Derived(policy, RolloutPart + Names.Hash($"{uid}|{rollout.Incident}"));

    /// <summary>Whether a session of this name can have been made by a rollout.</summary>
    public static bool IsOfRollout(string policy, string session) => IsHashed(policy, RolloutPart, session);

    private static bool IsHashed(string policy, string part, string session)
    {
        if (session.Length < HashLength || session[^HashLength..].Any(c => !char.IsAsciiHexDigitLower(c)))
            return false;
        return Names.Derived(policy, part + session[^HashLength..]) == session;
    }

    public static string Label(string policy) => policy.Length <= MaxLabelLength ? policy : Names.Hash(policy);

    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>A time as texts and annotations have it.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
