using System.Diagnostics;
using Hud.Elf;
using Hud.Unwinding;
using Hud.Unwinding.Tests;

namespace Hud.Bench;

/// <summary>Unwinds the stacks that the tests keep, over and over on one core, and prints frames per second.</summary>
internal static class StackBench
{
    public static void Run(string folder)
    {
        Console.WriteLine();
        Console.WriteLine(
            $"{"recorded stacks", -24} {"stacks", 7} {"frames", 8} {"stacks/s", 10} {"frames/s", 12} {"bytes/stack", 12}"
        );
        double frames = 0,
            seconds = 0;
        foreach (var path in Directory.GetFiles(folder, "*.gz").Order(StringComparer.Ordinal))
        {
            var states = RecordedFixture.Read(path);
            Pass(states); // compiles and opens
            Pass(states);
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            long found = 0;
            var passes = 0;
            for (; watch.ElapsedMilliseconds < 500; passes++)
            {
                found += Pass(states);
            }

            var elapsed = watch.Elapsed.TotalSeconds;
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            var stacks = (double)passes * states.Count;
            Console.WriteLine(
                $"{Path.GetFileNameWithoutExtension(path), -24} {states.Count, 7} {found / passes, 8} {stacks / elapsed, 10:F0} {found / elapsed, 12:F0} {bytes / stacks, 12:F0}"
            );
            frames += found;
            seconds += elapsed;
        }

        Console.WriteLine($"{"all", -24} {"", 7} {"", 8} {"", 10} {frames / seconds, 12:F0}");
    }

    /// <summary>Random addresses in a whole table: what a frame costs when nothing is in the processor's cache.</summary>
    public static void Lookups(ElfFile elf, UnwindTable table)
    {
        var (start, end) = elf.ExecutableRange;
        var random = new Random(1);
        const int Count = 2_000_000;
        var hits = 0;
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Count; i++)
        {
            hits += table.Covers(start + (ulong)random.NextInt64((long)(end - start))) ? 1 : 0;
        }

        Console.WriteLine(
            $"    {watch.Elapsed.TotalNanoseconds / Count:F0} ns per random lookup, {100.0 * hits / Count:F0} % of the text has rows"
        );
    }

    private static long Pass(List<RecordedState> states)
    {
        long frames = 0;
        foreach (var state in states)
        {
            frames += Unwinder.Unwind(state.Registers, state.Stack, state.Modules, CaptureEnd.Anywhere).Frames.Length;
        }

        return frames;
    }
}
