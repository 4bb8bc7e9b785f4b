using Hud.Tests.Support;

namespace Hud.Symbolization.Tests;

public sealed class KernelSymbolsFuzzTests
{
    [Fact]
    public void Damaged_lines_are_left_out() =>
        Fuzz.Run(
            "kallsyms",
            [
                "ffffffff810f3d50 T __futex_wait\nffffffffc0401000 t nf_hook [nf_tables]\nffffffffc0401010 d data\n"u8.ToArray(),
            ],
            (bytes, random) =>
            {
                var symbols = KernelSymbols.Parse(new MemoryStream(bytes));
                Assert.InRange(symbols.Count, 0, bytes.Length / 4);
                if (symbols.TryFind(KernelSymbols.FirstAddress + (ulong)random.NextInt64(), out var name))
                {
                    Assert.InRange(name.Length, 1, KernelSymbols.MaxName);
                }
            }
        );
}
