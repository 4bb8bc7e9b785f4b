using System.Diagnostics;
using System.Globalization;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

/// <summary>
/// Every row of real files, compared with readelf's own interpretation of .eh_frame:
/// <code>
/// 00000018 0000000000000014 0000001c FDE cie=00000000 pc=0000000000001080..00000000000010a2
///    LOC           CFA      rbx   rbp   ra
/// 0000000000001080 rsp+8    u     c-16  c-8
/// </code>
/// </summary>
public sealed class ReadelfRowsTests
{
    private static readonly string[] Names =
    [
        "rax",
        "rdx",
        "rcx",
        "rbx",
        "rsi",
        "rdi",
        "rbp",
        "rsp",
        "r8",
        "r9",
        "r10",
        "r11",
        "r12",
        "r13",
        "r14",
        "r15",
        "ra",
    ];

    [Theory]
    [InlineData("/lib/x86_64-linux-gnu/libc.so.6")]
    [InlineData("/lib64/ld-linux-x86-64.so.2")]
    [InlineData("/bin/bash")]
    [InlineData("/usr/bin/python3")]
    [InlineData("/usr/lib/x86_64-linux-gnu/libcrypto.so.3")]
    public void Rows_are_those_that_readelf_prints(string path)
    {
        if (!File.Exists(path) || !File.Exists("/usr/bin/readelf"))
        {
            Missing.Because($"{path} or readelf is not here");
        }

        Assert.True(FileByteSource.TryOpen(path, out var source, out var error), error);
        using var owned = source;
        Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
        var table = UnwindTable.Build(elf);
        using var process = Process.Start(
            new ProcessStartInfo("/usr/bin/readelf", ["-wF", path])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        string[] columns = [];
        var rows = 0;
        var inFunction = false;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Contains("FDE") || words.Contains("CIE"))
            {
                inFunction = words.Contains("FDE");
            }
            else if (words is ["LOC", ..])
            {
                columns = inFunction ? words : [];
            }
            else if (
                words.Length > 2
                && words.Length == columns.Length
                && words[0].Length == 16
                && ulong.TryParse(words[0], NumberStyles.HexNumber, null, out var pc)
            )
            {
                rows++;
                Assert.True(Matches(table, pc, columns, words), $"{line}\nhas {Describe(table, pc)}");
            }
        }

        TestContext.Current.SendDiagnosticMessage("{0}: {1} rows compared", path, rows);
        Assert.True(rows > 500, $"{rows} rows");
        Assert.Equal(0, table.Facts.MalformedRecords);
    }

    private static bool Matches(UnwindTable table, ulong pc, string[] columns, string[] words)
    {
        if (!table.TryFind(pc, out var rule, out _) || Cfa(rule) != words[1])
        {
            return false;
        }

        for (var i = 2; i < columns.Length; i++)
        {
            var register = Array.IndexOf(Names, columns[i]);
            if (register >= 0 && words[i] != "u" && words[i] != Value(rule, register))
            {
                return false;
            }
        }

        return true;
    }

    private static string Cfa(UnwindRule rule) =>
        rule.Cfa.Kind == RuleKind.Expression ? "exp" : $"{Names[rule.Cfa.Register]}{rule.Cfa.Value:+0;-0;+0}";

    private static string Value(UnwindRule rule, int register)
    {
        var how = register == 16 ? rule.ReturnAddress : rule.Saved.FirstOrDefault(s => s.Register == register).Rule;
        return how.Kind switch
        {
            RuleKind.AtCfaOffset => $"c{how.Value:+0;-0;+0}",
            RuleKind.CfaOffset => $"v{how.Value:+0;-0;+0}",
            RuleKind.AtExpression => "exp",
            RuleKind.Expression => "vexp",
            RuleKind.Register => Names[how.Register],
            RuleKind.Undefined => "u",
            _ => "s",
        };
    }

    private static string Describe(UnwindTable table, ulong pc) =>
        table.TryFind(pc, out var rule, out _)
            ? $"{Cfa(rule)} {string.Join(' ', Enumerable.Range(0, 17).Select(r => $"{Names[r]}={Value(rule, r)}"))}"
            : "no row";
}
