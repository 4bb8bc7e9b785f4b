using Hud.Core.Api;
using Hud.Operator.Alerts;

namespace Hud.Operator.Policies;

/// <summary>Whether an alert is one of a policy's. Pure.</summary>
public static class AlertMatch
{
    /// <param name="ns">The policy's: an alert of another namespace is never its own.</param>
    public static bool Matches(AlertTriggerSpec spec, string ns, Alert alert) =>
        (alert.Label(spec.NamespaceLabel) is not { Length: > 0 } named || named == ns)
        && (spec.MatchLabels ?? NoLabels).All(l => alert.Label(l.Key) == l.Value)
        && (spec.MatchExpressions ?? []).All(e => Holds(e, alert.Label(e.Key)));

    /// <summary>As for pods, except that a label that is empty is one that is not there.</summary>
    private static bool Holds(LabelSelectorRequirement expression, string value)
    {
        var isIn = value.Length > 0 && expression.Values?.Contains(value, StringComparer.Ordinal) == true;
        return expression.Operator switch
        {
            "In" => isIn,
            "NotIn" => !isIn,
            "Exists" => value.Length > 0,
            "DoesNotExist" => value.Length == 0,
            _ => false,
        };
    }

    private static readonly Dictionary<string, string> NoLabels = [];
}
