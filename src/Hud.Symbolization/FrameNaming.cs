using System.Runtime.InteropServices;
using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Symbolization;

/// <summary>From what the tables say to the frames people read. The same function is met at many addresses, and its name is worked out
/// once. Not thread-safe.</summary>
internal sealed class FrameNaming
{
    /// <summary>Names kept at a time.</summary>
    private const int MaxKept = 20_000;

    /// <summary>All that a frame's words depend on. <c>Symbol</c>: <c>Name</c> is a symbol, still mangled.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Key(
        string Module,
        string Name,
        bool Symbol,
        string File,
        string Directory,
        string Unit
    );

    /// <summary><c>Function</c> is "" where nothing has a name.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Words(string Function, string? File, FrameKind Kind);

    private readonly Dictionary<Key, Words> kept = [];

    public Frame[] Name(ModuleRef module, ulong address, RawLocation raw)
    {
        var symbol = SymbolOf(module, address);
        if (symbol.Length == 0)
        {
            symbol = raw.Symbol;
        }

        if (raw.Frames.Count == 0)
        {
            return [Make(module, address, Of(new Key(module.Path, symbol, true, "", "", "")), 0, inlined: false)];
        }

        var frames = new Frame[raw.Frames.Count];
        for (var i = 0; i < frames.Length; i++)
        {
            var frame = raw.Frames[i];
            var bySymbol = !frame.Inlined && !frame.Linkage && symbol.Length > 0;
            var words = Of(
                new Key(
                    module.Path,
                    bySymbol ? symbol : frame.Name,
                    bySymbol || frame.Linkage,
                    frame.File,
                    raw.Directory,
                    raw.Unit
                )
            );
            frames[i] = Make(module, address, words, frame.Line, frame.Inlined);
        }

        return frames;
    }

    private Words Of(Key key)
    {
        if (!kept.TryGetValue(key, out var words))
        {
            if (kept.Count >= MaxKept)
            {
                kept.Clear();
            }

            kept[key] = words = Work(key);
        }

        return words;
    }

    private static Words Work(Key key)
    {
        var path = key.File.Length == 0 ? null : key.File;
        if (key.Name.Length == 0)
        {
            return new Words("", path, FrameKind.Unknown);
        }

        var function = key.Symbol
            ? Demangler.Demangle(key.Name)
            : ModulePath.Qualify(key.Name, key.File, key.Directory, key.Unit);
        return new Words(
            function,
            path is null ? null : SourcePath.Shown(path, key.Directory),
            FrameClassifier.Classify(function, path, key.Module)
        );
    }

    private static Frame Make(ModuleRef module, ulong address, Words words, int line, bool inlined) =>
        words.Function.Length == 0
            ? Frame.Unresolved(module.Path, address) with
            {
                File = words.File,
                Line = line,
            }
            : new Frame(words.Function, words.File, line, inlined, words.Kind, module.Path);

    private static string SymbolOf(ModuleRef module, ulong address) =>
        module.Elf is { } elf && elf.Functions.TryFind(address, out var function) ? elf.Functions.NameOf(function) : "";
}
