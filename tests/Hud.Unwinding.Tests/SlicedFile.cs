using Hud.Elf;

namespace Hud.Unwinding.Tests;

/// <summary>
/// The parts of an ELF file that unwinding given addresses needs, with zeros in place of the rest: headers, the frame records
/// that cover the addresses, their common records, and the bytes before each address. A walk over .eh_frame takes
/// the zeros for terminators, which it skips.
/// </summary>
internal sealed class SlicedFile(long length) : IByteSource
{
    public SortedDictionary<long, byte[]> Parts { get; } = [];

    public long Length => length;

    public static SlicedFile Of(ElfFile elf, IReadOnlyCollection<ulong> addresses)
    {
        var sliced = new SlicedFile(elf.Source.Length);
        sliced.Keep(elf, 0, 64 + (56 * elf.Segments.Count));
        var header = new byte[64];
        elf.Source.TryReadExactly(0, header);
        sliced.Keep(elf, BitConverter.ToInt64(header, 40), 64 * elf.Sections.Count);
        foreach (var section in elf.Sections.Where(s => s.Name is ".shstrtab" or ".note.gnu.build-id"))
        {
            sliced.Keep(elf, (long)section.Offset, (int)section.Size);
        }

        foreach (var address in addresses)
        {
            if (elf.TryAddressToFileOffset(address, out var offset) && offset > 16)
            {
                sliced.Keep(elf, (long)offset - 16, 32);
            }
        }

        if (elf.FindSection(".eh_frame") is { } frames)
        {
            sliced.KeepRecords(elf, frames, addresses);
        }

        return sliced;
    }

    public int Read(long offset, Span<byte> destination)
    {
        var count = (int)Math.Max(0, Math.Min(destination.Length, length - offset));
        destination = destination[..count];
        destination.Clear();
        foreach (var (at, bytes) in Parts)
        {
            var from = Math.Max(offset, at);
            var to = Math.Min(offset + count, at + bytes.Length);
            if (from < to)
            {
                bytes.AsSpan((int)(from - at), (int)(to - from)).CopyTo(destination[(int)(from - offset)..]);
            }
        }

        return count;
    }

    private void KeepRecords(ElfFile elf, ElfSection frames, IReadOnlyCollection<ulong> addresses)
    {
        if (!elf.TryReadSection(frames, 64 << 20, out var bytes))
        {
            throw new InvalidDataException(".eh_frame cannot be read");
        }

        for (var at = 0; at + 4 <= bytes.Length; )
        {
            var size = BitConverter.ToInt32(bytes, at);
            if (size == 0)
            {
                at += 4;
                continue;
            }

            var back = BitConverter.ToInt32(bytes, at + 4);
            var common = at + 4 - back;
            if (back != 0 && IsWanted(bytes, at, frames.Address, addresses))
            {
                Keep(elf, (long)frames.Offset + at, 4 + size);
                Keep(elf, (long)frames.Offset + common, 4 + BitConverter.ToInt32(bytes, common));
            }

            at += 4 + size;
        }
    }

    // Every producer on the two processors writes pcrel | sdata4.
    private static bool IsWanted(byte[] bytes, int at, ulong sectionAddress, IReadOnlyCollection<ulong> addresses)
    {
        var start = unchecked(sectionAddress + (ulong)at + 8 + (ulong)BitConverter.ToInt32(bytes, at + 8));
        var length = BitConverter.ToUInt32(bytes, at + 12);
        return addresses.Any(a => a - start < length);
    }

    private void Keep(ElfFile elf, long offset, int count)
    {
        var bytes = new byte[Math.Min(count, elf.Source.Length - offset)];
        if (!elf.Source.TryReadExactly(offset, bytes))
        {
            throw new InvalidDataException($"{count} bytes at {offset} cannot be read");
        }

        if (!Parts.TryGetValue(offset, out var known) || known.Length < bytes.Length)
        {
            Parts[offset] = bytes;
        }
    }
}
