using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Hud.Elf.Tests;

/// <summary>A program linked with packed relative relocations, against readelf and against itself linked without.</summary>
public sealed partial class RelrTests
{
    private const string Source = """
        static int f0(void) { return 0; } static int f1(void) { return 1; } static int f2(void) { return 2; }
        #define R(f) f, f, 0, f
        int (*table[])(void) = { R(f0), R(f1), R(f2), R(f0), R(f1), R(f2), R(f0), R(f1), R(f2), R(f0), R(f1), R(f2), R(f0), R(f1), R(f2), R(f0), R(f1), R(f2) };
        int main(int c, char **v) { (void)v; return table[c](); }
        """;

    [Fact]
    public void Packed_relocations_name_the_same_words_as_readelf_and_the_same_functions_as_plain_ones()
    {
        var folder = Directory.CreateTempSubdirectory("hud-relr-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.c"), Source);
            var packed = Link(folder, "packed", "-Wl,-z,pack-relative-relocs");
            var plain = Link(folder, "plain", "-Wl,-z,nopack-relative-relocs");
            var words = Relocations(packed).ToDictionary(r => r.Where, r => r.Value);
            var text = Readelf(Path.Combine(folder, "packed"));

            var listed = Offsets()
                .Matches(text[text.IndexOf(".relr.dyn", StringComparison.Ordinal)..])
                .Select(m => ulong.Parse(m.Value, NumberStyles.HexNumber, null))
                .ToArray();
            Assert.True(listed.Length > 54, $"{listed.Length} packed words");
            Assert.All(listed, where => Assert.Contains(where, words.Keys));
            Assert.Equal(Pointers(packed), Pointers(plain));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ElfFile Link(string folder, string name, string option)
    {
        var path = Path.Combine(folder, name);
        if (Tools.Run(["gcc", "-O1", option, "-o", path, Path.Combine(folder, "a.c")], []) is { } failure)
        {
            Missing.Because(failure);
        }

        Assert.True(ElfFile.TryOpen(new MemoryByteSource(File.ReadAllBytes(path)), out var elf, out var error), error);
        return elf;
    }

    // How many words point at each of the program's own functions.
    private static Dictionary<string, int> Pointers(ElfFile elf) =>
        elf.RelativeRelocations()
            .Select(r =>
                elf.Functions.TryFind(r.Value, out var f) && f.Address == r.Value ? elf.Functions.NameOf(f) : ""
            )
            .Where(n => n is ['f', _])
            .GroupBy(n => n, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    private static IEnumerable<(ulong Where, ulong Value)> Relocations(ElfFile elf) =>
        elf.RelativeRelocations().DistinctBy(r => r.Where);

    private static string Readelf(string path)
    {
        using var process = Process.Start(
            new ProcessStartInfo("readelf", ["-rW", path]) { UseShellExecute = false, RedirectStandardOutput = true }
        )!;
        return process.StandardOutput.ReadToEnd();
    }

    [GeneratedRegex(@"^[0-9a-f]{16}$", RegexOptions.Multiline, 2000)]
    private static partial Regex Offsets();
}
