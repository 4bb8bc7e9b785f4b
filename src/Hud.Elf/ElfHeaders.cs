using System.Buffers.Binary;
using System.Text;

namespace Hud.Elf;

/// <summary>Reads the ELF header, program headers and section headers.</summary>
internal static class ElfHeaders
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;

    public static ElfOpenResult Read(IByteSource source)
    {
        Span<byte> h = stackalloc byte[HeaderSize];
        if (source.Length < 4 || !source.TryReadExactly(0, h[..4]) || !h[..4].SequenceEqual("\u007fELF"u8))
        {
            return Refuse(ElfProblem.NotElf, "not an ELF file");
        }

        if (!source.TryReadExactly(0, h))
        {
            return Refuse(ElfProblem.Truncated, "the file ends inside the ELF header");
        }

        if (h[4] != 2)
        {
            return Refuse(ElfProblem.ThirtyTwoBit, "a 32-bit ELF file; only 64-bit processes are supported");
        }

        if (h[5] != 1)
        {
            return Refuse(ElfProblem.BigEndian, "a big-endian ELF file; only little-endian ones are supported");
        }

        var type = U16(h, 16);
        var machine = U16(h, 18);
        if (machine is not ((ushort)ElfMachine.X64 or (ushort)ElfMachine.AArch64))
        {
            return Refuse(
                ElfProblem.ForeignMachine,
                $"an ELF file for machine {machine}; only x86-64 (62) and aarch64 (183) are supported"
            );
        }

        if (type is < 1 or > 3)
        {
            return Refuse(
                ElfProblem.ForeignType,
                $"an ELF file of type {type}; only programs and shared libraries are supported"
            );
        }

        if (!TryReadSegments(source, U64(h, 32), U16(h, 54), U16(h, 56), out var segments, out var why))
        {
            return Refuse(ElfProblem.Malformed, why);
        }

        var sections = ReadSections(source, U64(h, 40), U16(h, 58), U16(h, 60), U16(h, 62));
        return new ElfOpenResult(
            new ElfFile(source, (ElfMachine)machine, (ElfType)type, U64(h, 24), segments, sections),
            ElfProblem.None,
            ""
        );
    }

    private static ElfOpenResult Refuse(ElfProblem problem, string text) => new(null, problem, text);

    private static bool TryReadSegments(
        IByteSource source,
        ulong offset,
        int entrySize,
        int count,
        out ElfSegment[] segments,
        out string why
    )
    {
        segments = [];
        why = "";
        if (count == 0)
        {
            return true; // an object or a file of debug information only
        }

        if (entrySize != ProgramHeaderSize || count > ElfLimits.MaxProgramHeaders)
        {
            why =
                $"{count} program headers of {entrySize} bytes; expected at most {ElfLimits.MaxProgramHeaders} of {ProgramHeaderSize}";
            return false;
        }

        var bytes = new byte[count * ProgramHeaderSize];
        if (offset > long.MaxValue || !source.TryReadExactly((long)offset, bytes))
        {
            why = "the program headers lie outside the file";
            return false;
        }

        var list = new List<ElfSegment>(count);
        for (var i = 0; i < count; i++)
        {
            var p = bytes.AsSpan(i * ProgramHeaderSize);
            var flags = U32(p, 4);
            var segment = new ElfSegment(
                (ElfSegmentType)U32(p, 0),
                (flags & 4) != 0,
                (flags & 2) != 0,
                (flags & 1) != 0,
                U64(p, 8),
                U64(p, 16),
                U64(p, 32),
                U64(p, 40)
            );
            if (IsSane(segment))
            {
                list.Add(Clamp(segment, source.Length));
            }
        }

        segments = [.. list];
        return true;
    }

    // Bytes past the file's end are not there, whatever the header says: a loop over 2^62 of them would never end.
    private static ElfSegment Clamp(in ElfSegment s, long length) =>
        s with
        {
            FileSize = s.Offset >= (ulong)length ? 0 : Math.Min(s.FileSize, (ulong)length - s.Offset),
        };

    // Sums of these fields are used everywhere below, so no sum may overflow.
    private static bool IsSane(in ElfSegment s) =>
        s.Offset <= long.MaxValue - s.FileSize
        && s.FileSize <= long.MaxValue
        && s.Address <= ulong.MaxValue - s.MemorySize
        && s.Address <= ulong.MaxValue - s.FileSize
        && (s.Type != ElfSegmentType.Load || s.FileSize <= s.MemorySize);

    private static ElfSection[] ReadSections(IByteSource source, ulong offset, int entrySize, int count, int namesIndex)
    {
        if (offset == 0 || offset > long.MaxValue || entrySize != SectionHeaderSize || count > ElfLimits.MaxSections)
        {
            return [];
        }

        var bytes = new byte[count * SectionHeaderSize];
        if (count == 0 || !source.TryReadExactly((long)offset, bytes))
        {
            return [];
        }

        var names = namesIndex < count ? ReadNames(source, bytes.AsSpan(namesIndex * SectionHeaderSize)) : [];
        var sections = new ElfSection[count];
        for (var i = 0; i < count; i++)
        {
            var s = bytes.AsSpan(i * SectionHeaderSize);
            var size = U64(s, 32);
            var at = U64(s, 24);
            var sane = at <= long.MaxValue && size <= long.MaxValue && U64(s, 16) <= ulong.MaxValue - size;
            sections[i] = new ElfSection(
                NameAt(names, U32(s, 0)),
                U32(s, 4),
                U64(s, 8),
                U64(s, 16),
                at,
                sane ? size : 0,
                U32(s, 40),
                U32(s, 44),
                U64(s, 56)
            );
        }

        return sections;
    }

    private static byte[] ReadNames(IByteSource source, ReadOnlySpan<byte> header)
    {
        var size = U64(header, 32);
        var offset = U64(header, 24);
        if (size > ElfLimits.MaxSectionNames || offset > long.MaxValue)
        {
            return [];
        }

        var names = new byte[size];
        return source.TryReadExactly((long)offset, names) ? names : [];
    }

    private static string NameAt(ReadOnlySpan<byte> names, uint at)
    {
        if (at >= names.Length)
        {
            return "";
        }

        var rest = names[(int)at..];
        var end = rest[..Math.Min(rest.Length, ElfLimits.MaxSectionName)].IndexOf((byte)0);
        return end < 0 ? "" : Encoding.UTF8.GetString(rest[..end]);
    }

    private static ushort U16(ReadOnlySpan<byte> b, int at) => BinaryPrimitives.ReadUInt16LittleEndian(b[at..]);

    private static uint U32(ReadOnlySpan<byte> b, int at) => BinaryPrimitives.ReadUInt32LittleEndian(b[at..]);

    private static ulong U64(ReadOnlySpan<byte> b, int at) => BinaryPrimitives.ReadUInt64LittleEndian(b[at..]);
}
