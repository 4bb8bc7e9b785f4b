using System.Buffers.Binary;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

/// <summary>
/// A library of 4 KB of code at ELF address 0x1000 with hand-written frame records and no section headers, mapped at
/// <see cref="Base"/>; beside it generated code and a page of probes.
/// </summary>
internal sealed class TinyProgram(ElfMachine machine = ElfMachine.X64)
{
    public const ulong Base = 0x7f00_0000_0000;
    public const ulong Jit = 0x7f11_0000_0000;
    public const ulong Trampoline = 0x7fff_ffff_e000;
    private const int TextAt = 0x1000;

    private readonly byte[] _text = new byte[0x1000];
    private readonly List<(int Start, int Length, byte[] Program, bool Signal)> _functions = [];

    /// <summary>Run-time address of an offset in the code.</summary>
    public static ulong At(int offset) => Base + TextAt + (ulong)offset;

    /// <summary>A function with call frame instructions after "CFA = rsp + 8" (x86-64) or "CFA = sp" (aarch64).</summary>
    public TinyProgram Function(int start, int length, byte[] program, bool signal = false)
    {
        _functions.Add((start, length, program, signal));
        return this;
    }

    /// <summary>Puts a CALL that ends at the offset; gives the return address.</summary>
    public ulong Call(int returnOffset)
    {
        _text[returnOffset - 5] = 0xe8;
        BinaryPrimitives.WriteInt32LittleEndian(_text.AsSpan(returnOffset - 4), -16);
        return At(returnOffset);
    }

    public void Code(int offset, uint instruction) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_text.AsSpan(offset), instruction);

    public byte[] Image()
    {
        var frames = Frames(out var header);
        var file = new byte[TextAt + _text.Length + frames.Length + header.Length];
        TinyElf.Header(file, (ushort)machine, segments: 2);
        TinyElf.Segment(file, 0, type: 1, flags: 5, 0, 0, (ulong)file.Length);
        TinyElf.Segment(
            file,
            1,
            type: 0x6474e550,
            flags: 4,
            (ulong)(file.Length - header.Length),
            (ulong)(file.Length - header.Length),
            (ulong)header.Length
        );
        _text.CopyTo(file, TextAt);
        frames.CopyTo(file, TextAt + _text.Length);
        header.CopyTo(file, TextAt + _text.Length + frames.Length);
        return file;
    }

    public ModuleMap Map()
    {
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(Image()), out var elf, out var error), error);
        var table = UnwindTable.Build(elf);
        Assert.Equal(0, table.Facts.MalformedRecords);
        var maps = MapsParser.Parse(
            $"""
            {Base:x}-{Base + 0x10000:x} r-xp 00000000 08:01 7 /lib/tiny.so
            {Jit:x}-{Jit + 0x1000:x} r-xp 00000000 00:00 0
            {Trampoline:x}-{Trampoline + 0x1000:x} --xp 00000000 00:00 0 [uprobes]
            """
        );
        Assert.Equal(3, maps.Mappings.Count);
        return new ModuleMap(new AddressSpaceMap(maps.Mappings), m => Module.From(m, elf, table));
    }

    public static byte[] Stack(params ReadOnlySpan<ulong> words)
    {
        var bytes = new byte[words.Length * 8];
        TinyElf.Words(bytes, 0, words);
        return bytes;
    }

    private byte[] Frames(out byte[] header)
    {
        var bytes = new List<byte>();
        var commonAt = new[] { 0, 0 };
        byte[] initial = machine == ElfMachine.X64 ? [0x0c, 7, 8, 0x80 | 16, 1] : [0x0c, 31, 0];
        for (var i = 0; i < 2; i++)
        {
            commonAt[i] = bytes.Count;
            Record(
                bytes,
                [
                    0,
                    0,
                    0,
                    0,
                    1,
                    .. i == 0 ? "zR\0"u8 : "zRS\0"u8,
                    1,
                    0x78,
                    machine == ElfMachine.X64 ? (byte)16 : (byte)30,
                    1,
                    0x1b,
                    .. initial,
                ]
            );
        }

        foreach (var (start, length, program, signal) in _functions)
        {
            var at = bytes.Count;
            var head = new byte[12];
            BinaryPrimitives.WriteInt32LittleEndian(head, at + 4 - commonAt[signal ? 1 : 0]);
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), start - (_text.Length + at + 8));
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), length);
            Record(bytes, [.. head, 0, .. program]);
        }

        bytes.AddRange([0, 0, 0, 0]);
        header = new byte[8];
        header[0] = 1;
        header[1] = 0x1b;
        header[2] = header[3] = 0xff;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), -(bytes.Count + 4));
        return [.. bytes];
    }

    private static void Record(List<byte> into, byte[] body)
    {
        var padded = (body.Length + 3) & ~3;
        into.AddRange(BitConverter.GetBytes(padded));
        into.AddRange(body);
        into.AddRange(new byte[padded - body.Length]);
    }
}
