namespace Hud.Frames;

/// <summary>Reads demangled Rust names from either scheme or from DWARF. One function is <c>tokio::sync::Mutex&lt;T&gt;::lock</c> in a
/// legacy symbol and <c>&lt;tokio::sync::Mutex&lt;_&gt;&gt;::lock</c> in a v0 symbol; <see cref="Bare"/> gives
/// <c>tokio::sync::Mutex::lock</c> for both.</summary>
public static class RustPath
{
    private const int MaxDepth = 32;

    /// <summary>Without generic arguments and without closures at its end: what patterns are matched against.</summary>
    public static string Bare(string function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Bare(WithoutSuffix(function), 0);
    }

    /// <summary>For <c>&lt;T as Trait&gt;::method</c>: <c>Trait::method</c>; null for other names.</summary>
    public static string? BareTrait(string function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return TryQualified(WithoutSuffix(function), out _, out var trait, out var rest) && !trait.IsEmpty
            ? WithoutClosures(Plain(trait, 0) + Plain(rest, 0))
            : null;
    }

    /// <summary>As people wrote it: <c>checkout::login::{{closure}}</c> of an async fn is <c>checkout::login</c>; generic
    /// arguments of the function and of types stay out, <c>&lt;T as Trait&gt;</c> stays.</summary>
    public static string Display(string function)
    {
        ArgumentNullException.ThrowIfNull(function);
        var name = WithoutSuffix(function);
        if (TryDropped(name, out var dropped))
        {
            return "drop of " + Plain(dropped, 0);
        }

        if (TryQualified(name, out var type, out var trait, out var rest) && !trait.IsEmpty)
        {
            return WithoutClosures($"<{Plain(type, 0)} as {Plain(trait, 0)}>{Plain(rest, 0)}");
        }

        return Bare(name, 0);
    }

    /// <summary>The first segment of a path; "" when there is none (a C function, a primitive, a type parameter).</summary>
    internal static ReadOnlySpan<char> FirstSegment(ReadOnlySpan<char> path)
    {
        for (var depth = 0; depth < MaxDepth; depth++)
        {
            path = Head(path);
            if (!TryQualified(path, out var type, out _, out _))
            {
                var end = path.IndexOf("::");
                return end <= 0 || path[..end].ContainsAny(" <>()[]{},;") ? default : path[..end];
            }

            path = type;
        }

        return default;
    }

    /// <summary>Splits <c>&lt;T as Trait&gt;::rest</c> and <c>&lt;T&gt;::rest</c> (Trait is then empty).</summary>
    internal static bool TryQualified(
        ReadOnlySpan<char> name,
        out ReadOnlySpan<char> type,
        out ReadOnlySpan<char> trait,
        out ReadOnlySpan<char> rest
    )
    {
        type = trait = rest = default;
        if (name.IsEmpty || name[0] != '<')
        {
            return false;
        }

        var depth = 0;
        var split = -1;
        for (var i = 0; i < name.Length; i++)
        {
            switch (name[i])
            {
                case '<' or '(' or '[':
                    depth++;
                    break;
                case '>' when i > 0 && name[i - 1] == '-':
                    break; // the arrow of a function type
                case ')' or ']':
                    depth--;
                    break;
                case '>':
                    if (--depth == 0)
                    {
                        type = split < 0 ? name[1..i] : name[1..split];
                        trait = split < 0 ? default : name[(split + 4)..i];
                        rest = name[(i + 1)..];
                        return true;
                    }

                    break;
                case ' ' when depth == 1 && split < 0 && name[i..].StartsWith(" as "):
                    split = i;
                    break;
            }
        }

        return false;
    }

    /// <summary>The X of <c>core::ptr::drop_in_place&lt;X&gt;</c>.</summary>
    internal static bool TryDropped(ReadOnlySpan<char> name, out ReadOnlySpan<char> type)
    {
        type = default;
        foreach (var prefix in (ReadOnlySpan<string>)["core::ptr::drop_in_place", "core::ptr::drop_glue"])
        {
            if (!name.StartsWith(prefix))
            {
                continue;
            }

            var rest = name[prefix.Length..];
            rest = rest.StartsWith("::") ? rest[2..] : rest;
            if (TryQualified(rest, out type, out _, out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The path a type starts with: references, pointers, slices, <c>dyn</c> and lifetimes taken off.</summary>
    internal static ReadOnlySpan<char> Head(ReadOnlySpan<char> type)
    {
        while (!type.IsEmpty)
        {
            var before = type.Length;
            type = type.TrimStart("&*([ ");
            foreach (
                var word in (ReadOnlySpan<string>)["mut ", "const ", "dyn ", "impl ", "unsafe ", "'static ", "'_ "]
            )
            {
                if (type.StartsWith(word))
                {
                    type = type[word.Length..];
                }
            }

            if (type.StartsWith("for<") && type.IndexOf("> ") is > 0 and var end)
            {
                type = type[(end + 2)..];
            }

            if (type.Length > 2 && type[0] == '\'' && type.IndexOf(' ') is > 0 and < 8 and var space)
            {
                type = type[(space + 1)..];
            }

            if (type.Length == before)
            {
                break;
            }
        }

        return type;
    }

    /// <summary>What linkers and optimizers append: <c>.cold</c>, <c>.constprop.0</c>, <c>.llvm.123</c>.</summary>
    private static string WithoutSuffix(string function)
    {
        var dot = function.LastIndexOf("::", StringComparison.Ordinal);
        dot = function.IndexOf('.', dot < 0 ? 0 : dot);
        if (dot <= 0 || function.AsSpan(dot).StartsWith("..") || function.AsSpan(dot).ContainsAny("<>{} ("))
        {
            return function;
        }

        return function[..dot];
    }

    private static string Bare(ReadOnlySpan<char> name, int depth)
    {
        if (depth < MaxDepth && TryQualified(name, out var type, out _, out var rest) && !rest.IsEmpty)
        {
            return WithoutClosures(Bare(Head(type), depth + 1) + Plain(rest, depth + 1));
        }

        return WithoutClosures(Plain(name, depth));
    }

    /// <summary>Every <c>&lt;...&gt;</c> and <c>::&lt;...&gt;</c> cut out; a leading <c>&lt;T as Trait&gt;</c> becomes T.</summary>
    private static string Plain(ReadOnlySpan<char> name, int depth)
    {
        if (depth < MaxDepth && TryQualified(name, out var type, out _, out var rest))
        {
            return Plain(type, depth + 1) + Plain(rest, depth + 1);
        }

        if (!name.Contains('<'))
        {
            return name.ToString();
        }

        var text = new System.Text.StringBuilder(name.Length);
        var level = 0;
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (c == '<' && !IsOperator(name, i))
            {
                if (
                    level++ == 0
                    && text.Length > 1
                    && text[^1] == ':'
                    && text[^2] == ':'
                    && !name[i..].StartsWith("<impl ")
                )
                {
                    text.Length -= 2;
                }
                else if (level == 1 && name[i..].StartsWith("<impl "))
                {
                    text.Append("impl"); // legacy: core::str::<impl str>::parse
                }
            }
            else if (c == '>' && level > 0 && name[i - 1] != '-')
            {
                level--;
            }
            else if (level == 0)
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    private static bool IsOperator(ReadOnlySpan<char> name, int at) =>
        name[..at].EndsWith("operator") || name[..at].EndsWith("operator<");

    private static string WithoutClosures(string name)
    {
        while (name.EndsWith('}'))
        {
            var at = name.LastIndexOf("::{", StringComparison.Ordinal);
            if (at <= 0)
            {
                break;
            }

            name = name[..at];
        }

        return name;
    }
}
