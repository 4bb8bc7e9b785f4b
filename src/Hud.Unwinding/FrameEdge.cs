using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>Recognises the first and last instructions of x86-64 functions that keep a frame pointer.</summary>
internal static class FrameEdge
{
    /// <summary>How far into a function it may be taken for the target of a direct call.</summary>
    public const ulong MaxDistance = 512;

    /// <summary>
    /// Distance of the return address from the stack pointer when the instruction at <paramref name="pc"/> begins or ends a function;
    /// null anywhere else.
    /// </summary>
    public static int? ReturnAddressOffset(Module module, ulong pc)
    {
        Span<byte> code = stackalloc byte[4];
        return module.Elf is { Machine: ElfMachine.X64 } elf && elf.TryReadAt(module.ToElfAddress(pc), code)
            ? Offset(code)
            : null;
    }

    internal static int? Offset(ReadOnlySpan<byte> code) =>
        code switch
        {
            [0xf3, 0x0f, 0x1e, 0xfa] => 0, // endbr64
            [0x55, ..] => 0, // push rbp
            [0x48, 0x89, 0xe5, ..] or [0x48, 0x8b, 0xec, ..] => 8, // mov rbp, rsp
            [0xc3, ..] or [0xf3, 0xc3, ..] => 0, // ret
            _ => null,
        };
}
