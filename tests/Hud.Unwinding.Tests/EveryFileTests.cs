using System.Diagnostics;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

public sealed class EveryFileTests
{
    private static readonly EnumerationOptions Deep = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    [Fact]
    public void Every_file_of_the_system_is_opened_and_its_table_built()
    {
        var clock = Stopwatch.StartNew();
        int files = 0,
            elves = 0,
            malformed = 0;
        long rows = 0,
            memory = 0;
        foreach (
            var path in new[] { "/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu" }
                .Where(Directory.Exists)
                .SelectMany(d => Directory.EnumerateFiles(d, "*", Deep))
        )
        {
            if (!FileByteSource.TryOpen(path, out var source, out _))
            {
                continue;
            }

            using var owned = source;
            files++;
            if (!ElfFile.TryOpen(source, out var elf, out _))
            {
                continue;
            }

            elves++;
            _ = elf.BuildId;
            var table = UnwindTable.Build(elf);
            rows += table.Facts.Rows;
            memory = Math.Max(memory, table.MemoryBytes);
            malformed += table.Facts.MalformedRecords > 0 && elf.Type != ElfType.Relocatable ? 1 : 0;
            Assert.False(table.Facts.Truncated, path);
            Assert.True(elf.Type == ElfType.Relocatable || table.Facts.RuleOverflows == 0, path);
        }

        if (elves == 0)
        {
            Missing.Because("there are no ELF files in /usr/bin and /usr/lib/x86_64-linux-gnu");
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0} files, {1} ELF, {2} rows, largest table {3:F1} MB, {4} with unusable records, {5:F1} s",
            files,
            elves,
            rows,
            memory / 1e6,
            malformed,
            clock.Elapsed.TotalSeconds
        );
        Assert.Equal(0, malformed);
    }
}
