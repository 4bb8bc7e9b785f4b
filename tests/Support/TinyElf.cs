using System.Buffers.Binary;

namespace Hud.Tests.Support;

/// <summary>Writes the smallest ELF files that show one feature.</summary>
internal static class TinyElf
{
    /// <summary>A shared library with one data segment holding <paramref name="words"/> at <paramref name="address"/>.</summary>
    public static byte[] WithRelr(ulong address, ulong[] relr, ulong[] words)
    {
        const int headers = 64 + (2 * 56);
        var dynamicAt = headers + (words.Length * 8);
        var relrAt = dynamicAt + (3 * 16);
        var file = new byte[relrAt + (relr.Length * 8)];
        Header(file, machine: 62, segments: 2);
        var bias = address - headers;
        Segment(file, 0, type: 1, flags: 6, (ulong)headers, address, (ulong)(file.Length - headers));
        Segment(file, 1, type: 2, flags: 6, (ulong)dynamicAt, bias + (ulong)dynamicAt, 3 * 16);
        Words(file, headers, words);
        Words(file, dynamicAt, [36, bias + (ulong)relrAt, 35, (ulong)relr.Length * 8, 0, 0]);
        Words(file, relrAt, relr);
        return file;
    }

    public static void Header(Span<byte> file, ushort machine, ushort segments)
    {
        "\u007fELF"u8.CopyTo(file);
        file[4] = 2;
        file[5] = 1;
        file[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(file[16..], 3);
        BinaryPrimitives.WriteUInt16LittleEndian(file[18..], machine);
        BinaryPrimitives.WriteUInt64LittleEndian(file[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file[56..], segments);
    }

    public static void Segment(
        Span<byte> file,
        int index,
        uint type,
        uint flags,
        ulong offset,
        ulong address,
        ulong size
    )
    {
        var p = file[(64 + (index * 56))..];
        BinaryPrimitives.WriteUInt32LittleEndian(p, type);
        BinaryPrimitives.WriteUInt32LittleEndian(p[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(p[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(p[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(p[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(p[32..], size);
        BinaryPrimitives.WriteUInt64LittleEndian(p[40..], size);
    }

    public static void Words(Span<byte> file, int at, ReadOnlySpan<ulong> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file[(at + (i * 8))..], words[i]);
        }
    }
}
