using System.Text;

namespace Hud.Symbolization.Tests;

public class KernelSymbolsTests
{
    private const string Text = """
        ffffffff81200000 T do_fsync
        ffffffff81100000 T futex_wait
        ffffffff81100400 t futex_wait_queue
        ffffffff81300000 D some_data
        ffffffffc0401000 t nf_hook	[nf_tables]
        0000000000001000 A percpu
        nonsense
        ffffffff81400000
        """;

    private static KernelSymbols Parse(string text) =>
        KernelSymbols.Parse(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(0xffffffff81100000, "futex_wait")]
    [InlineData(0xffffffff811003ff, "futex_wait")]
    [InlineData(0xffffffff81100400, "futex_wait_queue")]
    [InlineData(0xffffffff81200010, "do_fsync")]
    [InlineData(0xffffffffc0401004, "nf_hook")]
    public void The_function_before_an_address_is_its_name(ulong address, string name)
    {
        Assert.True(Parse(Text).TryFind(address, out var found));
        Assert.Equal(name, found);
    }

    [Fact]
    public void Each_of_many_names_is_found_whatever_their_order()
    {
        var random = new Random(7);
        var numbers = Enumerable.Range(0, 30_000).ToArray();
        random.Shuffle(numbers);
        static string Name(int i) => $"function_{i}_{new string('x', i % 90)}";
        var symbols = Parse(
            string.Concat(numbers.Select(i => $"{0xffffffff81000000 + ((ulong)i * 16):x} T {Name(i)}\n"))
        );
        Assert.Equal(numbers.Length, symbols.Count);
        foreach (var i in numbers)
        {
            Assert.True(symbols.TryFind(0xffffffff81000003 + ((ulong)i * 16), out var name));
            Assert.Equal(Name(i), name);
        }
    }

    [Fact]
    public void User_addresses_and_addresses_before_the_first_have_none()
    {
        Assert.False(Parse(Text).TryFind(0x1000, out _));
        Assert.False(Parse(Text).TryFind(0xffffffff80000000, out _));
    }

    [Fact]
    public void Zeroed_addresses_mean_no_names() =>
        Assert.Equal(0, Parse("0000000000000000 T do_fsync\n0000000000000000 t futex_wait\n").Count);

    [Fact]
    public void An_unreadable_file_means_no_names() =>
        Assert.Same(KernelSymbols.None, KernelSymbols.Load("/does/not/exist"));

    [Fact]
    public void Long_lines_and_any_bytes_are_survived()
    {
        var random = new Random(3);
        var bytes = new byte[200_000];
        random.NextBytes(bytes);
        _ = KernelSymbols.Parse(new MemoryStream(bytes));
        Assert.Equal(
            1,
            Parse("ffffffff81100000 T " + new string('a', 5_000_000) + "\nffffffff81100000 T futex_wait\n").Count
        );
    }
}
