namespace Hud.Symbolization;

public enum RustStyle
{
    /// <summary>For people, and the same in every build: no hashes, no crate disambiguators, no type suffixes on constants, and
    /// nothing of what optimizers append to their copies (<c>.llvm.1234</c>, <c>.cold</c>, <c>.warm</c>).</summary>
    Short,

    /// <summary>Everything the symbol says.</summary>
    Full,
}

/// <summary>Both Rust schemes: legacy <c>_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE</c> and v0 <c>_RNvC7mycrate4main</c>
/// (RFC 2603 and the compiler's "v0 Symbol Format" chapter). Never throws; a name it cannot read is refused whole.</summary>
public static class RustDemangler
{
    public static bool TryDemangle(ReadOnlySpan<char> symbol, RustStyle style, out string name)
    {
        name = "";
        if (symbol.Length > DemangleLimits.MaxInput)
        {
            return false;
        }

        // "__" is what Mach-O adds, none is what a PE file has; both occur in cross-built objects
        var bare = WithoutLlvmSuffix(symbol);
        if (bare.StartsWith("__"))
        {
            bare = bare[1..];
        }

        var text = new BoundedText();
        bool read;
        if (bare.StartsWith("_ZN"))
        {
            read = RustLegacy.TryRead(bare[3..], style, text);
        }
        else if (bare.StartsWith("_R"))
        {
            read = RustV0.TryRead(bare[2..], style, text);
        }
        else
        {
            return false;
        }

        name = read ? text.ToString() : "";
        return read;
    }

    /// <summary>Thin LTO renames a promoted local symbol to <c>name.llvm.1234567890ABCDEF</c>: noise that changes with every build.</summary>
    internal static ReadOnlySpan<char> WithoutLlvmSuffix(ReadOnlySpan<char> symbol)
    {
        var at = symbol.LastIndexOf(".llvm.");
        if (at < 0)
        {
            return symbol;
        }

        foreach (var c in symbol[(at + 6)..])
        {
            if (!char.IsAsciiHexDigit(c) && c != '@')
            {
                return symbol;
            }
        }

        return symbol[..at];
    }

    /// <summary>What a compiler may append: <c>.cold</c>, <c>.part.0</c>, <c>$tlv$init</c>. Printable ASCII after a dot or a dollar.</summary>
    internal static bool IsSuffix(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty)
        {
            return true;
        }

        return rest[0] is '.' or '$' && !rest.ContainsAnyExceptInRange('!', '~');
    }
}
