using System.Buffers.Binary;

namespace Hud.Elf;

/// <summary>Where functions begin and end, without symbols.</summary>
public static class FunctionBounds
{
    /// <summary>The function around an address, by the sorted table of .eh_frame_hdr (LSB Core 10.6.2) in the one encoding that linkers use.</summary>
    /// <param name="address">ELF address</param>
    /// <returns>ELF addresses; null where no table says so.</returns>
    public static (ulong Start, ulong End)? Enclosing(ElfFile elf, ulong address)
    {
        ArgumentNullException.ThrowIfNull(elf);
        const int headLength = 12;
        Span<byte> head = stackalloc byte[headLength];
        // version 1, pointer pcrel|sdata4, count udata4, table datarel|sdata4
        if (
            elf.FindSegment(ElfSegmentType.GnuEhFrame) is not { FileSize: > headLength } header
            || !elf.TryReadAt(header.Address, head)
            || head is not [1, 0x1B, 0x03, 0x3B, ..]
        )
            return null;
        long count = Math.Min(
            BinaryPrimitives.ReadUInt32LittleEndian(head[8..]),
            ((long)header.FileSize - headLength) / 8
        );
        long low = 0,
            high = count; // the first entry beyond the address
        while (low < high)
        {
            long middle = (low + high) / 2;
            if (Start(middle) is not { } start)
                return null;
            if (start <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && low < count && Start(low - 1) is { } from && Start(low) is { } to && from < to
            ? (from, to)
            : null;

        ulong? Start(long entry)
        {
            Span<byte> bytes = stackalloc byte[4];
            return elf.TryReadAt(header.Address + headLength + (ulong)entry * 8, bytes)
                ? header.Address + (ulong)BinaryPrimitives.ReadInt32LittleEndian(bytes)
                : null;
        }
    }
}
