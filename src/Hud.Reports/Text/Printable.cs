using System.Globalization;
using System.Text;
using Hud.Core;

namespace Hud.Reports.Text;

/// <summary>
/// Makes text from a target safe and short for a terminal. Symbol names, thread names and command lines are written by
/// whoever wrote the target: an escape sequence in one must not reach the terminal of the person who profiles.
/// </summary>
public static class Printable
{
    private const int MaxInput = 16 * 1024;

    /// <summary>Controls, line breaks, direction overrides and lone surrogates become '?'.</summary>
    public static string Clean(string text)
    {
        if (text.Length > MaxInput)
            text = text[..MaxInput];
        return SafeText.Clean(text);
    }

    /// <summary>Columns on a terminal: East Asian wide characters and emoji take two, combining marks none.</summary>
    public static int Width(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
            return text.Length;
        int width = 0;
        foreach (var rune in text.EnumerateRunes())
            width += Width(rune);
        return width;
    }

    private static int Width(Rune rune)
    {
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
            return 0;
        return
            rune.Value
                is (>= 0x1100 and <= 0x115f)
                    or (>= 0x2e80 and <= 0xa4cf)
                    or (>= 0xac00 and <= 0xd7a3)
                    or (>= 0xf900 and <= 0xfaff)
                    or (>= 0xfe30 and <= 0xfe6f)
                    or (>= 0xff00 and <= 0xff60)
                    or (>= 0xffe0 and <= 0xffe6)
                    or (>= 0x1f300 and <= 0x1faff)
                    or (>= 0x20000 and <= 0x3fffd)
            ? 2
            : 1;
    }

    /// <summary>At most <paramref name="width"/> columns; what is cut at the end is marked with "...".</summary>
    public static string Fit(string text, int width)
    {
        if (Width(text) <= width)
            return text;
        return width <= 3 ? Take(text, width) : Take(text, width - 3) + "...";
    }

    /// <summary>Like <see cref="Fit"/>, but cuts at the front: the end of a path says more than its beginning.</summary>
    public static string FitEnd(string text, int width)
    {
        if (Width(text) <= width)
            return text;
        if (width <= 3)
            return Take(text, width);
        int keep = width - 3,
            start = text.Length;
        while (start > 0 && Width(text[(start - 1)..]) <= keep)
            start--;
        if (start < text.Length && char.IsLowSurrogate(text[start]))
            start++;
        return "..." + text[start..];
    }

    /// <summary>Like <see cref="FitEnd"/>, but whole folders go: <c>.../routing/route.rs:165</c>.</summary>
    public static string FitLocation(string location, int width)
    {
        if (Width(location) <= width)
            return location;
        for (int slash = location.IndexOf('/', 1); slash > 0; slash = location.IndexOf('/', slash + 1))
        {
            if (Width(location[slash..]) + 3 <= width)
                return "..." + location[slash..];
        }

        return FitEnd(location[(location.LastIndexOf('/') + 1)..], width);
    }

    /// <summary>
    /// Shortens a Rust path: generics go first, then leading modules, so that the type and the function stay readable.
    /// </summary>
    public static string FitPath(string function, int width)
    {
        if (Width(function) <= width)
            return function;
        string plain = WithoutGenerics(ShortTraitPath(function));
        if (Width(plain) <= width)
            return plain;
        int cut = plain.IndexOf("::", StringComparison.Ordinal);
        while (cut >= 0)
        {
            string tail = ".." + plain[cut..];
            if (Width(tail) <= width)
                return tail;
            cut = plain.IndexOf("::", cut + 2, StringComparison.Ordinal);
        }

        return FitEnd(plain, width);
    }

    // <axum::routing::RouteFuture<E> as core::future::Future>::poll -> <RouteFuture as Future>::poll
    private static string ShortTraitPath(string function)
    {
        int end = function.StartsWith('<') ? ClosingBracket(function) : -1;
        int middle = end < 0 ? -1 : TopLevelAs(function, end);
        return middle < 0
            ? function
            : $"<{LastPart(function[1..middle])} as {LastPart(function[(middle + 4)..end])}>{function[(end + 1)..]}";
    }

    private static int ClosingBracket(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth +=
                text[i] == '<' ? 1
                : text[i] == '>' && (i == 0 || text[i - 1] is not ('-' or '=')) ? -1
                : 0;
            if (depth == 0)
                return i;
        }

        return -1;
    }

    private static int TopLevelAs(string text, int end)
    {
        int depth = 0;
        for (int i = 1; i < end - 3; i++)
        {
            depth +=
                text[i] is '<' or '(' or '[' ? 1
                : text[i] is '>' or ')' or ']' && text[i - 1] is not ('-' or '=') ? -1
                : 0;
            if (depth == 0 && string.CompareOrdinal(text, i, " as ", 0, 4) == 0)
                return i;
        }

        return -1;
    }

    /// <summary>The last part of a path, without its generics; anything but a plain path stays as it is.</summary>
    private static string LastPart(string path)
    {
        int generics = path.IndexOf('<');
        string plain = generics > 0 ? path[..generics] : path;
        return plain.AsSpan().IndexOfAny("<([&* ") >= 0 ? path : plain[(plain.LastIndexOf(':') + 1)..];
    }

    // poll<demo::job::{async_fn_env#0}, Arc<Handle>> -> poll<..>; a leading <T as Trait> says who it is and stays
    private static string WithoutGenerics(string function)
    {
        var text = new StringBuilder(function.Length);
        int depth = 0;
        for (int i = 0; i < function.Length; i++)
        {
            char c = function[i];
            bool arrow = c == '>' && i > 0 && function[i - 1] is '-' or '=';
            bool opens =
                c == '<' && (depth > 0 || text.Length > 0) && !text.ToString().EndsWith("::", StringComparison.Ordinal);
            if (opens && depth++ == 0)
                text.Append("<..>");
            else if (c == '>' && !arrow && depth > 0)
                depth--;
            else if (depth == 0 && !opens)
                text.Append(c);
        }

        return text.ToString();
    }

    /// <summary>Lines of at most <paramref name="width"/> columns, broken at spaces; a longer word is cut through.</summary>
    public static IReadOnlyList<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string rest = word;
            while (true)
            {
                int free = line.Length == 0 ? width : width - Width(line.ToString()) - 1;
                if (Width(rest) <= free)
                {
                    if (line.Length > 0)
                        line.Append(' ');
                    line.Append(rest);
                    break;
                }

                if (line.Length > 0)
                {
                    lines.Add(line.ToString());
                    line.Clear();
                }
                else
                {
                    string part = Take(rest, Math.Max(1, width));
                    part = part.Length == 0 ? rest[..1] : part;
                    lines.Add(part);
                    rest = rest[part.Length..];
                }
            }
        }

        if (line.Length > 0 || lines.Count == 0)
            lines.Add(line.ToString());
        return lines;
    }

    private static string Take(string text, int width)
    {
        int used = 0,
            end = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            used += Width(rune);
            if (used > width)
                break;
            end += rune.Utf16SequenceLength;
        }

        return text[..end];
    }
}
