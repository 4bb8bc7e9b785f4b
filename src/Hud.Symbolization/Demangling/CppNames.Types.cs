namespace Hud.Symbolization;

/// <summary>Types are read only to know where they end.</summary>
internal ref partial struct CppNames
{
    private bool TemplateArgs()
    {
        at++; // 'I' or 'J'
        while (!Eat('E'))
        {
            if (!TemplateArg())
            {
                return false;
            }
        }

        return true;
    }

    private bool TemplateArg()
    {
        if (++depth > MaxDepth)
        {
            return false;
        }

        bool ok;
        if (Peek is 'J' or 'I')
        {
            ok = TemplateArgs();
        }
        else if (Eat('L'))
        {
            ok = Literal();
        }
        else
        {
            ok = SkipType(); // an expression (X) is not a type: refused
        }

        depth--;
        return ok;
    }

    /// <summary><c>L type value E</c> or <c>L _Z encoding E</c></summary>
    private bool Literal()
    {
        if (Eat("_Z"))
        {
            return Name(out _) && SkipUntilE();
        }

        if (!SkipType())
        {
            return false;
        }

        while (Peek is 'n' or '_' || char.IsAsciiHexDigitLower(Peek))
        {
            at++;
        }

        return Eat('E');
    }

    private bool SkipUntilE()
    {
        while (!Eat('E'))
        {
            if (!SkipType())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary><c>[digits] _</c></summary>
    private bool SkipNumber()
    {
        while (char.IsAsciiLetterOrDigit(Peek))
        {
            at++;
        }

        return Eat('_');
    }

    private bool SkipType()
    {
        var ok = ++depth <= MaxDepth && SkipTypeNode();
        depth--;
        return ok;
    }

    private bool SkipTypeNode()
    {
        var c = Peek;
        if (char.IsAsciiDigit(c))
        {
            return SourceName(out _) && SkipOptionalArgs();
        }

        switch (c)
        {
            case 'N' or 'Z':
                return Name(out _);
            case 'S':
                return Substitution() && SkipOptionalArgs();
            case 'T':
                at++;
                return SkipNumber() && SkipOptionalArgs();
            case 'P' or 'R' or 'O' or 'K' or 'V' or 'r' or 'C' or 'G':
                at++;
                return SkipType();
            case 'M':
                at++;
                return SkipType() && SkipType();
            case 'A':
                at++;
                return SkipNumber() && SkipType();
            case 'F':
                at++;
                Eat('Y');
                return FunctionType();
            case 'D':
                return DecoratedType();
            case 'u':
                at++;
                return SourceName(out _);
            default:
                at++;
                return c is >= 'a' and <= 'z' and not ('k' or 'p' or 'q');
        }
    }

    private bool FunctionType()
    {
        while (!Eat('E'))
        {
            if ((Peek is 'R' or 'O') && at + 1 < text.Length && text[at + 1] == 'E')
            {
                at++;
            }
            else if (!SkipType())
            {
                return false;
            }
        }

        return true;
    }

    private bool DecoratedType()
    {
        if (Eat("Dp") || Eat("Do"))
        {
            return SkipType();
        }

        at++;
        var kind = Peek;
        at++;
        return kind is 'd' or 'e' or 'f' or 'h' or 'i' or 's' or 'u' or 'a' or 'c' or 'n';
    }

    private bool Substitution()
    {
        if (Eat("St"))
        {
            return Part("", out _);
        }

        if (Standard() is not null)
        {
            return true;
        }

        at++;
        return SkipNumber();
    }

    private bool SkipOptionalArgs() => Peek != 'I' || TemplateArgs();
}
