using System.Buffers.Binary;
using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>Recognises the instruction before a return address as a CALL, for the fallbacks that guess.</summary>
internal static class CallSites
{
    /// <summary>The longest CALL without prefixes that compilers emit: FF 94 sib disp32.</summary>
    private const int Longest = 8;

    public static bool FollowsCall(Module module, ulong returnAddress)
    {
        var address = module.ToElfAddress(returnAddress);
        if (module.Elf is not { } elf)
        {
            return module.Table.Covers(address - 1);
        }

        Span<byte> before = stackalloc byte[Longest];
        if (!elf.IsExecutableAddress(address - 1) || !elf.TryReadAt(address - Longest, before))
        {
            return false;
        }

        return elf.Machine == ElfMachine.X64
            ? FollowsCallX64(before, address, elf)
            : FollowsCallAArch64(BinaryPrimitives.ReadUInt32LittleEndian(before[4..]));
    }

    /// <summary>The run-time target of the direct CALL (E8 rel32) which the return address follows.</summary>
    public static bool TryDirectTarget(Module module, ulong returnAddress, out ulong target)
    {
        Span<byte> before = stackalloc byte[5];
        target = 0;
        if (
            module.Elf is not { Machine: ElfMachine.X64 } elf
            || !elf.TryReadAt(module.ToElfAddress(returnAddress) - 5, before)
            || before[0] != 0xe8
        )
        {
            return false;
        }

        target = unchecked(returnAddress + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(before[1..]));
        return true;
    }

    // bl; blr and its authenticating forms
    internal static bool FollowsCallAArch64(uint instruction) =>
        (instruction & 0xfc00_0000) == 0x9400_0000
        || (instruction & 0xfffffc1f) == 0xd63f_0000
        || (instruction & 0xfefff800) == 0xd63f_0800;

    private static bool FollowsCallX64(ReadOnlySpan<byte> b, ulong address, ElfFile elf)
    {
        if (b[3] == 0xe8)
        {
            var target = unchecked(address + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(b[4..]));
            if (elf.IsExecutableAddress(target))
            {
                return true;
            }
        }

        return IsIndirectCall(b);
    }

    // FF /2 in each length its addressing form gives (Intel SDM volume 2, table 2-2).
    internal static bool IsIndirectCall(ReadOnlySpan<byte> b) =>
        (b[6] == 0xff && ((b[7] & 0xf8) == 0xd0 || ((b[7] & 0xf8) == 0x10 && (b[7] & 7) is not (4 or 5))))
        || (b[5] == 0xff && (((b[6] & 0xf8) == 0x50 && (b[6] & 7) != 4) || b[6] == 0x14))
        || (b[4] == 0xff && b[5] == 0x54)
        || (b[2] == 0xff && (b[3] == 0x15 || ((b[3] & 0xf8) == 0x90 && (b[3] & 7) != 4)))
        || (b[1] == 0xff && (b[2] == 0x94 || b[2] == 0x14));
}
