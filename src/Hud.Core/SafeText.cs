using System.Globalization;
using System.Text;

namespace Hud.Core;

/// <summary>
/// Text that others wrote (names of processes, threads, functions and files), made safe where text for people is made: an escape
/// sequence must not reach a terminal, nor an override of the writing direction any page, status or picture.
/// </summary>
public static class SafeText
{
    /// <summary>Controls, line breaks, direction overrides and lone surrogates become '?'.</summary>
    public static string Clean(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
            return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            clean.Append(IsSafe(rune) ? rune.ToString() : "?");
        return clean.ToString();
    }

    /// <summary>The same, with line breaks where they are.</summary>
    public static string CleanLines(string text) => string.Join('\n', text.Split('\n').Select(Clean));

    public static bool IsSafe(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
            )
        && rune != Rune.ReplacementChar;
}
