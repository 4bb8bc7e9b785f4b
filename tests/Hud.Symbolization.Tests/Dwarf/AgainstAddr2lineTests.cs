using System.Globalization;
using Hud.Elf;

namespace Hud.Symbolization.Tests;

/// <summary>Functions, files and lines of at least a thousand addresses of each program, as addr2line gives them: LLVM's and binutils', two
/// readers of DWARF that share no code with libdw or each other. binutils 2.40 names the innermost function by its symbol where
/// that starts at the same place, and leaves out some inlined calls, so LLVM's is the stricter answer.</summary>
public class AgainstAddr2lineTests
{
    private sealed record Line(string Function, string File, int Number);

    public static TheoryData<string> All => ["RustLines", "RustFull", "RustFive"];

    [Theory]
    [MemberData(nameof(All))]
    public void Rust_programs_agree(string which) => Compare(Path(which), 3000, 0.99);

    [Theory]
    [InlineData("CFive")]
    [InlineData("CFour")]
    public void C_programs_agree(string which) => Compare(Path(which), 1000, 0.99);

    private static string Path(string which) =>
        which switch
        {
            "RustLines" => Programs.RustLines,
            "RustFull" => Programs.RustFull,
            "RustFive" => Programs.RustFive,
            "CFive" => Programs.CFive,
            _ => Programs.CFour,
        };

    private static void Compare(string program, int atLeast, double share)
    {
        var addresses = Addresses(program, 3000);
        Assert.True(addresses.Length >= atLeast, $"only {addresses.Length} addresses");
        var binutils = Addr2line("addr2line", program, addresses);
        var llvm = Addr2line("llvm-addr2line-19", program, addresses);
        using var file = File.OpenHandle(program);
        var request = new SymbolizerRequest(1, file, null, null, "", program, true, []);
        var dwarf = DwarfFile.Open(request, mayDownload: false, out var error);
        Assert.True(dwarf is not null, error);
        using (dwarf)
        {
            var differences = new List<string>();
            int asBinutils = 0,
                asLlvm = 0;
            for (var i = 0; i < addresses.Length; i++)
            {
                var ours = dwarf.Find(addresses[i]).Frames.Select(f => new Line(f.Name, f.File, f.Line)).ToList();
                bool first = Same(ours, binutils[i]),
                    second = Same(ours, llvm[i]);
                asBinutils += first ? 1 : 0;
                asLlvm += second ? 1 : 0;
                if (!first && !second)
                {
                    differences.Add(
                        $"{addresses[i]:x}\n  ours {Text(ours)}\n  binutils {Text(binutils[i])}\n  llvm {Text(llvm[i])}"
                    );
                }
            }

            var summary =
                $"{System.IO.Path.GetFileName(program)}: of {addresses.Length} addresses {asLlvm} as LLVM, {asBinutils} as binutils, {differences.Count} as neither";
            TestContext.Current.SendDiagnosticMessage(summary);
            Assert.True(
                differences.Count <= addresses.Length * (1 - share),
                string.Join("\n", differences.Prepend(summary).Take(6))
            );
        }
    }

    private static string Text(List<Line> lines) =>
        string.Concat(lines.Select(l => $"\n    {l.Function} {l.File}:{l.Number}"));

    private static bool Same(List<Line> ours, List<Line> theirs)
    {
        // a symbol without debug information: the place is unknown, or the linker's word for the object file
        if (theirs is [{ Number: 0 } only] && !only.File.Contains('/', StringComparison.Ordinal))
        {
            return ours.Count == 0;
        }

        if (ours.Count != theirs.Count)
        {
            return false;
        }

        for (var i = 0; i < ours.Count; i++)
        {
            // addr2line says "?" for line 0 and may give the symbol for the physical function
            var sameName =
                ours[i].Function == theirs[i].Function || (i == ours.Count - 1 && theirs[i].Function.Length > 0);
            if (
                !sameName
                || ours[i].Number != theirs[i].Number
                || (ours[i].Number > 0 && Normal(ours[i].File) != Normal(theirs[i].File))
            )
            {
                return false;
            }
        }

        return true;
    }

    private static string Normal(string path) => System.IO.Path.GetFullPath(path.Length == 0 ? "/" : path);

    /// <summary>Spread evenly over the functions of the program itself and of std.</summary>
    internal static ulong[] Addresses(string program, int count)
    {
        Assert.True(FileByteSource.TryOpen(program, out var source, out var error), error);
        using (source)
        {
            Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
            var all = new List<ulong>();
            foreach (var function in elf.Functions.Functions)
            {
                for (ulong at = 0; at < function.Size; at++)
                {
                    all.Add(function.Address + at);
                }
            }

            var distinct = all.Distinct().ToArray();
            var step = Math.Max(1, distinct.Length / count);
            return [.. distinct.Where((_, i) => i % step == 0)];
        }
    }

    private static List<Line>[] Addr2line(string tool, string program, ulong[] addresses)
    {
        var input = string.Join("\n", addresses.Select(a => "0x" + a.ToString("x"))) + "\n";
        var output = Helper.Run(tool, $"-a -f -i -e {program}", input);
        var result = new List<List<Line>>();
        var lines = output.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("0x", StringComparison.Ordinal))
            {
                result.Add([]);
            }
            else if (lines[i].Length > 0 && i + 1 < lines.Length)
            {
                var function = lines[i];
                var place = lines[++i].Split(" (discriminator", 2)[0];
                var colon = place.LastIndexOf(':');
                _ = int.TryParse(
                    place.AsSpan(colon + 1),
                    NumberStyles.Integer,
                    CultureInfo.InvariantCulture,
                    out var number
                );
                if (function != "??")
                {
                    result[^1].Add(new Line(function, place[..colon], number));
                }
            }
        }

        Assert.Equal(addresses.Length, result.Count);
        return [.. result];
    }
}
