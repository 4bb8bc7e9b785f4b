using Hud.Elf;
using Iced.Intel;

namespace Hud.Tokio;

public enum ProbeSiteVerdict
{
    /// <summary>The kernel emulates the first instruction: under a microsecond a hit.</summary>
    Cheap,

    /// <summary>It would be single-stepped out of line: ten microseconds and more in a virtual machine.</summary>
    SingleStepped,

    /// <summary>A 5-byte nop: 6.18 optimises it in a way that can overwrite the red zone.</summary>
    UnsafeNop,

    /// <summary>No code can be read there.</summary>
    Unreadable,
}

/// <summary>Where to put the breakpoint of a function, or why not to.</summary>
public readonly record struct ProbeSite(ulong Address, ProbeSiteVerdict Verdict, string Instruction)
{
    /// <summary>The function that is on the stack: another one when this one only jumps there.</summary>
    public ulong Body { get; init; } = Address;

    /// <summary>The bytes by which it was judged, from the address on: what is probed later must still be these.</summary>
    public byte[] Bytes { get; init; } = [];

    public const int CodeBytes = 16;

    /// <summary>
    /// Decodes the first instruction. What the kernel emulates is in <c>arch/x86/kernel/uprobes.c</c>:
    /// push of a register, relative jmp, jcc and call, and nops. An endbr64 is stepped over: it changes nothing that
    /// a probe looks at, so the probe goes behind it.
    /// </summary>
    public static ProbeSite Check(ElfFile elf, ulong function)
    {
        Span<byte> code = stackalloc byte[32];
        int length = code.Length;
        while (length > 0 && !elf.TryReadAt(function, code[..length]))
            length--; // the last function of a segment may be a single jmp
        if (length <= 0)
            return new ProbeSite(function, ProbeSiteVerdict.Unreadable, "");
        if (elf.Machine != ElfMachine.X64) // arm64 simulates or steps in place, both cheap
            return new ProbeSite(function, ProbeSiteVerdict.Cheap, "") { Bytes = From(code[..length], 0) };
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code[..length].ToArray()), function);
        var first = decoder.Decode();
        if (first.Mnemonic == Mnemonic.Endbr64)
            first = decoder.Decode();
        return new ProbeSite(first.IP, Judge(first), first.ToString())
        {
            Body = first.IsJmpShortOrNear ? first.NearBranchTarget : first.IP,
            Bytes = From(code[..length], (int)Math.Min(first.IP - function, (ulong)length)),
        };
    }

    private static byte[] From(ReadOnlySpan<byte> code, int start) =>
        code[start..Math.Min(code.Length, start + CodeBytes)].ToArray();

    private static ProbeSiteVerdict Judge(in Instruction instruction)
    {
        if (instruction.IsInvalid)
            return ProbeSiteVerdict.Unreadable;
        if (instruction.Mnemonic == Mnemonic.Nop)
            return instruction.Length == 5 ? ProbeSiteVerdict.UnsafeNop : ProbeSiteVerdict.Cheap;
        return IsEmulated(instruction) ? ProbeSiteVerdict.Cheap : ProbeSiteVerdict.SingleStepped;
    }

    /// <summary>jrcxz and loop are branches too, but not among those that the kernel emulates; nor is any other form of push.</summary>
    internal static bool IsEmulated(in Instruction instruction) =>
        instruction.Code == Code.Push_r64
        || instruction.IsJmpShortOrNear
        || instruction.IsJccShortOrNear
        || instruction.IsCallNear;
}
