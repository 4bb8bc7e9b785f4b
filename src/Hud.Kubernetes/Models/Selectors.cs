using k8s.Models;

namespace Hud.Kubernetes;

public static class Selectors
{
    /// <summary>The form a list request takes. An empty selector selects everything, as in the API.</summary>
    public static string ToQuery(this V1LabelSelector selector)
    {
        var terms = new List<string>();
        foreach (var (key, value) in selector.MatchLabels ?? new Dictionary<string, string>(StringComparer.Ordinal))
            terms.Add(key + "=" + value);
        foreach (var e in selector.MatchExpressions ?? [])
        {
            var values = string.Join(',', e.Values ?? []);
            terms.Add(
                e.OperatorProperty switch
                {
                    "In" => $"{e.Key} in ({values})",
                    "NotIn" => $"{e.Key} notin ({values})",
                    "Exists" => e.Key,
                    "DoesNotExist" => "!" + e.Key,
                    var other => throw new FormatException(
                        $"label selector operator {other} is not one of In, NotIn, Exists, DoesNotExist"
                    ),
                }
            );
        }
        return string.Join(',', terms);
    }
}
