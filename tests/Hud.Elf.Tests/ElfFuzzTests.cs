using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.Elf.Tests;

public sealed class ElfFuzzTests
{
    private static readonly string[] SeedFiles =
    [
        "/bin/true",
        "/bin/cat",
        "/lib64/ld-linux-x86-64.so.2",
        "/lib/x86_64-linux-gnu/libdl.so.2",
    ];

    [Fact]
    public void Damaged_files_never_throw_and_never_run_away()
    {
        List<byte[]> seeds =
        [
            TinyElf.WithRelr(0x1000, [0x1000, ulong.MaxValue, 0x1100, 3], new ulong[100]),
            .. SeedFiles.Where(File.Exists).Select(File.ReadAllBytes),
        ];
        Fuzz.Run("ELF files", seeds, (bytes, random) => TouchAll(new MemoryByteSource(bytes), random));
    }

    [Fact]
    public void A_terabyte_of_promises_costs_bounded_reading()
    {
        // Tables that claim to fill a sparse file of a terabyte, in every field that has a size.
        var head = new byte[4096];
        TinyElf.Header(head, machine: 62, segments: 4);
        const ulong Size = 1UL << 40;
        TinyElf.Segment(head, 0, type: 1, flags: 7, 0, 0, Size);
        TinyElf.Segment(head, 1, type: 2, flags: 6, 512, 512, Size);
        TinyElf.Segment(head, 2, type: 0x6474e550, flags: 4, 448, 448, Size);
        TinyElf.Segment(head, 3, type: 4, flags: 4, 4096, 4096, Size - 4096);
        head[448] = 1;
        head[449] = 0x03;
        TinyElf.Words(head, 452, [8192]);
        TinyElf.Words(head, 512, [7, 65536, 8, Size, 36, 65536, 35, Size, 6, 65536, 5, Size / 2, 10, Size, 0, 0]);
        foreach (var filler in new byte[] { 0, 1, 0xff })
        {
            var source = new Sparse(head, (long)Size, filler);
            TouchAll(source, new Random(1));
            TestContext.Current.SendDiagnosticMessage(
                "filled with {0:x2}: {1} MB read",
                filler,
                source.BytesRead / 1_000_000
            );
            Assert.True(source.BytesRead < 3L << 30, $"{source.BytesRead} bytes were read");
        }
    }

    private static void TouchAll(IByteSource source, Random random)
    {
        var result = ElfFile.Open(source);
        Assert.Equal(result.File is null, result.Problem != ElfProblem.None);
        if (result.File is not { } elf)
        {
            Assert.NotEmpty(result.Text);
            return;
        }

        _ = elf.BuildId;
        _ = elf.Interpreter;
        _ = elf.ContentKey;
        Assert.NotNull(TokioBinary.Discover(elf));
        TokioSignatures.Find(elf).TryName(elf.EntryPoint, out _);
        foreach (var function in elf.Functions.Functions[..Math.Min(200, elf.Functions.Count)])
        {
            elf.Functions.NameOf(function);
            elf.Functions.TryFind(function.Address + function.Size, out _);
        }

        Assert.True(elf.RelativeRelocations().LongCount() <= ElfLimits.MaxRelocations);
        foreach (var section in elf.Sections)
        {
            elf.TryReadSection(section, 1 << 20, out _);
        }

        Span<byte> few = stackalloc byte[16];
        var address = (ulong)random.NextInt64();
        elf.TryReadAt(address, few);
        elf.TryReadAt(ulong.MaxValue - 3, few);
        elf.TryLoadBias(address, address >> 3, 4096, true, out _);
        var table = UnwindTable.Build(elf);
        table.Covers(address);
        Assert.True(table.Facts.Rows <= 3 * StackLimits.MaxRows);
    }

    private sealed class Sparse(byte[] head, long length, byte filler) : IByteSource
    {
        public long BytesRead { get; private set; }

        public long Length => length;

        public int Read(long offset, Span<byte> destination)
        {
            var count = (int)Math.Min(destination.Length, length - offset);
            destination = destination[..count];
            destination.Fill(filler);
            if (offset < head.Length)
            {
                var from = head.AsSpan((int)offset);
                from[..Math.Min(from.Length, count)].CopyTo(destination);
            }

            BytesRead += count;
            return count;
        }
    }
}
