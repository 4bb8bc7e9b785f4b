using Hud.Core.Profile;

namespace Hud.Frames;

/// <summary>One line of a stack, named. <c>Function</c> is demangled; without a name it is <c>module+0x1f3a0</c> (an ELF
/// address, the same in every run). Inlined frames come before the function they are inlined into. <c>Line</c> is 0 when
/// unknown: for callers it is the line of the call.</summary>
public sealed record Frame(string Function, string? File, int Line, bool Inlined, FrameKind Kind, string Module)
{
    /// <summary><c>file:line</c>, the file alone, or "".</summary>
    public string Location =>
        File is null ? ""
        : Line > 0 ? $"{File}:{Line}"
        : File;

    public static Frame Unresolved(string module, ulong elfAddress)
    {
        ArgumentNullException.ThrowIfNull(module);
        return new Frame($"{BaseName(module)}+0x{elfAddress:x}", null, 0, Inlined: false, FrameKind.Unknown, module);
    }

    internal static string BaseName(string module) => module[(module.LastIndexOf('/') + 1)..];
}
