using System.Diagnostics;

namespace Hud.Elf.Tests;

/// <summary>Checked against readelf on files of this machine.</summary>
public sealed class ElfFileTests
{
    private static string SomeLibrary =>
        typeof(object).Assembly.Location.Replace(
            "System.Private.CoreLib.dll",
            "libcoreclr.so",
            StringComparison.Ordinal
        );

    public static TheoryData<string> Files => [SomeLibrary, "/bin/ls", "/bin/bash", "/lib/x86_64-linux-gnu/libc.so.6"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Headers_build_id_and_function_count_agree_with_readelf(string path)
    {
        using var source = Open(path, out var elf);
        var text = Readelf("-hlnW", path);

        Assert.Equal(ElfMachine.X64, elf.Machine);
        Assert.Contains($"Build ID: {elf.BuildId}", text, StringComparison.Ordinal);
        Assert.Equal(Count(text, "  LOAD  "), elf.LoadSegments.Length);
        Assert.Equal(
            elf.Interpreter is not null,
            text.Contains("[Requesting program interpreter: " + elf.Interpreter, StringComparison.Ordinal)
        );
        var functions = Readelf("-sW", path)
            .Split('\n')
            .Count(l =>
                (l.Contains(" FUNC ", StringComparison.Ordinal) || l.Contains(" IFUNC ", StringComparison.Ordinal))
                && !l.Contains(" UND ", StringComparison.Ordinal)
            );
        Assert.Equal(functions, elf.Functions.Count);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Relative_relocations_agree_with_readelf(string path)
    {
        using var source = Open(path, out var elf);
        var expected = Readelf("-rW", path)
            .Split('\n')
            .Where(l => l.Contains("R_X86_64_RELATIVE ", StringComparison.Ordinal))
            .Select(l =>
                (
                    Where: Convert.ToUInt64(l[..16], 16),
                    Value: Convert.ToUInt64(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1], 16)
                )
            );

        var actual = elf.RelativeRelocations().ToHashSet();
        Assert.All(expected, pair => Assert.Contains(pair, actual));
    }

    [Fact]
    public void A_symbol_is_found_by_any_address_inside_it()
    {
        using var source = Open("/lib/x86_64-linux-gnu/libc.so.6", out var elf);
        var malloc = elf.Functions.Functions.ToArray().First(f => elf.Functions.NameOf(f) == "malloc");

        Assert.True(elf.Functions.TryFind(malloc.Address + malloc.Size - 1, out var found));
        Assert.Equal(malloc.Address, found.Address);
        Assert.True(elf.TryAddressToFileOffset(malloc.Address, out var offset));
        Assert.True(elf.TryTextOffsetToAddress(offset, out var address));
        Assert.Equal(malloc.Address, address);
    }

    [Fact]
    public void Functions_are_found_without_section_headers()
    {
        var bytes = File.ReadAllBytes("/lib/x86_64-linux-gnu/libc.so.6");
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(bytes), out var whole, out _));
        bytes.AsSpan(40, 8).Clear(); // e_shoff
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(bytes), out var elf, out _));

        Assert.Empty(elf.Sections);
        Assert.Equal(whole.BuildId, elf.BuildId);
        var dynamicOnly = whole.Functions.Functions.ToArray().Count(f => f.NameRef >= 0x8000_0000);
        Assert.Equal(dynamicOnly, elf.Functions.Count);
        Assert.Equal(whole.RelativeRelocations().Count(), elf.RelativeRelocations().Count());
        Assert.Contains(elf.Functions.Functions.ToArray(), f => elf.Functions.NameOf(f) == "malloc");
    }

    [Fact]
    public void Foreign_files_are_refused_with_the_reason()
    {
        var bytes = File.ReadAllBytes("/bin/ls");
        Assert.Equal(ElfProblem.NotElf, ElfFile.Open(new MemoryByteSource("#!/bin/sh\n"u8.ToArray())).Problem);
        Assert.Equal(ElfProblem.NotElf, ElfFile.Open(new MemoryByteSource(Array.Empty<byte>())).Problem);
        Assert.Equal(ElfProblem.Truncated, ElfFile.Open(new MemoryByteSource(bytes.AsMemory(0, 40))).Problem);
        Assert.Equal(ElfProblem.ThirtyTwoBit, With(bytes, 4, 1));
        Assert.Equal(ElfProblem.BigEndian, With(bytes, 5, 2));
        Assert.Equal(ElfProblem.ForeignMachine, With(bytes, 18, 243));
        Assert.Equal(ElfProblem.ForeignType, With(bytes, 16, 4));
        Assert.Equal(ElfProblem.Malformed, With(bytes, 54, 1));
    }

    [Fact]
    public void Segments_that_share_a_file_page_keep_their_own_bias()
    {
        var image = new byte[0x4000];
        TinyElf.Header(image, machine: 62, segments: 2);
        TinyElf.Segment(image, 0, type: 1, flags: 5, 0x1000, 0x1000, 0x1800);
        TinyElf.Segment(image, 1, type: 1, flags: 5, 0x2800, 0x12800, 0x1000);
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(image), out var elf, out _));

        Assert.True(elf.TryLoadBias(0x7000_0000_1000, 0x1000, 0x2000, executable: true, out var first));
        Assert.True(elf.TryLoadBias(0x7000_0001_2000, 0x2000, 0x2000, executable: true, out var second));
        Assert.Equal((0x7000_0000_0000ul, 0x7000_0000_0000ul), (first, second));
        Assert.False(elf.TryLoadBias(0x7000_0000_0000, 0, 0x1000, executable: true, out _));
    }

    [Fact]
    public void Relr_names_the_words_of_its_bitmap()
    {
        // Words at 0x1000.. of a data segment; RELR = address 0x1000, then a bitmap of words 1 and 3 after it.
        var image = TinyElf.WithRelr(0x1000, [0x1000, (0b101 << 1) | 1], [0x2000, 0x2008, 0, 0x2010]);
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(image), out var elf, out var error), error);
        Assert.Equal([(0x1000ul, 0x2000ul), (0x1008ul, 0x2008ul), (0x1018ul, 0x2010ul)], elf.RelativeRelocations());
    }

    private static ElfProblem With(byte[] bytes, int at, byte value)
    {
        var copy = (byte[])bytes.Clone();
        copy[at] = value;
        return ElfFile.Open(new MemoryByteSource(copy)).Problem;
    }

    private static FileByteSource Open(string path, out ElfFile elf)
    {
        Assert.True(FileByteSource.TryOpen(path, out var source, out var error), error);
        Assert.True(ElfFile.TryOpen(source, out var opened, out error), error);
        elf = opened;
        return source;
    }

    private static int Count(string text, string what) => text.Split(what).Length - 1;

    private static string Readelf(string options, string path)
    {
        if (!File.Exists("/usr/bin/readelf"))
        {
            Missing.Tool("readelf");
        }

        using var process = Process.Start(
            new ProcessStartInfo("/usr/bin/readelf", [options, path])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        return process.StandardOutput.ReadToEnd();
    }
}
