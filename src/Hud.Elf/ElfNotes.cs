using System.Buffers.Binary;

namespace Hud.Elf;

/// <summary>Finds the GNU build id (note type 3, owner "GNU") in PT_NOTE segments, then in note sections.</summary>
internal static class ElfNotes
{
    private const uint BuildIdType = 3;

    public static string? FindBuildId(ElfFile elf)
    {
        var budget = (long)ElfLimits.MaxNoteBytes;
        foreach (var segment in elf.Segments)
        {
            if (
                segment.Type == ElfSegmentType.Note
                && Search(elf, segment.Offset, segment.FileSize, ref budget) is { } id
            )
            {
                return id;
            }
        }

        foreach (var section in elf.Sections)
        {
            if (section.Type == ElfSection.TypeNote && Search(elf, section.Offset, section.Size, ref budget) is { } id)
            {
                return id;
            }
        }

        return null;
    }

    private static string? Search(ElfFile elf, ulong offset, ulong size, ref long budget)
    {
        var take = (int)Math.Min((ulong)Math.Max(0, budget), size);
        budget -= take;
        var bytes = new byte[take];
        return elf.Source.TryReadExactly((long)offset, bytes) ? Search(bytes) : null;
    }

    internal static string? Search(ReadOnlySpan<byte> notes)
    {
        while (notes.Length >= 12)
        {
            var nameSize = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            var descSize = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            var descAt = 12 + Align4(nameSize);
            var next = descAt + Align4(descSize);
            if (descAt + descSize > notes.Length)
            {
                return null;
            }

            if (
                type == BuildIdType
                && nameSize == 4
                && notes.Slice(12, 4).SequenceEqual("GNU\0"u8)
                && descSize is > 0 and <= ElfLimits.MaxBuildId
            )
            {
                return Convert.ToHexStringLower(notes.Slice((int)descAt, (int)descSize));
            }

            if (next >= notes.Length)
            {
                return null;
            }

            notes = notes[(int)next..];
        }

        return null;
    }

    private static long Align4(uint size) => ((long)size + 3) & ~3L;
}
