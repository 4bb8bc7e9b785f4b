using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Tokio.Tests;

/// <summary>The shape itself, on tiny programs linked to a fixed address.</summary>
public sealed class VtableShapeTests
{
    private const ulong Text = 0x401000;
    private const ulong Data = 0x402000;
    private static readonly ulong[] Pointers = [Text, Text + 8, Text + 16, Text + 24, Text + 32, Text + 40, Text + 48];

    internal static ElfFile Program(ulong[] words, byte[]? code = null)
    {
        const int headers = 64 + (2 * 56);
        code ??= new byte[64];
        byte[] file = new byte[headers + code.Length + (words.Length * 8)];
        TinyElf.Header(file, machine: 62, segments: 2);
        file[16] = 2; // ET_EXEC
        TinyElf.Segment(file, 0, type: 1, flags: 5, headers, Text, (ulong)code.Length);
        TinyElf.Segment(file, 1, type: 1, flags: 6, (ulong)(headers + code.Length), Data, (ulong)words.Length * 8);
        code.CopyTo(file, headers);
        TinyElf.Words(file, headers + code.Length, words);
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(file), out var elf, out string error), error);
        return elf;
    }

    [Theory]
    [InlineData(0x20, TaskKind.Blocking)] // 1.23 to 1.39: a zero-sized scheduler
    [InlineData(0x28, TaskKind.Async)] // an Arc
    [InlineData(0x30, TaskKind.Blocking)] // since 1.40: two words of hooks
    [InlineData(0x40, TaskKind.Blocking)] // and with Tokio's feature test-util two of a runtime's handle
    public void Seven_pointers_and_three_words_are_a_task(ulong id, TaskKind kind)
    {
        var found = VtableScanner.Scan(Program([0, .. Pointers, 0x100, 0x20, id, 0]));
        var vtable = Assert.Single(found);
        Assert.Equal(new TaskVtable(Data + 8, Text, Text + 8, Text + 16, Text + 48, 0x100, 0x20, (uint)id), vtable);
        Assert.Equal(kind, vtable.Kind);
    }

    [Theory]
    [InlineData(0x100, 0x10, 0x18)] // a scheduler inside the header
    [InlineData(0x100, 0x208, 0x210)] // or far behind it
    [InlineData(0x100, 0x20, 0x38)] // an id that isn't a neighbour
    [InlineData(0x100, 0x28, 0x20)] // or comes first
    [InlineData(0x20, 0x20, 0x28)] // a trailer before the id
    [InlineData(0x101, 0x20, 0x28)] // not aligned
    [InlineData(0x1000000, 0x20, 0x28)] // a task of 16 MiB
    [InlineData(0, 0, 0)]
    [InlineData(ulong.MaxValue, ulong.MaxValue - 8, ulong.MaxValue)]
    public void Other_words_are_not_a_task(ulong trailer, ulong scheduler, ulong id) =>
        Assert.Empty(VtableScanner.Scan(Program([.. Pointers, trailer, scheduler, id])));

    [Fact]
    public void Six_pointers_are_not_a_task() =>
        Assert.Empty(VtableScanner.Scan(Program([0, .. Pointers[1..], 0x100, 0x20, 0x28])));

    [Fact]
    public void Tables_at_every_place_of_a_large_segment_are_found_once()
    {
        const int every = 4099; // words; meets every place of the reader's 64 KiB chunks
        ulong[] words = new ulong[every * 40];
        for (int at = 0; at + 10 <= words.Length; at += every)
        {
            Pointers.CopyTo(words, at);
            ((ulong[])[0x100, 0x20, 0x28]).CopyTo(words, at + 7);
        }

        var found = VtableScanner.Scan(Program(words));
        Assert.Equal(
            Enumerable.Range(0, 40).Select(i => Data + ((ulong)(i * every) * 8)),
            found.Select(v => v.Address)
        );
    }

    [Fact]
    public void A_hostile_file_full_of_tables_is_bounded()
    {
        ulong[] words = new ulong[10 * (VtableScanner.MaxVtables + 500)];
        for (int at = 0; at < words.Length; at += 10)
        {
            Pointers.CopyTo(words, at);
            ((ulong[])[0x100, 0x20, 0x28]).CopyTo(words, at + 7);
        }

        Assert.Equal(VtableScanner.MaxVtables, VtableScanner.Scan(Program(words)).Count);
    }

    [Fact]
    public void Many_vtables_of_one_function_are_one_probe()
    {
        byte[] code = new byte[64];
        Array.Fill(code, (byte)0x55); // push %rbp
        var binary = TokioBinary.Discover(
            Program([.. Pointers, 0x100, 0x20, 0x28, .. Pointers, 0x100, 0x20, 0x28], code)
        );
        Assert.Single(binary.Types);
    }
}
