using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hud.Unwinding;

/// <summary>The captured part of a thread's stack: <c>Bytes[0]</c> lies at <c>Start</c>.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly ref struct StackMemory(ulong start, ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public ulong Start => start;

    public ulong End => start + (ulong)_bytes.Length;

    public bool TryRead(ulong address, out ulong value)
    {
        var into = address - start;
        if (into > (ulong)_bytes.Length || (ulong)_bytes.Length - into < 8)
        {
            value = 0;
            return false;
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[(int)into..]);
        return true;
    }
}
