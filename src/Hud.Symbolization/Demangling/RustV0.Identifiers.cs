namespace Hud.Symbolization;

internal ref partial struct RustV0
{
    /// <summary>Plain ASCII, and for names with other letters the punycode that says where they go.</summary>
    private readonly ref struct Name(ReadOnlySpan<char> ascii, ReadOnlySpan<char> punycode)
    {
        public readonly ReadOnlySpan<char> Ascii = ascii;
        public readonly ReadOnlySpan<char> Punycode = punycode;

        public bool IsEmpty => Ascii.IsEmpty && Punycode.IsEmpty;
    }

    /// <summary><c>["u"] length ["_"] bytes</c>; the underscore keeps a name that starts with a digit apart from its length.</summary>
    private bool Identifier(out Name name)
    {
        name = default;
        var extended = Eat('u');
        if (!Next(out var first) || !char.IsAsciiDigit(first))
        {
            return false;
        }

        var length = first - '0';
        while (length > 0 && at < text.Length && char.IsAsciiDigit(text[at]))
        {
            length = (length * 10) + (text[at++] - '0');
            if (length > DemangleLimits.MaxInput)
            {
                return false;
            }
        }

        Eat('_');
        if (length > text.Length - at)
        {
            return false;
        }

        var bytes = text.Slice(at, length);
        at += length;
        if (!extended)
        {
            name = new Name(bytes, default);
            return true;
        }

        var split = bytes.LastIndexOf('_');
        name = split < 0 ? new Name(default, bytes) : new Name(bytes[..split], bytes[(split + 1)..]);
        return !name.Punycode.IsEmpty;
    }

    private bool PrintIdentifier(Name name)
    {
        if (silent || name.Punycode.IsEmpty)
        {
            return Print(name.Ascii);
        }

        // what does not decode is shown as it stands: the rest of the name is still worth reading
        return Punycode.TryDecode(name.Ascii, name.Punycode, output)
            ? !output.Full
            : Print("punycode{")
                && (name.Ascii.IsEmpty || (Print(name.Ascii) && Print('-')))
                && Print(name.Punycode)
                && Print('}');
    }
}
