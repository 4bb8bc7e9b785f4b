namespace Hud.Symbolization;

/// <summary>The scope and name of an Itanium C++ symbol, without parameters and template arguments:
/// <c>_ZNSt6vectorIiSaIiEE9push_backERKi</c> is <c>std::vector::push_back</c>. Enough to know a function in a stack of a Rust
/// service; what needs the substitution table or expressions stays as it is.</summary>
internal ref partial struct CppNames
{
    private const int MaxDepth = 64;

    private readonly ReadOnlySpan<char> text;
    private int at;
    private int depth;

    private CppNames(ReadOnlySpan<char> text) => this.text = text;

    public static bool TryRead(ReadOnlySpan<char> symbol, out string name)
    {
        name = "";
        if (!symbol.StartsWith("_Z") || symbol.Length > DemangleLimits.MaxInput)
        {
            return false;
        }

        var prefix = "";
        var body = symbol[2..];
        if (body.StartsWith("GV"))
        {
            prefix = "guard variable for ";
            body = body[2..];
        }
        else if (body.StartsWith("TV") || body.StartsWith("TI"))
        {
            return false;
        }

        var reader = new CppNames(body);
        if (!reader.Name(out var parts) || parts.Length == 0)
        {
            return false;
        }

        name = prefix + parts;
        return true;
    }

    private char Peek => at < text.Length ? text[at] : '\0';

    private bool Eat(char c)
    {
        if (Peek != c)
        {
            return false;
        }

        at++;
        return true;
    }

    private bool Eat(string s)
    {
        if (!text[at..].StartsWith(s))
        {
            return false;
        }

        at += s.Length;
        return true;
    }

    private bool Name(out string name)
    {
        name = "";
        var ok = ++depth <= MaxDepth && NameNode(out name);
        depth--;
        return ok;
    }

    private bool NameNode(out string name)
    {
        if (Eat('N'))
        {
            return Nested(out name);
        }

        if (Eat('Z'))
        {
            return Local(out name);
        }

        var scope = Eat("St") ? "std" : "";
        if (!Part("", out var part))
        {
            name = "";
            return false;
        }

        name = scope.Length > 0 ? scope + "::" + part : part;
        return Peek != 'I' || TemplateArgs();
    }

    private bool Nested(out string name)
    {
        while (Peek is 'r' or 'V' or 'K' or 'R' or 'O')
        {
            at++;
        }

        name = "";
        var last = "";
        while (!Eat('E'))
        {
            if (Peek == 'I' && name.Length > 0)
            {
                if (!TemplateArgs())
                {
                    return false;
                }

                continue;
            }

            string part;
            if (name.Length == 0 && Standard() is { } known)
            {
                part = known;
                last = known[(known.LastIndexOf(':') + 1)..];
            }
            else if (Part(last, out part))
            {
                last = part;
            }
            else
            {
                return false;
            }

            name = name.Length == 0 ? part : name + "::" + part;
            if (name.Length > DemangleLimits.MaxOutput)
            {
                return false;
            }
        }

        return name.Length > 0;
    }

    /// <summary><c>Z encoding E entity</c>: something inside a function.</summary>
    private bool Local(out string name)
    {
        if (!Name(out name))
        {
            return false;
        }

        while (!Eat('E'))
        {
            if (!SkipType())
            {
                return false;
            }
        }

        if (Eat('s'))
        {
            return true; // a string literal of the function
        }

        if (!Name(out var inner))
        {
            return false;
        }

        name += "::" + inner;
        return name.Length <= DemangleLimits.MaxOutput;
    }

    private string? Standard()
    {
        if (Peek != 'S' || at + 1 >= text.Length)
        {
            return null;
        }

        var known = text[at + 1] switch
        {
            't' => "std",
            'a' => "std::allocator",
            'b' => "std::basic_string",
            's' => "std::string",
            'i' => "std::istream",
            'o' => "std::ostream",
            'd' => "std::iostream",
            _ => null,
        };
        if (known is not null)
        {
            at += 2;
        }

        return known;
    }

    private bool Part(string scope, out string part)
    {
        part = "";
        Eat('L'); // internal linkage
        var c = Peek;
        bool ok;
        if (char.IsAsciiDigit(c))
        {
            ok = SourceName(out part);
        }
        else if (c is 'C' or 'D' && scope.Length > 0 && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))
        {
            part = c == 'C' ? scope : "~" + scope;
            at += 2;
            ok = true;
        }
        else if (Eat("Ul"))
        {
            part = "{lambda}";
            ok = SkipUntilE() && SkipNumber();
        }
        else if (Eat("Ut"))
        {
            part = "{unnamed}";
            ok = SkipNumber();
        }
        else
        {
            ok = Operator(out part);
        }

        while (ok && Eat('B'))
        {
            ok = SourceName(out _); // ABI tag
        }

        return ok;
    }

    private bool SourceName(out string name)
    {
        name = "";
        var length = 0;
        while (char.IsAsciiDigit(Peek) && length <= text.Length)
        {
            length = (length * 10) + (text[at++] - '0');
        }

        if (length == 0 || length > text.Length - at)
        {
            return false;
        }

        name = text.Slice(at, length).ToString();
        at += length;
        if (name.StartsWith("_GLOBAL__N", StringComparison.Ordinal))
        {
            name = "(anonymous namespace)";
        }

        return true;
    }

    private bool Operator(out string name)
    {
        name = "";
        if (at + 1 >= text.Length)
        {
            return false;
        }

        var symbol = text.Slice(at, 2) switch
        {
            "nw" => " new",
            "na" => " new[]",
            "dl" => " delete",
            "da" => " delete[]",
            "eq" => "==",
            "ne" => "!=",
            "lt" => "<",
            "gt" => ">",
            "le" => "<=",
            "ge" => ">=",
            "ss" => "<=>",
            "cl" => "()",
            "ix" => "[]",
            "pt" => "->",
            "ls" => "<<",
            "rs" => ">>",
            "lS" => "<<=",
            "rS" => ">>=",
            "pl" => "+",
            "mi" => "-",
            "ml" => "*",
            "dv" => "/",
            "rm" => "%",
            "aS" => "=",
            "pL" => "+=",
            "mI" => "-=",
            "mL" => "*=",
            "dV" => "/=",
            "aN" => "&=",
            "oR" => "|=",
            "eO" => "^=",
            "an" => "&",
            "or" => "|",
            "eo" => "^",
            "aa" => "&&",
            "oo" => "||",
            "nt" => "!",
            "co" => "~",
            "pp" => "++",
            "mm" => "--",
            "de" => "*",
            "ad" => "&",
            "ng" => "-",
            "ps" => "+",
            "cm" => ",",
            "pm" => "->*",
            _ => null,
        };
        if (symbol is null)
        {
            return false;
        }

        at += 2;
        name = "operator" + symbol;
        return true;
    }
}
