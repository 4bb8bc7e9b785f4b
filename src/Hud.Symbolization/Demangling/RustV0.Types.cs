namespace Hud.Symbolization;

internal ref partial struct RustV0
{
    private static string? BasicType(char tag) =>
        tag switch
        {
            'a' => "i8",
            'b' => "bool",
            'c' => "char",
            'd' => "f64",
            'e' => "str",
            'f' => "f32",
            'h' => "u8",
            'i' => "isize",
            'j' => "usize",
            'l' => "i32",
            'm' => "u32",
            'n' => "i128",
            'o' => "u128",
            'p' => "_",
            's' => "i16",
            't' => "u16",
            'u' => "()",
            'v' => "...",
            'x' => "i64",
            'y' => "u64",
            'z' => "!",
            _ => null,
        };

    private bool Type()
    {
        var ok = Enter() && TypeNode();
        depth--;
        return ok;
    }

    private bool TypeNode()
    {
        if (!Next(out var tag))
        {
            return false;
        }

        if (BasicType(tag) is { } basic)
        {
            return Print(basic);
        }

        switch (tag)
        {
            case 'R' or 'Q':
                return Reference(mutable: tag == 'Q');
            case 'P':
                return Print("*const ") && Type();
            case 'O':
                return Print("*mut ") && Type();
            case 'A':
                return Print('[') && Type() && Print("; ") && Const(inValue: true) && Print(']');
            case 'S':
                return Print('[') && Type() && Print(']');
            case 'T':
                return Tuple();
            case 'F':
                return InBinder(Bound.Function);
            case 'D':
                return DynTrait();
            case 'W':
                return Type() && Print(" is ") && Pattern();
            case 'B':
                return Target(out var target) && Revisit(target, BackReference.Type);
            default:
                at--;
                return Path(inValue: false);
        }
    }

    private bool Reference(bool mutable)
    {
        if (!Print('&'))
        {
            return false;
        }

        if (Eat('L'))
        {
            // '_ is what an elided lifetime looks like: not worth a word
            if (!Base62(out var lifetime) || (lifetime != 0 && !(PrintLifetime(lifetime) && Print(' '))))
            {
                return false;
            }
        }

        return (!mutable || Print("mut ")) && Type();
    }

    private bool Tuple()
    {
        if (!Print('('))
        {
            return false;
        }

        var count = 0;
        for (; !Eat('E'); count++)
        {
            if ((count > 0 && !Print(", ")) || !Type())
            {
                return false;
            }
        }

        return Print(count == 1 ? ",)" : ")");
    }

    private bool DynTrait()
    {
        if (!Print("dyn ") || !InBinder(Bound.Traits) || !Eat('L') || !Base62(out var lifetime))
        {
            return false;
        }

        return lifetime == 0 || (Print(" + ") && PrintLifetime(lifetime));
    }

    private enum Bound
    {
        Function,
        Traits,
    }

    /// <summary><c>for&lt;'a, 'b&gt; ...</c>: lifetimes are De Bruijn indices counted from the innermost binder.</summary>
    private bool InBinder(Bound body)
    {
        if (!Optional('G', out var count))
        {
            return false;
        }

        // one printed name per bound lifetime: the count comes from the symbol and may be anything
        if (count > DemangleLimits.MaxOutput)
        {
            return false;
        }

        if (count > 0)
        {
            if (!Print("for<"))
            {
                return false;
            }

            for (ulong i = 0; i < count; i++)
            {
                boundLifetimes++;
                if ((i > 0 && !Print(", ")) || !PrintLifetime(1))
                {
                    return false;
                }
            }

            if (!Print("> "))
            {
                return false;
            }
        }

        var ok = body == Bound.Function ? FunctionSignature() : TraitBounds();
        boundLifetimes -= count;
        return ok;
    }

    private bool FunctionSignature()
    {
        if (Eat('U') && !Print("unsafe "))
        {
            return false;
        }

        if (Eat('K') && !Abi())
        {
            return false;
        }

        if (!Print("fn("))
        {
            return false;
        }

        for (var i = 0; !Eat('E'); i++)
        {
            if ((i > 0 && !Print(", ")) || !Type())
            {
                return false;
            }
        }

        if (!Print(')'))
        {
            return false;
        }

        return Eat('u') || (Print(" -> ") && Type());
    }

    private bool Abi()
    {
        if (Eat('C'))
        {
            return Print("extern \"C\" ");
        }

        // "system-unwind" is written "system_unwind"
        if (!Identifier(out var name) || name.Ascii.IsEmpty || !name.Punycode.IsEmpty || !Print("extern \""))
        {
            return false;
        }

        foreach (var c in name.Ascii)
        {
            if (!Print(c == '_' ? '-' : c))
            {
                return false;
            }
        }

        return Print("\" ");
    }

    private bool TraitBounds()
    {
        for (var i = 0; !Eat('E'); i++)
        {
            if ((i > 0 && !Print(" + ")) || !TraitBound())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary><c>Iterator&lt;Item = u8&gt;</c>: associated types go into the generic list of the trait, if it has one.</summary>
    private bool TraitBound()
    {
        if (!PathMaybeOpen(out var open))
        {
            return false;
        }

        while (Eat('p'))
        {
            if (
                !Print(open ? ", " : "<")
                || !Identifier(out var name)
                || !PrintIdentifier(name)
                || !Print(" = ")
                || !Type()
            )
            {
                return false;
            }

            open = true;
        }

        return !open || Print('>');
    }

    private bool PathMaybeOpen(out bool open)
    {
        open = false;
        if (!Enter())
        {
            depth--;
            return false;
        }

        bool ok;
        if (Eat('B'))
        {
            ok = Target(out var target) && Revisit(target, BackReference.OpenPath, out open);
        }
        else if (Eat('I'))
        {
            ok = Path(inValue: false) && Print('<') && GenericArgs();
            open = true;
        }
        else
        {
            ok = Path(inValue: false);
        }

        depth--;
        return ok;
    }

    /// <summary>Pattern types (<c>u32 is 1..=99</c>), in std since 2025.</summary>
    private bool Pattern()
    {
        var ok = Enter() && PatternNode();
        depth--;
        return ok;
    }

    private bool PatternNode()
    {
        if (!Next(out var tag))
        {
            return false;
        }

        switch (tag)
        {
            case 'R':
                return Const(inValue: true) && Print("..=") && Const(inValue: true);
            case 'N':
                return Print("!null");
            case 'O':
                for (var i = 0; !Eat('E'); i++)
                {
                    if ((i > 0 && !Print(" | ")) || !Pattern())
                    {
                        return false;
                    }
                }

                return true;
            default:
                return false;
        }
    }

    private bool PrintLifetime(ulong index)
    {
        if (silent)
        {
            return true;
        }

        if (index == 0)
        {
            return Print("'_");
        }

        if (index > boundLifetimes)
        {
            return false;
        }

        var level = boundLifetimes - index;
        return Print('\'') && (level < 26 ? Print((char)('a' + level)) : Print('_') && PrintNumber(level));
    }
}
