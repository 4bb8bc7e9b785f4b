using System.Buffers.Binary;

namespace Hud.Elf;

/// <summary>
/// Reads DWARF's primitive encodings. Reading past the end gives zeros and sets <see cref="Failed"/>, so callers check
/// once after a group of reads.
/// </summary>
public ref struct DwarfReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public bool Failed { get; private set; }

    public readonly bool AtEnd => Position >= _bytes.Length || Failed;

    public readonly int Length => _bytes.Length;

    public byte U8() => Take(1) is { IsEmpty: false } b ? b[0] : (byte)0;

    public ushort U16() => Take(2) is { IsEmpty: false } b ? BinaryPrimitives.ReadUInt16LittleEndian(b) : (ushort)0;

    public uint U32() => Take(4) is { IsEmpty: false } b ? BinaryPrimitives.ReadUInt32LittleEndian(b) : 0;

    public ulong U64() => Take(8) is { IsEmpty: false } b ? BinaryPrimitives.ReadUInt64LittleEndian(b) : 0;

    public ulong Uleb()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = U8();
            value |= shift < 64 ? (ulong)(b & 0x7f) << shift : 0;
            if ((b & 0x80) == 0)
            {
                return value;
            }
        }

        Failed = true;
        return 0;
    }

    public long Sleb()
    {
        long value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = U8();
            value |= shift < 64 ? (long)(b & 0x7f) << shift : 0;
            if ((b & 0x80) == 0)
            {
                return (b & 0x40) != 0 && shift + 7 < 64 ? value | (-1L << (shift + 7)) : value;
            }
        }

        Failed = true;
        return 0;
    }

    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (Failed || count > (ulong)(_bytes.Length - Position))
        {
            Failed = true;
            return default;
        }

        var taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>Moves by a signed distance (branches of expressions).</summary>
    public void Skip(int distance)
    {
        var target = Position + distance;
        Failed |= target < 0 || target > _bytes.Length;
        Position = Failed ? Position : target;
    }

    public ReadOnlySpan<byte> CString()
    {
        var end = _bytes[Math.Min(Position, _bytes.Length)..].IndexOf((byte)0);
        if (Failed || end < 0)
        {
            Failed = true;
            return default;
        }

        var text = _bytes.Slice(Position, end);
        Position += end + 1;
        return text;
    }

    /// <summary>
    /// A pointer in one of the DW_EH_PE encodings (LSB Core, section 10.5.1) that can describe code: absolute or relative to
    /// its own address. <paramref name="address"/> is the ELF address of the first byte of this reader.
    /// </summary>
    public bool TryPointer(byte encoding, ulong address, out ulong value)
    {
        var own = address + (ulong)Position;
        value = (encoding & 0x0f) switch
        {
            0x00 or 0x04 or 0x0c => U64(),
            0x01 => Uleb(),
            0x02 => U16(),
            0x03 => U32(),
            0x09 => (ulong)Sleb(),
            0x0a => (ulong)(short)U16(),
            0x0b => (ulong)(int)U32(),
            _ => Fail(),
        };
        switch (encoding & 0xf0)
        {
            case 0x00:
                break;
            case 0x10:
                value = unchecked(value + own);
                break;
            default:
                Failed = true; // text-, data-, function-relative, aligned, indirect: never used for code by a linker
                break;
        }

        return !Failed;
    }

    private ulong Fail()
    {
        Failed = true;
        return 0;
    }
}
