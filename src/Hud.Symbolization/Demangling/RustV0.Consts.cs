using System.Globalization;
using System.Text;

namespace Hud.Symbolization;

internal ref partial struct RustV0
{
    /// <param name="inValue">false where the constant is a generic argument: an expression there needs braces</param>
    private bool Const(bool inValue)
    {
        var ok = Enter() && ConstNode(inValue);
        depth--;
        return ok;
    }

    private bool ConstNode(bool inValue)
    {
        if (!Next(out var tag))
        {
            return false;
        }

        switch (tag)
        {
            case 'p':
                return Print('_');
            case 'h' or 't' or 'm' or 'y' or 'o' or 'j':
                return Integer(tag);
            case 'a' or 's' or 'l' or 'x' or 'n' or 'i':
                return (!Eat('n') || Print('-')) && Integer(tag);
            case 'b':
                return HexDigits(out var flag)
                    && TryValue(flag, out var bit)
                    && bit <= 1
                    && Print(bit == 0 ? "false" : "true");
            case 'c':
                return Character();
            case 'B':
                return Target(out var target)
                    && Revisit(target, inValue ? BackReference.ValueConst : BackReference.Const);
            case 'R' when Eat('e'):
                return StringLiteral();
            default:
                return (inValue || Print('{')) && Expression(tag) && (inValue || Print('}'));
        }
    }

    private bool Expression(char tag)
    {
        switch (tag)
        {
            case 'e':
                // the literal itself has type &str
                return Print('*') && StringLiteral();
            case 'R':
                return Print('&') && Const(inValue: true);
            case 'Q':
                return Print("&mut ") && Const(inValue: true);
            case 'A':
                return Print('[') && ConstList(out _) && Print(']');
            case 'T':
                return Print('(') && ConstList(out var count) && Print(count == 1 ? ",)" : ")");
            case 'V':
                return Path(inValue: true) && Fields();
            default:
                return false;
        }
    }

    private bool ConstList(out int count)
    {
        for (count = 0; !Eat('E'); count++)
        {
            if ((count > 0 && !Print(", ")) || !Const(inValue: true))
            {
                return false;
            }
        }

        return true;
    }

    private bool Fields()
    {
        if (!Next(out var shape))
        {
            return false;
        }

        switch (shape)
        {
            case 'U':
                return true;
            case 'T':
                return Print('(') && ConstList(out _) && Print(')');
            case 'S':
                if (!Print(" { "))
                {
                    return false;
                }

                for (var i = 0; !Eat('E'); i++)
                {
                    if (
                        (i > 0 && !Print(", "))
                        || !Disambiguator(out _)
                        || !Identifier(out var name)
                        || !PrintIdentifier(name)
                        || !Print(": ")
                        || !Const(inValue: true)
                    )
                    {
                        return false;
                    }
                }

                return Print(" }");
            default:
                return false;
        }
    }

    private bool HexDigits(out ReadOnlySpan<char> digits)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is >= 'a' and <= 'f'))
        {
            at++;
        }

        digits = text[start..at];
        return Eat('_');
    }

    private static bool TryValue(ReadOnlySpan<char> hex, out ulong value)
    {
        var significant = hex.TrimStart('0');
        value = 0;
        return significant.IsEmpty
            || (
                significant.Length <= 16
                && ulong.TryParse(significant, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            );
    }

    private bool Integer(char type)
    {
        if (!HexDigits(out var hex))
        {
            return false;
        }

        var ok = TryValue(hex, out var value) ? PrintNumber(value) : Print("0x") && Print(hex);
        return ok && (!full || Print(BasicType(type)));
    }

    private bool Character()
    {
        if (
            !HexDigits(out var hex)
            || !TryValue(hex, out var value)
            || value > 0x10FFFF
            || !Rune.TryCreate((uint)value, out var rune)
        )
        {
            return false;
        }

        return Print('\'') && PrintEscaped(rune, '\'') && Print('\'');
    }

    /// <summary>UTF-8 bytes as pairs of hex digits.</summary>
    private bool StringLiteral()
    {
        if (!HexDigits(out var hex) || (hex.Length & 1) != 0)
        {
            return false;
        }

        if (silent)
        {
            return true;
        }

        var bytes = Convert.FromHexString(hex).AsSpan();
        if (!Print('"'))
        {
            return false;
        }

        while (!bytes.IsEmpty)
        {
            if (
                Rune.DecodeFromUtf8(bytes, out var rune, out var used) != System.Buffers.OperationStatus.Done
                || !PrintEscaped(rune, '"')
            )
            {
                return false;
            }

            bytes = bytes[used..];
        }

        return Print('"');
    }

    /// <summary>Rust's own escapes. Only the quote in use is escaped; what does not print becomes <c>\u{..}</c>.</summary>
    private bool PrintEscaped(Rune rune, char quote)
    {
        switch (rune.Value)
        {
            case 0:
                return Print("\\0");
            case '\t':
                return Print("\\t");
            case '\r':
                return Print("\\r");
            case '\n':
                return Print("\\n");
            case '\\':
                return Print("\\\\");
            case var c when c == quote:
                return Print('\\') && Print(quote);
        }

        if (IsUnprintable(rune))
        {
            return Print($"\\u{{{rune.Value:x}}}");
        }

        return silent || output.Add(rune);
    }

    private static bool IsUnprintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark
        || (rune.Value != ' ' && Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator);
}
