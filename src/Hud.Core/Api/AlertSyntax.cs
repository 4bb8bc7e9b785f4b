using System.Text.RegularExpressions;

namespace Hud.Core.Api;

/// <summary>
/// What <c>triggers.alert</c> may say of labels. The CRD has the same expression. Alerts have Prometheus' labels: their names may have dots and slashes
/// since Prometheus 3, where the metrics come from OpenTelemetry, and their values are any text.
/// </summary>
public static partial class AlertSyntax
{
    public const string KeyPattern = "[A-Za-z_][A-Za-z0-9_.:/-]*";

    /// <summary>Characters.</summary>
    public const int MaxKeyLength = 128;

    /// <summary>Code points, as the schema counts them. Prometheus itself sets no bound.</summary>
    public const int MaxValueLength = 256;

    public static bool IsKey(string? key) => key is { Length: >= 1 and <= MaxKeyLength } && Key().IsMatch(key);

    /// <summary>Empty is no value: to Alertmanager a label that is empty is one that is not there.</summary>
    public static bool IsValue(string? value) =>
        value is { Length: >= 1 and <= 2 * MaxValueLength } && value.EnumerateRunes().Count() <= MaxValueLength;

    [GeneratedRegex(@"\A" + KeyPattern + @"\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Key();
}
