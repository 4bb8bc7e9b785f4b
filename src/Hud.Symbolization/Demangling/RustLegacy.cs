using System.Globalization;
using System.Text;

namespace Hud.Symbolization;

/// <summary>The legacy scheme borrows C++'s nested names (<c>N 4core 3fmt ... 17h&lt;16 hex&gt; E</c>) and escapes what a C++
/// name cannot hold: <c>$LT$</c> for &lt;, <c>..</c> for ::, <c>$u7b$</c> for {.</summary>
internal static class RustLegacy
{
    private const int HashLength = 17; // 'h' and 16 hex digits

    /// <param name="body">what follows <c>_ZN</c></param>
    public static bool TryRead(ReadOnlySpan<char> body, RustStyle style, BoundedText into)
    {
        if (!TrySplit(body, out var count, out var hasHash, out var rest) || !hasHash || !RustDemangler.IsSuffix(rest))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            var element = NextElement(ref body);
            if (i == count - 1 && style == RustStyle.Short)
            {
                break;
            }

            if (i > 0)
            {
                into.Add("::");
            }

            AddElement(element, into);
        }

        if (style == RustStyle.Full)
        {
            into.Add(rest);
        }

        return true;
    }

    /// <summary>Checks the structure before anything is printed. A C++ name has the same shape but no hash.</summary>
    private static bool TrySplit(ReadOnlySpan<char> body, out int count, out bool hasHash, out ReadOnlySpan<char> rest)
    {
        count = 0;
        hasHash = false;
        rest = body;
        while (!rest.IsEmpty && rest[0] != 'E')
        {
            var element = NextElement(ref rest);
            if (element.IsEmpty)
            {
                return false;
            }

            count++;
            hasHash = IsHash(element);
        }

        if (rest.IsEmpty || count < 2)
        {
            return false;
        }

        rest = rest[1..];
        return true;
    }

    private static ReadOnlySpan<char> NextElement(ref ReadOnlySpan<char> rest)
    {
        var digits = 0;
        var length = 0;
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]) && length <= DemangleLimits.MaxInput)
        {
            length = (length * 10) + (rest[digits++] - '0');
        }

        if (digits == 0 || length > rest.Length - digits)
        {
            return default;
        }

        var element = rest.Slice(digits, length);
        rest = rest[(digits + length)..];
        return element;
    }

    private static bool IsHash(ReadOnlySpan<char> element)
    {
        if (element.Length != HashLength || element[0] != 'h')
        {
            return false;
        }

        foreach (var c in element[1..])
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    private static void AddElement(ReadOnlySpan<char> element, BoundedText into)
    {
        // an element may not start with an escape, so the compiler puts '_' in front
        if (element.StartsWith("_$"))
        {
            element = element[1..];
        }

        while (!element.IsEmpty)
        {
            if (element[0] == '.')
            {
                var pair = element.Length > 1 && element[1] == '.';
                into.Add(pair ? "::" : ".");
                element = element[(pair ? 2 : 1)..];
            }
            else if (element[0] == '$' && TryEscape(element, out var rune, out var used))
            {
                into.Add(rune);
                element = element[used..];
            }
            else
            {
                var next = element[1..].IndexOfAny('.', '$') + 1;
                var plain = next <= 0 ? element.Length : next;
                into.Add(element[..plain]);
                element = element[plain..];
            }
        }
    }

    private static bool TryEscape(ReadOnlySpan<char> at, out Rune rune, out int used)
    {
        rune = default;
        used = 0;
        var end = at[1..].IndexOf('$');
        if (end < 0)
        {
            return false;
        }

        var code = at.Slice(1, end);
        used = end + 2;
        var c = code switch
        {
            "SP" => '@',
            "BP" => '*',
            "RF" => '&',
            "LT" => '<',
            "GT" => '>',
            "LP" => '(',
            "RP" => ')',
            "C" => ',',
            _ => '\0',
        };
        if (c != '\0')
        {
            rune = new Rune(c);
            return true;
        }

        return code.Length is > 1 and <= 7
            && code[0] == 'u'
            && int.TryParse(code[1..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && Rune.TryCreate(value, out rune)
            && !Rune.IsControl(rune);
    }
}
