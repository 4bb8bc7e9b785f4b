using System.Buffers.Binary;
using System.Text;

namespace Hud.Elf;

public sealed partial class ElfFile
{
    internal const long DtSymbolTable = 6;
    internal const long DtStringTable = 5;
    internal const long DtStringSize = 10;
    internal const long DtHash = 4;
    internal const long DtGnuHash = 0x6ffffef5;
    internal const long DtRela = 7;
    internal const long DtRelaSize = 8;
    internal const long DtRelrSize = 35;
    internal const long DtRelr = 36;

    /// <summary>The program interpreter (PT_INTERP), or null for static programs and libraries.</summary>
    public string? Interpreter
    {
        get
        {
            if (
                FindSegment(ElfSegmentType.Interpreter) is not { FileSize: > 0 and <= ElfLimits.MaxInterpreter } segment
            )
            {
                return null;
            }

            var bytes = new byte[segment.FileSize];
            return Source.TryReadExactly((long)segment.Offset, bytes)
                ? Encoding.UTF8.GetString(bytes.AsSpan().TrimEnd((byte)0))
                : null;
        }
    }

    public bool HasDynamicTable => _dynamic.Value.Count > 0;

    /// <summary>A value of the dynamic table by its tag; the first one when a tag repeats.</summary>
    internal bool TryGetDynamic(long tag, out ulong value) => _dynamic.Value.TryGetValue(tag, out value);

    private Dictionary<long, ulong> ReadDynamic()
    {
        var table = new Dictionary<long, ulong>();
        if (FindSegment(ElfSegmentType.Dynamic) is not { } segment)
        {
            return table;
        }

        var count = (int)Math.Min(segment.FileSize / 16, ElfLimits.MaxDynamicEntries);
        var bytes = new byte[count * 16];
        if (!Source.TryReadExactly((long)segment.Offset, bytes))
        {
            return table;
        }

        for (var i = 0; i < count; i++)
        {
            var tag = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * 16));
            if (tag == 0)
            {
                break;
            }

            table.TryAdd(tag, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((i * 16) + 8)));
        }

        return table;
    }
}
