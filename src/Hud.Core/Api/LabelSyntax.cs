using System.Text.RegularExpressions;

namespace Hud.Core.Api;

/// <summary>
/// What Kubernetes takes as a label: <c>k8s.io/apimachinery/pkg/util/validation</c>, IsQualifiedName and IsValidLabelValue. The CRD has the same
/// expressions; an API server refuses every list that asks for another label.
/// </summary>
public static partial class LabelSyntax
{
    /// <summary>An optional DNS name of at most 253 characters and a slash, and a name of at most 63.</summary>
    public static bool IsKey(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return slash <= 253 && Key().IsMatch(key);
    }

    /// <summary>At most 63 characters; empty is a value.</summary>
    public static bool IsValue(string value) => value.Length <= 63 && Value().IsMatch(value);

    [GeneratedRegex(
        @"\A([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Key();

    [GeneratedRegex(
        @"\A(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Value();
}
