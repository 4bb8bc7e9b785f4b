using System.Reflection;
using Hud.Core.Api;

namespace Hud.CrdTests.Harness;

/// <summary>Our own sentences within a longer text.</summary>
internal static class Sentences
{
    private static readonly string[] All =
    [
        .. ((Type[])[typeof(SessionMessages), typeof(PolicyMessages)])
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(f => f.IsLiteral)
            .Select(f => (string)f.GetRawConstantValue()!),
    ];

    public static IReadOnlyList<string> In(string text) =>
        [.. All.Where(s => text.Contains(s, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>A rule that could not be evaluated, instead of one that does not hold.</summary>
    public static bool HasRawError(string text) =>
        text.Contains("evaluat", StringComparison.OrdinalIgnoreCase)
        || text.Contains("conversion", StringComparison.OrdinalIgnoreCase)
        || text.Contains("overload", StringComparison.OrdinalIgnoreCase)
        || text.Contains("failed rule", StringComparison.OrdinalIgnoreCase)
        || text.Contains("cost budget", StringComparison.OrdinalIgnoreCase);
}
