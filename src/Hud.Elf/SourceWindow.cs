using System.Buffers.Binary;

namespace Hud.Elf;

/// <summary>
/// A sliding window over a byte source, for tables that are read in mostly ascending order. <c>budget</c> bounds the bytes read
/// in all: a hostile table that jumps back and forth would refill the window for each entry.
/// </summary>
public sealed class SourceWindow(IByteSource source, int size = 64 * 1024, long budget = long.MaxValue)
{
    private readonly byte[] _buffer = new byte[size];
    private long _left = budget;
    private long _start;
    private int _filled;

    /// <summary>The bytes <c>[offset, offset + count)</c>, valid until the next call; empty when they cannot be read.</summary>
    public ReadOnlySpan<byte> Get(long offset, int count)
    {
        if (offset < 0 || count > _buffer.Length || offset > source.Length - count)
        {
            return default;
        }

        if (offset < _start || offset + count > _start + _filled)
        {
            var want = (int)Math.Min(_buffer.Length, source.Length - offset);
            _left -= want;
            if (_left < 0 || !source.TryReadExactly(offset, _buffer.AsSpan(0, want)))
            {
                _filled = 0;
                return default;
            }

            _start = offset;
            _filled = want;
        }

        return _buffer.AsSpan((int)(offset - _start), count);
    }

    public bool TryReadUInt64(long offset, out ulong value)
    {
        var bytes = Get(offset, 8);
        value = bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return !bytes.IsEmpty;
    }
}
