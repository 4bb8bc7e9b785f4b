using System.Text.RegularExpressions;
using Hud.Elf;

namespace Hud.Symbolization.Tests;

/// <summary>Every Rust symbol of large programs on this machine, and the same against binutils' demangler.</summary>
public partial class EverySymbolTests
{
    private static readonly Lazy<string> Sysroot = new(() => Helper.Run("rustc", "--print sysroot").Trim());

    private static string Cargo => Path.Combine(Sysroot.Value, "bin", "cargo");

    private static string Driver =>
        Directory.GetFiles(Path.Combine(Sysroot.Value, "lib"), "librustc_driver*.so").FirstOrDefault() ?? "";

    [Fact]
    public void Every_symbol_of_the_compilers_library_demangles() => Check(Driver, atLeast: 50_000);

    [Fact]
    public void Every_symbol_of_cargo_demangles() => Check(Cargo, atLeast: 10_000);

    [Fact]
    public void Every_symbol_of_the_test_programs_demangles()
    {
        Check(Programs.RustLines, atLeast: 500);
        Check(Programs.RustFull, atLeast: 500);
    }

    [Theory]
    [InlineData(1 << 20)]
    public void No_symbol_of_any_length_is_thrown_at(int length)
    {
        Assert.Equal(length, Demangler.Demangle(new string('_', length)).Length);
        Assert.False(RustDemangler.TryDemangle("_RNvC" + new string('9', length), RustStyle.Full, out _));
        _ = Demangler.Demangle("_ZN" + string.Concat(Enumerable.Repeat("1a", length)) + "E");
    }

    private static void Check(string path, int atLeast)
    {
        if (!File.Exists(path))
        {
            Missing.Tool("the Rust toolchain's " + (path.Length == 0 ? "driver library" : Path.GetFileName(path)));
        }

        var symbols = Symbols(path);
        Assert.True(symbols.Count >= atLeast, $"only {symbols.Count} Rust symbols");
        var failed = symbols
            .Where(s => !RustDemangler.TryDemangle(s, RustStyle.Short, out var name) || name.Length == 0)
            .ToList();
        Assert.True(failed.Count == 0, $"{failed.Count} of {symbols.Count}: {string.Join("\n", failed.Take(5))}");
        Compare(path, symbols);
    }

    /// <summary>The two agree apart from what is listed here, each with its reason.</summary>
    private static void Compare(string path, List<string> symbols)
    {
        var theirs = Helper.Run("c++filt", "-s rust", string.Join("\n", symbols) + "\n").Split('\n');
        var differences = new List<string>();
        int same = 0,
            refused = 0,
            cut = 0;
        for (var i = 0; i < symbols.Count; i++)
        {
            _ = RustDemangler.TryDemangle(symbols[i], RustStyle.Full, out var ours);
            if (ours == theirs[i])
            {
                same++;
            }
            else if (theirs[i] == symbols[i])
            {
                refused++; // constants of string, array and struct types and pattern types are younger than binutils 2.40
            }
            else if (ours.EndsWith(DemangleLimits.Cut, StringComparison.Ordinal))
            {
                cut++;
            }
            else if (Relaxed(ours) != Relaxed(theirs[i]))
            {
                differences.Add($"{symbols[i]}\n  ours   {ours}\n  theirs {theirs[i]}");
            }
        }

        TestContext.Current.SendDiagnosticMessage(
            $"{Path.GetFileName(path)}: {symbols.Count} symbols, {same} as c++filt, {refused} that it refuses, {cut} cut, {differences.Count} differ"
        );
        Assert.True(differences.Count == 0, $"{differences.Count}:\n{string.Join("\n", differences.Take(5))}");
    }

    /// <summary>Where binutils 2.40 and the reference implementation part, this follows the reference: a constant is <c>8usize</c>
    /// and not <c>8: usize</c>, <c>true</c> and not <c>true: bool</c>; a crate without a disambiguator is not <c>f16[0]</c>; the
    /// optimizers' <c>.specialized.1</c> and <c>.warm</c> are kept; and 128-bit constants keep their first digit.</summary>
    private static string Relaxed(string name)
    {
        var text = ConstantType().Replace(name.Replace("[0]", "", StringComparison.Ordinal), "");
        text = WideConstant().Replace(text, "0x");
        return OptimizerCopy().Replace(text, "");
    }

    [GeneratedRegex("0x[0-9a-f]+_?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex WideConstant();

    [GeneratedRegex(
        @"(\.(llvm|specialized|warm|cold|part|constprop)(\.[0-9A-F]+)?)+$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex OptimizerCopy();

    [GeneratedRegex(
        "(: (bool|char))|((?<=[0-9a-f_]+)(: )?[iu](8|16|32|64|128|size))(?=[,;>\\]}) ])",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex ConstantType();

    internal static List<string> Symbols(string path)
    {
        Assert.True(FileByteSource.TryOpen(path, out var source, out var error), error);
        using (source)
        {
            Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var function in elf.Functions.Functions)
            {
                var name = elf.Functions.NameOf(function);
                if (
                    name.StartsWith("_R", StringComparison.Ordinal)
                    || (
                        name.StartsWith("_ZN", StringComparison.Ordinal)
                        && name.Contains("17h", StringComparison.Ordinal)
                    )
                )
                {
                    names.Add(name);
                }
            }

            return [.. names];
        }
    }
}
