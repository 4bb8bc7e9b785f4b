using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>Whether <c>triggers.alert</c> is within its bounds: the same as the rules of the CRD, for servers that have no CEL. Pure.</summary>
public static class AlertAdmission
{
    /// <returns>Null when it is; else one of <see cref="PolicyMessages"/>.</returns>
    public static string? Check(AlertTriggerSpec alert)
    {
        if (alert.MatchLabels is not { Count: > 0 } && alert.MatchExpressions is not { Count: > 0 })
            return PolicyMessages.AlertMatchesAll;
        if (Labels(alert) is { } wrong)
            return wrong;
        if (
            !AlertSyntax.IsKey(alert.PodLabel)
            || !AlertSyntax.IsKey(alert.NamespaceLabel)
            || (alert.ContainerLabel is { } container && !AlertSyntax.IsKey(container))
        )
            return PolicyMessages.AlertLabelName;
        if (alert.Cooldown < PolicyBounds.MinCooldown || alert.Cooldown > PolicyBounds.MaxCooldown)
            return PolicyMessages.Cooldown;
        if (alert.MaxSessionsPerHour is < PolicyBounds.MinSessionsPerHour or > PolicyBounds.MaxSessionsPerHour)
            return PolicyMessages.SessionsPerHour;
        if (alert.SuccessfulSessionsHistoryLimit is < PolicyBounds.MinHistory or > PolicyBounds.MaxHistory)
            return PolicyMessages.AlertSuccessfulLimit;
        return alert.FailedSessionsHistoryLimit is < PolicyBounds.MinHistory or > PolicyBounds.MaxHistory
            ? PolicyMessages.AlertFailedLimit
            : null;
    }

    private static string? Labels(AlertTriggerSpec alert)
    {
        var (labels, expressions) = (alert.MatchLabels ?? NoLabels, alert.MatchExpressions ?? []);
        if (
            labels.Count > SessionBounds.MaxLabelEntries
            || expressions.Count > SessionBounds.MaxLabelEntries
            || expressions.Any(e => e.Values?.Count > SessionBounds.MaxLabelValues)
            || labels.Any(l => !AlertSyntax.IsKey(l.Key) || !AlertSyntax.IsValue(l.Value))
            || expressions.Any(e => !AlertSyntax.IsKey(e.Key) || e.Values?.Any(v => !AlertSyntax.IsValue(v)) == true)
        )
            return PolicyMessages.AlertLabels;
        if (expressions.Any(e => e.Operator is not ("In" or "NotIn" or "Exists" or "DoesNotExist")))
            return PolicyMessages.AlertOperator;
        return expressions.Any(e => e.Operator is "In" or "NotIn" != (e.Values?.Count > 0))
            ? PolicyMessages.AlertValues
            : null;
    }

    private static readonly Dictionary<string, string> NoLabels = [];
}
