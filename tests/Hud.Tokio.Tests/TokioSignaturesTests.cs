using Hud.Symbolization;

namespace Hud.Tokio.Tests;

public sealed class TokioSignaturesTests
{
    [Theory]
    [InlineData("tokio124-release")]
    [InlineData("tokio143-release")]
    [InlineData("tokio-new-release")]
    public void The_function_is_the_one_that_the_symbol_table_names_so_and_no_other(string set)
    {
        var elf = Workloads.Open(set, "block_in_place");
        var signatures = TokioSignatures.Find(elf);
        var recognised = elf
            .Functions.Functions.ToArray()
            .Where(f => signatures.TryName(f.Address, out _))
            .Select(f => Demangler.Demangle(elf.Functions.NameOf(f)))
            .ToList();
        Assert.NotEmpty(recognised);
        Assert.All(recognised, name => Assert.EndsWith("::worker::block_in_place", name, StringComparison.Ordinal));
        var function = elf.Functions.Functions.ToArray().First(f => signatures.TryName(f.Address, out _));
        Assert.True(signatures.TryName(function.Address + function.Size - 1, out string name));
        Assert.Equal(TokioSignatures.BlockInPlace, name);
        Assert.False(signatures.TryName(function.Address - 1, out _));
    }

    [Theory]
    [InlineData("tokio124-release", "tokio124-stripped")]
    [InlineData("tokio143-release", "tokio143-stripped")]
    public void Stripping_hides_nothing(string whole, string stripped)
    {
        var named = Workloads.Open(whole, "block_in_place");
        var (before, after) = (
            TokioSignatures.Find(named),
            TokioSignatures.Find(Workloads.Open(stripped, "block_in_place"))
        );
        Assert.All(
            named.Functions.Functions.ToArray(),
            f => Assert.Equal(before.TryName(f.Address, out _), after.TryName(f.Address, out _))
        );
    }

    [Fact]
    public void A_program_without_block_in_place_has_none()
    {
        var elf = Workloads.Open("tokio143-release", "cpu_hog");
        var signatures = TokioSignatures.Find(elf);
        Assert.DoesNotContain(elf.Functions.Functions.ToArray(), f => signatures.TryName(f.Address, out _));
    }
}
