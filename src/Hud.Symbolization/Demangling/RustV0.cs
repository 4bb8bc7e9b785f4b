using System.Text;

namespace Hud.Symbolization;

/// <summary>A recursive descent over the v0 grammar that prints while it reads. One value per name; back references re-read
/// earlier text with the position moved. Types are in RustV0.Types.cs, constants in RustV0.Consts.cs.</summary>
internal ref partial struct RustV0
{
    private readonly ReadOnlySpan<char> text;
    private readonly BoundedText output;
    private readonly bool full;
    private int at;
    private int depth;
    private int steps;
    private ulong boundLifetimes;
    private bool silent;

    private RustV0(ReadOnlySpan<char> text, RustStyle style, BoundedText output)
    {
        this.text = text;
        this.output = output;
        full = style == RustStyle.Full;
    }

    /// <param name="body">what follows <c>_R</c></param>
    public static bool TryRead(ReadOnlySpan<char> body, RustStyle style, BoundedText output)
    {
        // a digit here would be a later version of the encoding
        if (body.IsEmpty || !char.IsAsciiLetterUpper(body[0]))
        {
            return false;
        }

        var reader = new RustV0(body, style, output);
        return reader.Symbol() || output.Full;
    }

    private bool Symbol()
    {
        if (!Path(inValue: true))
        {
            return false;
        }

        // the crate that instantiated a generic function: no part of the name
        if (at < text.Length && char.IsAsciiLetterUpper(text[at]))
        {
            silent = true;
            if (!Path(inValue: false))
            {
                return false;
            }

            silent = false;
        }

        var rest = text[at..];
        return RustDemangler.IsSuffix(rest) && (!full || Print(rest));
    }

    private bool Print(scoped ReadOnlySpan<char> s) => silent || output.Add(s);

    private bool Print(char c) => silent || output.Add(c);

    private bool PrintNumber(ulong value)
    {
        Span<char> digits = stackalloc char[20];
        value.TryFormat(digits, out var length);
        return Print(digits[..length]);
    }

    private bool Eat(char c)
    {
        if (at < text.Length && text[at] == c)
        {
            at++;
            return true;
        }

        return false;
    }

    private bool Next(out char c)
    {
        c = at < text.Length ? text[at++] : '\0';
        return c != '\0';
    }

    private bool Enter() => ++depth <= DemangleLimits.MaxDepth && ++steps <= DemangleLimits.MaxSteps;

    private bool Path(bool inValue)
    {
        var ok = Enter() && PathNode(inValue);
        depth--;
        return ok;
    }

    private bool PathNode(bool inValue)
    {
        if (!Next(out var tag))
        {
            return false;
        }

        switch (tag)
        {
            case 'C':
                return CrateRoot();
            case 'N':
                return NestedPath(inValue);
            case 'M' or 'X' or 'Y':
                return ImplPath(tag);
            case 'I':
                return Path(inValue) && Print(inValue ? "::<" : "<") && GenericArgs() && Print('>');
            case 'B':
                return Target(out var target)
                    && Revisit(target, inValue ? BackReference.ValuePath : BackReference.Path);
            default:
                return false;
        }
    }

    private bool CrateRoot()
    {
        if (!Disambiguator(out var hash) || !Identifier(out var name) || !PrintIdentifier(name))
        {
            return false;
        }

        return !full || hash == 0 || Print($"[{hash:x}]");
    }

    private bool NestedPath(bool inValue)
    {
        if (
            !Next(out var kind)
            || !char.IsAsciiLetter(kind)
            || !Path(inValue)
            || !Disambiguator(out var number)
            || !Identifier(out var name)
        )
        {
            return false;
        }

        if (char.IsAsciiLetterLower(kind))
        {
            return name.IsEmpty || (Print("::") && PrintIdentifier(name));
        }

        var what = kind switch
        {
            'C' => "closure",
            'S' => "shim",
            _ => kind.ToString(),
        };
        return Print("::{")
            && Print(what)
            && (name.IsEmpty || (Print(':') && PrintIdentifier(name)))
            && Print('#')
            && PrintNumber(number)
            && Print('}');
    }

    /// <summary>M: &lt;T&gt;, X: &lt;T as Trait&gt; of an impl (its own place comes first and is not shown), Y: the same of a trait.</summary>
    private bool ImplPath(char tag)
    {
        if (tag != 'Y')
        {
            if (!Disambiguator(out _))
            {
                return false;
            }

            var was = silent;
            silent = true;
            if (!Path(inValue: false))
            {
                return false;
            }

            silent = was;
        }

        return Print('<') && Type() && (tag == 'M' || (Print(" as ") && Path(inValue: false))) && Print('>');
    }

    private bool GenericArgs()
    {
        for (var i = 0; !Eat('E'); i++)
        {
            if ((i > 0 && !Print(", ")) || !GenericArg())
            {
                return false;
            }
        }

        return true;
    }

    private bool GenericArg()
    {
        if (Eat('L'))
        {
            return Base62(out var lifetime) && PrintLifetime(lifetime);
        }

        return Eat('K') ? Const(inValue: false) : Type();
    }

    private enum BackReference
    {
        Path,
        ValuePath,
        Type,
        Const,
        ValueConst,
        OpenPath,
    }

    /// <summary>Reads where a back reference points: always before itself, so that no cycle is possible.</summary>
    private bool Target(out int target)
    {
        var self = at - 1;
        target = 0;
        if (!Base62(out var value) || value >= (ulong)self)
        {
            return false;
        }

        target = (int)value;
        return true;
    }

    private bool Revisit(int target, BackReference what) => Revisit(target, what, out _);

    private bool Revisit(int target, BackReference what, out bool open)
    {
        open = false;
        if (silent)
        {
            return true;
        }

        var back = at;
        at = target;
        var ok = what switch
        {
            BackReference.Path => Path(inValue: false),
            BackReference.ValuePath => Path(inValue: true),
            BackReference.Type => Type(),
            BackReference.Const => Const(inValue: false),
            BackReference.ValueConst => Const(inValue: true),
            _ => PathMaybeOpen(out open),
        };
        at = back;
        return ok;
    }

    /// <summary>"_" is 0, "0_" is 1, ..., "Z_" is 62, "10_" is 63.</summary>
    private bool Base62(out ulong value)
    {
        value = 0;
        if (Eat('_'))
        {
            return true;
        }

        while (!Eat('_'))
        {
            if (!Next(out var c))
            {
                return false;
            }

            int digit;
            if (char.IsAsciiDigit(c))
            {
                digit = c - '0';
            }
            else if (char.IsAsciiLetterLower(c))
            {
                digit = c - 'a' + 10;
            }
            else if (char.IsAsciiLetterUpper(c))
            {
                digit = c - 'A' + 36;
            }
            else
            {
                return false;
            }

            if (value > (ulong.MaxValue - (ulong)digit) / 62)
            {
                return false;
            }

            value = (value * 62) + (ulong)digit;
        }

        return ++value != 0;
    }

    /// <summary>Absent is 0; "s_" is 1.</summary>
    private bool Disambiguator(out ulong value) => Optional('s', out value);

    private bool Optional(char tag, out ulong value)
    {
        value = 0;
        return !Eat(tag) || (Base62(out value) && ++value != 0);
    }
}
