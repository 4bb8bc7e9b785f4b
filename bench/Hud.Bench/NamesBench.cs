using System.Diagnostics;
using Hud.Elf;
using Hud.Symbolization;

namespace Hud.Bench;

/// <summary>Lookups of names a second, cached and not, and the helper's memory, on programs with debug information.</summary>
internal static class NamesBench
{
    private const int Addresses = 20_000;

    public static int Run(string[] files)
    {
        if (files.Length == 0)
        {
            Console.Error.WriteLine("usage: Hud.Bench names ELF FILE WITH DEBUG INFORMATION ...");
            return 2;
        }

        Console.WriteLine(
            $"{"file", -24} {"debug MB", 9} {"first s", 8} {"uncached/s", 11} {"cached/s", 11} {"symbols/s", 11} {"inlines", 8} {"helper MiB", 11}"
        );
        var failures = files.Sum(Measure);
        return failures == 0 ? 0 : 1;
    }

    /// <returns>How often the helper failed.</returns>
    private static int Measure(string path)
    {
        if (
            !FileByteSource.TryOpen(path, out var source, out var error)
            || !ElfFile.TryOpen(source, out var elf, out error)
        )
        {
            Console.Error.WriteLine($"{path}: {error}");
            return 0;
        }

        using (source)
        using (var symbolizer = new Symbolizer())
        {
            var module = new ModuleRef(path, source.DescriptorPath, elf);
            var addresses = Choose(elf);
            var symbols = Rate(addresses.Length, () => symbolizer.Resolve(module, addresses, NameDetail.Symbols));
            var watch = Stopwatch.StartNew();
            symbolizer.Resolve(module, addresses.AsSpan(0, 1));
            var first = watch.Elapsed.TotalSeconds;
            long frames = 0;
            var uncached = Rate(
                addresses.Length,
                () => frames = symbolizer.Resolve(module, addresses).Sum(f => (long)f.Length)
            );
            var cached = Rate(
                addresses.Length * 20,
                () =>
                {
                    for (var i = 0; i < 20; i++)
                    {
                        symbolizer.Resolve(module, addresses);
                    }
                }
            );
            var debug =
                elf.Sections.Where(s => s.Name.StartsWith(".debug", StringComparison.Ordinal)).Sum(s => (double)s.Size)
                / 1e6;
            var memory = symbolizer.HelperProcessId is { } pid ? PeakMiB(pid) : "-";
            Console.WriteLine(
                $"{Path.GetFileName(path), -24} {debug, 9:F1} {first, 8:F2} {uncached, 11:N0} {cached, 11:N0} {symbols, 11:N0} {(double)frames / addresses.Length, 8:F1} {memory, 11}"
            );
            if (symbolizer.HelperFailures > 0)
            {
                Console.WriteLine($"  the helper failed {symbolizer.HelperFailures} times: these are no figures");
            }

            return symbolizer.HelperFailures;
        }
    }

    /// <summary>Spread over the whole program, in the order of a shuffled deck, as stacks are.</summary>
    private static ulong[] Choose(ElfFile elf)
    {
        var functions = elf.Functions.Functions.ToArray().Where(f => f.Size > 8).ToArray();
        var random = new Random(5);
        var addresses = new HashSet<ulong>();
        for (var i = 0; i < Addresses * 4 && addresses.Count < Addresses && functions.Length > 0; i++)
        {
            var function = functions[random.Next(functions.Length)];
            addresses.Add(function.Address + (ulong)random.NextInt64(function.Size));
        }

        return [.. addresses];
    }

    private static double Rate(int count, Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return count / watch.Elapsed.TotalSeconds;
    }

    /// <summary>RSS and, of it, memory that is not just pages of the file.</summary>
    private static string PeakMiB(int pid)
    {
        long peak = 0,
            anonymous = 0;
        foreach (var line in File.ReadLines($"/proc/{pid}/status"))
        {
            var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            peak = words[0] == "VmHWM:" ? long.Parse(words[1]) : peak;
            anonymous = words[0] == "RssAnon:" ? long.Parse(words[1]) : anonymous;
        }

        return $"{peak / 1024} ({anonymous / 1024})";
    }
}
