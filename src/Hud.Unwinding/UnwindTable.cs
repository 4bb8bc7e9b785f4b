using System.IO.Compression;
using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>What building a table met.</summary>
public sealed record UnwindTableFacts(
    int Functions,
    int Rows,
    int Rules,
    int MalformedRecords,
    int OutsideText,
    int RuleOverflows,
    bool Truncated
);

/// <summary>
/// How to unwind from any address of one file: rows of .eh_frame, and of .debug_frame where .eh_frame has none, with
/// shared rules. Immutable; keeps no file open. Addresses are ELF addresses.
/// </summary>
public sealed class UnwindTable
{
    private readonly UnwindRows _rows;
    private readonly UnwindRows _stubs;
    private readonly UnwindRows _debugRows;
    private readonly UnwindRule?[] _rules;

    private UnwindTable(
        ElfMachine machine,
        UnwindRows rows,
        UnwindRows stubs,
        UnwindRows debugRows,
        UnwindRule?[] rules,
        long ruleBytes,
        UnwindTableFacts facts
    )
    {
        Machine = machine;
        _rows = rows;
        _stubs = stubs;
        _debugRows = debugRows;
        _rules = rules;
        Facts = facts;
        MemoryBytes = rows.MemoryBytes + stubs.MemoryBytes + debugRows.MemoryBytes + ruleBytes;
    }

    public ElfMachine Machine { get; }

    public UnwindTableFacts Facts { get; }

    /// <summary>Bytes this table keeps in memory, estimated from its arrays.</summary>
    public long MemoryBytes { get; }

    public bool IsEmpty => _rows.Count == 0 && _debugRows.Count == 0;

    /// <summary>A table without rows, for files that cannot be read.</summary>
    public static UnwindTable Empty(ElfMachine machine) =>
        new(
            machine,
            UnwindRows.Empty,
            UnwindRows.Empty,
            UnwindRows.Empty,
            [null],
            0,
            new UnwindTableFacts(0, 0, 0, 0, 0, 0, false)
        );

    /// <summary>Builds the table. Bad records are counted, never thrown.</summary>
    public static UnwindTable Build(ElfFile elf)
    {
        ArgumentNullException.ThrowIfNull(elf);
        var (start, end) = elf.ExecutableRange;
        var rules = new RuleSet(elf.Machine);
        var sink = new UnwindRowBuilder(start, end);
        int malformed = 0;
        var truncated = false;
        if (TryFindEhFrame(elf, out var place))
        {
            Walk(place, sink, ref malformed, ref truncated);
        }

        var rows = sink.Join();
        var extra = new UnwindRowBuilder(start, end);
        if (TryFindDebugFrame(elf, out place))
        {
            Walk(place, extra, ref malformed, ref truncated);
        }

        var debugRows = extra.Join();
        var stubs = new UnwindRowBuilder(start, end);
        PltRows.Add(elf, rules, stubs, rows);
        var stubRows = stubs.Join();
        var facts = new UnwindTableFacts(
            sink.Functions + extra.Functions,
            rows.Count + stubRows.Count + debugRows.Count,
            rules.Count,
            malformed,
            sink.OutsideText + extra.OutsideText,
            rules.Overflows,
            truncated
        );
        return new UnwindTable(elf.Machine, rows, stubRows, debugRows, rules.ToRules(), rules.MemoryBytes, facts);

        void Walk(FrameSectionPlace where, UnwindRowBuilder into, ref int bad, ref bool cut)
        {
            var section = new FrameSection(elf.Machine, rules, into, where);
            section.Walk();
            bad += section.Malformed;
            cut |= section.Truncated || into.Truncated;
        }
    }

    /// <summary>True when any row covers the address.</summary>
    public bool Covers(ulong address) =>
        _rows.Find(address) != 0 || _stubs.Find(address) != 0 || _debugRows.Find(address) != 0;

    internal bool TryFind(ulong address, out UnwindRule rule, out bool fromDebugFrame)
    {
        var number = _rows.Find(address);
        number = number == 0 ? _stubs.Find(address) : number;
        fromDebugFrame = number == 0;
        number = number == 0 ? _debugRows.Find(address) : number;
        rule = _rules[number]!;
        return number != 0;
    }

    private static bool TryFindEhFrame(ElfFile elf, out FrameSectionPlace place)
    {
        if (elf.FindSection(".eh_frame") is { HasBytes: true, Size: > 0 } section)
        {
            place = new FrameSectionPlace(elf.Source, (long)section.Offset, (long)section.Size, section.Address, false);
            return true;
        }

        // Without section headers: .eh_frame_hdr's second field points at .eh_frame, which reaches at most to the
        // end of its segment.
        place = default;
        Span<byte> head = stackalloc byte[16];
        if (
            elf.FindSegment(ElfSegmentType.GnuEhFrame) is not { FileSize: >= 8 } header
            || !elf.TryReadAt(header.Address, head[..8])
            || head[0] != 1
        )
        {
            return false;
        }

        elf.TryReadAt(header.Address, head);
        var reader = new DwarfReader(head);
        reader.Skip(4);
        if (
            !reader.TryPointer(head[1], header.Address, out var address)
            || !elf.TryAddressToFileOffset(address, out var offset)
        )
        {
            return false;
        }

        foreach (var load in elf.LoadSegments)
        {
            if (address - load.Address < load.FileSize)
            {
                place = new FrameSectionPlace(
                    elf.Source,
                    (long)offset,
                    (long)(load.FileSize - (address - load.Address)),
                    address,
                    false,
                    LengthIsGuess: true
                );
                return true;
            }
        }

        return false;
    }

    private static bool TryFindDebugFrame(ElfFile elf, out FrameSectionPlace place)
    {
        place = default;
        if (elf.FindSection(".debug_frame") is not { HasBytes: true, Size: > 0 } section)
        {
            return false;
        }

        place = new FrameSectionPlace(elf.Source, (long)section.Offset, (long)section.Size, 0, true);
        if (!section.Compressed)
        {
            return true;
        }

        if (
            !elf.TryReadSection(section, StackLimits.MaxDecompressedBytes, out var bytes)
            || !TryInflate(bytes, out var plain)
        )
        {
            return false;
        }

        place = new FrameSectionPlace(new MemoryByteSource(plain), 0, plain.Length, 0, true);
        return true;
    }

    // Elf64_Chdr: type (1 = zlib), reserved, size, alignment; then the stream.
    private static bool TryInflate(byte[] section, out byte[] plain)
    {
        plain = [];
        var reader = new DwarfReader(section);
        var type = reader.U32();
        reader.U32();
        var size = reader.U64();
        reader.U64();
        if (reader.Failed || type != 1 || size > StackLimits.MaxDecompressedBytes)
        {
            return false;
        }

        try
        {
            using var stream = new ZLibStream(
                new MemoryStream(section, reader.Position, section.Length - reader.Position),
                CompressionMode.Decompress
            );
            var buffer = new byte[size];
            stream.ReadExactly(buffer);
            plain = buffer;
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            return false;
        }
    }
}
