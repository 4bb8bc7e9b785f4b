using Hud.Elf;

namespace Hud.Unwinding.Tests;

public sealed class UnwindTableCacheTests
{
    private static UnwindTable Table()
    {
        var program = new TinyProgram();
        for (var i = 0; i < 100; i++)
        {
            program.Function(i * 32, 16, [0x0e, 16]);
        }

        Assert.True(ElfFile.TryOpen(new MemoryByteSource(program.Image()), out var elf, out _));
        return UnwindTable.Build(elf);
    }

    [Fact]
    public void A_table_is_built_once_per_key()
    {
        var cache = new UnwindTableCache();
        var first = cache.GetOrBuild("a", Table);
        Assert.Same(first, cache.GetOrBuild("a", () => throw new InvalidOperationException("built twice")));
        Assert.Equal((1L, 1L), (cache.Hits, cache.Misses));
        Assert.Equal(first.MemoryBytes, cache.Bytes);
        Assert.True(first.MemoryBytes >= 6 * first.Facts.Rows);
    }

    [Fact]
    public void A_file_that_claims_the_build_id_of_another_gets_a_table_of_its_own()
    {
        var bytes = File.ReadAllBytes(Environment.ProcessPath!);
        var honest = Open(bytes);
        var liar = (byte[])bytes.Clone();
        var frames = honest.FindSection(".eh_frame")!;
        liar[(int)frames.Offset + ((int)frames.Size / 2)] ^= 0xff;
        var cache = new UnwindTableCache();

        Assert.Equal(honest.BuildId, Open(liar).BuildId);
        Assert.Same(cache.Of(honest), cache.Of(Open(bytes)));
        Assert.NotSame(cache.Of(honest), cache.Of(Open(liar)));

        static ElfFile Open(byte[] bytes)
        {
            Assert.True(ElfFile.TryOpen(new MemoryByteSource(bytes), out var elf, out var error), error);
            return elf;
        }
    }

    [Fact]
    public void The_least_recently_used_table_leaves_when_the_bound_is_passed()
    {
        var size = Table().MemoryBytes;
        var cache = new UnwindTableCache((size * 2) + 10);
        cache.GetOrBuild("a", Table);
        cache.GetOrBuild("b", Table);
        cache.GetOrBuild("a", Table);
        cache.GetOrBuild("c", Table);

        Assert.True(cache.TryGet("a", out _));
        Assert.False(cache.TryGet("b", out _));
        Assert.True(cache.TryGet("c", out _));
        Assert.Equal(1, cache.Evictions);
        Assert.True(cache.Bytes <= (size * 2) + 10);
    }

    [Fact]
    public void A_table_beyond_the_bound_is_given_and_not_kept()
    {
        var cache = new UnwindTableCache(16);
        Assert.False(cache.GetOrBuild("a", Table).IsEmpty);
        Assert.Equal((0, 0L), (cache.Count, cache.Bytes));
    }
}
