using Hud.Elf;

namespace Hud.Symbolization;

/// <summary>A file with code in it, as the symbolizer needs it.</summary>
/// <param name="Path">where the target has it: shown, and used to look for a debug file beside it</param>
/// <param name="OpenPath">what the symbolizer opens and hands to the helper: <c>/proc/PID/fd/N</c> of a descriptor that the agent holds, or
/// <c>/proc/PID/map_files/...</c>; the exact file even when it was deleted or replaced. "" for what is not a file (vdso).</param>
/// <param name="Elf">for symbols; null when the file could not be read</param>
public sealed record ModuleRef(string Path, string OpenPath, ElfFile? Elf)
{
    /// <summary><c>/proc/PID/root</c> of the target: where <c>Path</c> and the container's own debug files are seen from here.</summary>
    public string? Root { get; init; }

    /// <summary>Files with the same are named once, in all targets: the content, else <c>OpenPath</c>.</summary>
    internal string Key => Elf?.ContentKey ?? (OpenPath.Length > 0 ? OpenPath : Path);
}

public enum NameDetail
{
    /// <summary>Functions from symbol tables: at once, for the live view.</summary>
    Symbols,

    /// <summary>Also inlined functions, files and lines from debug information; the first question about a large file takes a while.</summary>
    Lines,
}

public interface ISymbolizer
{
    /// <summary>For each ELF address its frames, innermost first: inlined ones, then the function. Never empty: an address
    /// without a name is one frame that says so. Ask with pc - 1 for callers.</summary>
    Frames.Frame[][] Resolve(ModuleRef module, ReadOnlySpan<ulong> elfAddresses, NameDetail detail = NameDetail.Lines);
}
