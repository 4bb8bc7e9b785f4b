using System.Diagnostics;
using Hud.Elf;
using Hud.Unwinding;

namespace Hud.Bench;

/// <summary>Builds tables of the given files (default: large ones of this machine) and prints time and memory.</summary>
internal static class UnwindBench
{
    public static int Run(string[] files)
    {
        files = files.Length > 0 ? files : Defaults();
        Console.WriteLine(
            $"{"file", -44} {"text MB", 8} {"rows", 9} {"rules", 6} {"ms", 7} {"MB kept", 8} {"MB real", 8} {"bad", 4}"
        );
        foreach (var path in files)
        {
            Table(path);
        }

        var recorded = Path.Combine(AppContext.BaseDirectory, "recorded");
        if (Directory.Exists(recorded))
        {
            StackBench.Run(recorded);
        }

        return 0;
    }

    private static string[] Defaults() =>
        [
            .. new[]
            {
                "/usr/lib/x86_64-linux-gnu/libLLVM-19.so",
                "/usr/bin/node",
                "/usr/bin/gdb",
                "/lib/x86_64-linux-gnu/libc.so.6",
            }.Where(File.Exists),
        ];

    private static void Table(string path)
    {
        if (!FileByteSource.TryOpen(path, out var source, out var error))
        {
            Console.Error.WriteLine(error);
            return;
        }

        using (source)
        {
            if (!ElfFile.TryOpen(source, out var elf, out error))
            {
                Console.Error.WriteLine($"{path}: {error}");
                return;
            }

            UnwindTable.Build(elf); // the file's pages and the code are warm from here on
            var before = GC.GetTotalMemory(true);
            var watch = Stopwatch.StartNew();
            var table = UnwindTable.Build(elf);
            var elapsed = watch.Elapsed.TotalMilliseconds;
            var real = GC.GetTotalMemory(true) - before;
            var text =
                elf.Segments.Where(s => s.Type == ElfSegmentType.Load && s.Executable).Sum(s => (double)s.FileSize)
                / 1e6;
            Console.WriteLine(
                $"{Path.GetFileName(path), -44} {text, 8:F1} {table.Facts.Rows, 9} {table.Facts.Rules, 6} {elapsed, 7:F0} {table.MemoryBytes / 1e6, 8:F1} {real / 1e6, 8:F1} {table.Facts.MalformedRecords, 4}{(table.Facts.Truncated ? " truncated" : "")}"
            );
            StackBench.Lookups(elf, table);
        }
    }
}
