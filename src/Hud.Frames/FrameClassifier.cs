using Hud.Core.Profile;

namespace Hud.Frames;

/// <summary>Whose code a frame is: by the source path, then by the crate at the front of the name.</summary>
public static class FrameClassifier
{
    /// <param name="function">demangled</param>
    /// <param name="file">as the line table says it, or null</param>
    /// <param name="module">path of the mapped file, <c>[kernel]</c>, <c>[vdso]</c>, or null</param>
    public static FrameKind Classify(string function, string? file, string? module = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (module == "[kernel]")
        {
            return FrameKind.Kernel;
        }

        if (function.Length == 0 || function.Contains("+0x", StringComparison.Ordinal))
        {
            return FrameKind.Unknown;
        }

        // drop glue is written by the compiler for a type: its owner is the type's, wherever the line table points
        if (RustPath.TryDropped(function, out var dropped))
        {
            return ByType(dropped);
        }

        if (!string.IsNullOrEmpty(file))
        {
            var kind = SourcePath.KindOf(file, out var crate);
            if (kind != FrameKind.Unknown && !(crate.Length > 0 && IsMacroOf(file, crate, function)))
            {
                return kind;
            }
        }

        return IsOwnCrate(function, module) ? FrameKind.User : ByName(function, module);
    }

    /// <summary>The compiler's file for the crate <c>my_app</c> is <c>my-app</c> or <c>libmy_app.so</c>: what is named after it is the
    /// user's own, whatever other crate has that name. (<c>std</c> keeps its name in every file.)</summary>
    private static bool IsOwnCrate(string function, string? module)
    {
        if (module is null || !module.Contains('/', StringComparison.Ordinal))
        {
            return false;
        }

        var own = Frame.BaseName(module);
        own =
            own.StartsWith("lib", StringComparison.Ordinal) && own.EndsWith(".so", StringComparison.Ordinal)
                ? own[3..^3]
                : own;
        var crate = RustPath.TryQualified(function, out var type, out var trait, out _)
            ? RustPath.FirstSegment(type) is { IsEmpty: false } ofType && !KnownCrates.IsStd(ofType)
                ? ofType
                : RustPath.FirstSegment(trait)
            : RustPath.FirstSegment(function);
        return !crate.IsEmpty && !KnownCrates.IsStd(crate) && crate.SequenceEqual(own.Replace('-', '_'));
    }

    /// <summary>Older compilers give code expanded from a macro the macro's own file, in the middle of the user's function.</summary>
    private static bool IsMacroOf(string file, string crate, string function)
    {
        var owner = RustPath.FirstSegment(function);
        return file.Contains("macros", StringComparison.Ordinal)
            && !owner.IsEmpty
            && !owner.SequenceEqual(crate)
            && !KnownCrates.TryKind(owner, out _);
    }

    private static FrameKind ByName(string function, string? module)
    {
        if (RustPath.TryQualified(function, out var type, out var trait, out _))
        {
            return trait.IsEmpty ? ByType(type) : ByImpl(type, trait);
        }

        var crate = RustPath.FirstSegment(function);
        if (crate.IsEmpty)
        {
            return
                function.StartsWith("__rust_", StringComparison.Ordinal)
                || function.StartsWith("__rdl_", StringComparison.Ordinal)
                || function.StartsWith("rust_", StringComparison.Ordinal)
                ? FrameKind.Std
                : FrameKind.Native;
        }

        if (module is not null && IsCppLibrary(module))
        {
            return FrameKind.Native;
        }

        return ByCrate(crate);
    }

    /// <summary>An impl lives in the crate of its type or of its trait; when one of them is the user's, so is the code.</summary>
    private static FrameKind ByImpl(ReadOnlySpan<char> type, ReadOnlySpan<char> trait)
    {
        var ofType = ByType(type);
        var ofTrait = ByType(trait);
        if (ofType == FrameKind.User || ofTrait == FrameKind.User)
        {
            return FrameKind.User;
        }

        return ofType is FrameKind.Unknown or FrameKind.Std ? ofTrait : ofType;
    }

    /// <summary>Unknown for type parameters; Std for primitives, tuples and functions.</summary>
    private static FrameKind ByType(ReadOnlySpan<char> type)
    {
        var crate = RustPath.FirstSegment(type);
        if (!crate.IsEmpty)
        {
            return ByCrate(crate);
        }

        var head = RustPath.Head(type);
        return !head.IsEmpty && char.IsAsciiLetterUpper(head[0]) ? FrameKind.Unknown : FrameKind.Std;
    }

    private static FrameKind ByCrate(ReadOnlySpan<char> crate) =>
        KnownCrates.TryKind(crate, out var kind) ? kind : FrameKind.User;

    private static bool IsCppLibrary(string module)
    {
        var name = Frame.BaseName(module);
        return name.StartsWith("libstdc++", StringComparison.Ordinal)
            || name.StartsWith("libc++", StringComparison.Ordinal);
    }
}
