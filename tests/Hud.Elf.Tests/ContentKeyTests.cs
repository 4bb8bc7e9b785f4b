using Hud.Core;

namespace Hud.Elf.Tests;

/// <summary>Two files share tables and names only where what these are made of is the same.</summary>
public sealed class ContentKeyTests
{
    private const int Data = 64 + 56;

    /// <summary>A file without section headers is unwound with its segments, so their bytes count.</summary>
    private static byte[] Program(byte last = 0, bool writable = false)
    {
        byte[] file = new byte[1 << 17];
        TinyElf.Header(file, machine: 62, segments: 1);
        TinyElf.Segment(file, 0, type: 1, flags: writable ? 6u : 5u, 0, 0x400000, (ulong)file.Length);
        file[^1] = last;
        return file;
    }

    private static string KeyOf(byte[] file)
    {
        Assert.True(ElfFile.TryOpen(new MemoryByteSource(file), out var elf, out string error), error);
        return elf.ContentKey;
    }

    [Fact]
    public void The_same_bytes_have_the_same_key() => Assert.Equal(KeyOf(Program()), KeyOf(Program()));

    [Theory]
    [InlineData(Data)]
    [InlineData(0x10000)]
    [InlineData((1 << 17) - 1)]
    public void One_byte_that_tables_are_made_of_makes_another(int at)
    {
        byte[] other = Program();
        other[at] ^= 1;
        Assert.NotEqual(KeyOf(Program()), KeyOf(other));
    }

    [Fact]
    public void What_a_program_may_write_does_not_count() =>
        Assert.Equal(KeyOf(Program(writable: true)), KeyOf(Program(last: 1, writable: true)));

    [Fact]
    public void A_longer_file_has_another() => Assert.NotEqual(KeyOf(Program()), KeyOf([.. Program(), 0]));

    /// <summary>The build id, the entry and the rest of the headers.</summary>
    [Fact]
    public void Headers_count()
    {
        byte[] other = Program();
        other[24] = 1; // e_entry
        Assert.NotEqual(KeyOf(Program()), KeyOf(other));
    }

    /// <summary>A hash that others could compute is one that they could aim at.</summary>
    [Fact]
    public void The_hash_is_none_that_is_known_outside()
    {
        var hash = new SecretHash();
        hash.Append([1, 2, 3]);
        string first = hash.Finish();
        hash.Append([1, 2, 3]);
        Assert.Equal(first, hash.Finish());
        Assert.Equal(32, first.Length);
        Assert.DoesNotContain(first, Sha256.Of([1, 2, 3]), StringComparison.Ordinal);
    }
}
