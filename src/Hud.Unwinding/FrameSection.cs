using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>A common record (CIE): what its functions share, with its instructions already executed.</summary>
internal sealed record CommonRecord(FrameFactors Factors, bool HasAugmentationData, long[] InitialState);

/// <summary>Where a frame section is. <c>Address</c> is its ELF address; .debug_frame is not loaded and has none (0).</summary>
internal readonly record struct FrameSectionPlace(
    IByteSource Source,
    long Offset,
    long Length,
    ulong Address,
    bool IsDebugFrame,
    bool LengthIsGuess = false
);

/// <summary>
/// Walks the records of .eh_frame (LSB Core 10.6) or .debug_frame (DWARF 5, 6.4.1) in file order, without trusting
/// any length, and runs each function's program into the sink.
/// </summary>
internal sealed class FrameSection
{
    private readonly ElfMachine _machine;
    private readonly UnwindRowBuilder _sink;
    private readonly FrameSectionPlace _place;
    private readonly CallFrameProgram _program;
    private readonly SourceWindow _records;
    private readonly SourceWindow _commons;
    private readonly Dictionary<long, CommonRecord?> _cache = [];

    public FrameSection(ElfMachine machine, RuleSet rules, UnwindRowBuilder sink, FrameSectionPlace place)
    {
        _machine = machine;
        _sink = sink;
        _place = place;
        _program = new CallFrameProgram(machine, rules, sink);
        _records = new SourceWindow(place.Source, StackLimits.MaxRecordBytes + 64);
        _commons = new SourceWindow(place.Source, 4096, ElfLimits.MaxScatteredBytes);
    }

    /// <summary>Records that could not be used.</summary>
    public int Malformed { get; private set; }

    /// <summary>True when the section is longer than the bound.</summary>
    public bool Truncated { get; private set; }

    public void Walk()
    {
        var length = Math.Min(_place.Length, StackLimits.MaxFrameSectionBytes);
        Truncated = length < _place.Length;
        long at = 0;
        while (at <= length - 4 && !_sink.Truncated)
        {
            if (!TryReadLength(_records, at, out var header, out var size))
            {
                Malformed++;
                return;
            }

            if (size == 0 && _place.LengthIsGuess)
            {
                return;
            }

            if (size == 0)
            {
                at += 4; // a terminator; some linkers leave one in the middle, so go on
                continue;
            }

            if (size < 4 || size > length - at - header)
            {
                Malformed++;
                return; // no way to know where the next record begins
            }

            Record(at, header, size);
            at += header + size;
        }
    }

    private void Record(long at, int header, long size)
    {
        if (size > StackLimits.MaxRecordBytes)
        {
            Malformed++;
            return;
        }

        var bytes = _records.Get(_place.Offset + at + header, (int)size);
        var reader = new DwarfReader(bytes);
        var idSize = _place.IsDebugFrame && header == 12 ? 8 : 4;
        var id = idSize == 8 ? reader.U64() : reader.U32();
        if (IsCommon(id, idSize))
        {
            return; // parsed when a function refers to it
        }

        // .eh_frame: distance back from this field; .debug_frame: offset in the section
        var commonAt = _place.IsDebugFrame ? (long)Math.Min(id, long.MaxValue) : at + header - (long)id;
        if (
            !TryCommon(commonAt, out var common)
            || !Function(ref reader, bytes, common, _place.Address + (ulong)(at + header))
        )
        {
            Malformed++;
        }
    }

    private bool IsCommon(ulong id, int idSize) =>
        _place.IsDebugFrame ? id == (idSize == 8 ? ulong.MaxValue : uint.MaxValue) : id == 0;

    private bool Function(ref DwarfReader reader, ReadOnlySpan<byte> bytes, CommonRecord common, ulong address)
    {
        if (
            !reader.TryPointer(common.Factors.PointerEncoding, address, out var start)
            || !reader.TryPointer((byte)(common.Factors.PointerEncoding & 0x0f), address, out var length)
        )
        {
            return false;
        }

        if (common.HasAugmentationData)
        {
            reader.Take(reader.Uleb());
        }

        if (reader.Failed || start + length < start)
        {
            return false;
        }

        if (start == 0 || length == 0)
        {
            return true; // the linker discarded the function and kept the record
        }

        if (!_sink.Begin(start, start + length))
        {
            return true;
        }

        var instructions = bytes[reader.Position..];
        var good = _program.RunFunction(
            common.InitialState,
            instructions,
            common.Factors,
            address + (ulong)reader.Position,
            start,
            start + length
        );
        _sink.End();
        return good;
    }

    private bool TryCommon(long at, out CommonRecord common)
    {
        if (!_cache.TryGetValue(at, out var found))
        {
            if (_cache.Count >= StackLimits.MaxCommonRecords)
            {
                _cache.Clear();
            }

            found = at >= 0 && at < _place.Length ? ReadCommon(at) : null;
            _cache[at] = found;
        }

        common = found!;
        return found is not null;
    }

    private CommonRecord? ReadCommon(long at)
    {
        if (
            !TryReadLength(_commons, at, out var header, out var size)
            || size is < 8 or > 4000
            || size > _place.Length - at - header
        )
        {
            return null;
        }

        var bytes = _commons.Get(_place.Offset + at + header, (int)size);
        var reader = new DwarfReader(bytes);
        var idSize = _place.IsDebugFrame && header == 12 ? 8 : 4;
        if (!IsCommon(idSize == 8 ? reader.U64() : reader.U32(), idSize))
        {
            return null;
        }

        var version = reader.U8();
        var augmentation = reader.CString();
        if (version is not (1 or 3 or 4) || reader.Failed)
        {
            return null;
        }

        if (version == 4 && (reader.U8() != 8 || reader.U8() != 0))
        {
            return null; // address size, segment selector size
        }

        if (augmentation.StartsWith("eh"u8))
        {
            reader.U64(); // an old GCC's exception table pointer
            augmentation = augmentation[2..];
        }

        var codeAlign = reader.Uleb();
        var dataAlign = reader.Sleb();
        var returnAddress = version == 1 ? reader.U8() : reader.Uleb();
        if (
            !TryAugmentation(ref reader, augmentation, out var encoding, out var signal)
            || returnAddress != (ulong)FrameState.ReturnAddressOf(_machine)
        )
        {
            return null;
        }

        var factors = new FrameFactors(codeAlign, dataAlign, encoding);
        var good =
            !reader.Failed
            && codeAlign is > 0 and <= 64
            && _program.RunInitial(bytes[reader.Position..], factors, signal);
        return good ? new CommonRecord(factors, !augmentation.IsEmpty, _program.State.Slots.ToArray()) : null;
    }

    private static bool TryAugmentation(
        ref DwarfReader reader,
        ReadOnlySpan<byte> text,
        out byte encoding,
        out bool signal
    )
    {
        encoding = 0;
        signal = false;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] != (byte)'z')
        {
            return false;
        }

        var data = new DwarfReader(reader.Take(reader.Uleb()));
        foreach (var letter in text[1..])
        {
            switch ((char)letter)
            {
                case 'R':
                    encoding = data.U8();
                    break;
                case 'L':
                    data.U8();
                    break;
                case 'P':
                    if (!SkipPointer(ref data, data.U8()))
                    {
                        return false;
                    }

                    break;
                case 'S':
                    signal = true;
                    break;
                case 'B' or 'G': // aarch64: signed with key B; tagged frames
                    break;
                default:
                    return encoding != 0; // what follows is unknown, but z lets us skip it
            }
        }

        return !data.Failed;
    }

    // The personality routine: any encoding, the value is not needed.
    private static bool SkipPointer(ref DwarfReader data, byte encoding) =>
        encoding == 0xff || data.TryPointer((byte)(encoding & 0x0f), 0, out _);

    private bool TryReadLength(SourceWindow window, long at, out int header, out long size)
    {
        header = 4;
        size = 0;
        var bytes = window.Get(_place.Offset + at, 4);
        if (bytes.IsEmpty)
        {
            return false;
        }

        size = new DwarfReader(bytes).U32();
        if (size != uint.MaxValue)
        {
            return size < 0xffff_fff0;
        }

        header = 12;
        bytes = window.Get(_place.Offset + at + 4, 8);
        size = bytes.IsEmpty ? -1 : (long)Math.Min(long.MaxValue, new DwarfReader(bytes).U64());
        return size >= 0;
    }
}
