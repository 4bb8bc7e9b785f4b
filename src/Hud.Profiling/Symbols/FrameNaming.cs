using Hud.Core.Profile;
using Hud.Profiling.Frames;
using Hud.Profiling.Symbols.Libdw;

namespace Hud.Profiling.Symbols;

/// <summary>From what the tables say to the frames people read.</summary>
internal static class FrameNaming
{
    public static Frame[] Name(ModuleRef module, ulong address, RawLocation raw)
    {
        var symbol = SymbolOf(module, address);
        if (symbol.Length == 0)
        {
            symbol = raw.Symbol;
        }

        if (raw.Frames.Count == 0)
        {
            return [symbol.Length == 0 ? Frame.Unresolved(module.Path, address) : Make(module, Demangler.Demangle(symbol), "", 0, false, raw)];
        }

        var frames = new Frame[raw.Frames.Count];
        for (var i = 0; i < frames.Length; i++)
        {
            var frame = raw.Frames[i];
            var function = frame.Linkage ? Demangler.Demangle(frame.Name) : frame.Name;
            if (!frame.Inlined && !frame.Linkage && symbol.Length > 0)
            {
                function = Demangler.Demangle(symbol);
            }
            else if (!frame.Linkage && function.Length > 0)
            {
                function = ModulePath.Qualify(function, frame.File, raw.Directory, raw.Unit);
            }

            frames[i] = function.Length == 0
                ? Frame.Unresolved(module.Path, address) with { File = frame.File.Length > 0 ? frame.File : null, Line = frame.Line }
                : Make(module, function, frame.File, frame.Line, frame.Inlined, raw);
        }

        return frames;
    }

    private static Frame Make(ModuleRef module, string function, string file, int line, bool inlined, RawLocation raw)
    {
        var path = file.Length == 0 ? null : file;
        var kind = FrameClassifier.Classify(function, path, module.Path);
        return new Frame(function, path is null ? null : SourcePath.Shown(path, raw.Directory), line, inlined, kind, module.Path);
    }

    private static string SymbolOf(ModuleRef module, ulong address) =>
        module.Elf is { } elf && elf.Functions.TryFind(address, out var function) ? elf.Functions.NameOf(function) : "";
}
