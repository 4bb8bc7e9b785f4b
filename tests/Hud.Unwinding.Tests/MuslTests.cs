using System.Diagnostics.CodeAnalysis;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

/// <summary>
/// musl, which static services are linked with, is compiled without unwind tables, and it is where their system calls are made:
/// gdb finds no way out of it. The program's own functions are known by name, so their frames can be checked.
/// </summary>
public sealed class MuslTests
{
    private static readonly string[] Chain = ["third", "second", "first", "main"];

    [Fact]
    [SuppressMessage("Reliability", "CA2000", Justification = "the sources live as long as the comparison")]
    public void The_programs_frames_are_found_through_a_libc_without_tables()
    {
        var output = Directory.CreateTempSubdirectory("hud-musl-").FullName;
        try
        {
            var program = new RecordedProgram(
                "musl",
                ["musl-gcc", "-O2", "-static", "-fasynchronous-unwind-tables", "-o", "OUT/chain", "SRC/chain.c"],
                ["OUT/chain"],
                "snprintf nanosleep",
                80,
                150
            )
            {
                Whole = true,
            };
            var lines = new Recorder(output).Record(program, out var reason);
            if (lines is null)
            {
                Missing.Because(reason);
                return;
            }

            Assert.True(FileByteSource.TryOpen(Path.Combine(output, "chain"), out var file, out _));
            using var owned = file;
            Assert.True(ElfFile.TryOpen(file, out var elf, out _));
            var states = StackRecording.Read(
                lines,
                path => FileByteSource.TryOpen(path, out var source, out _) ? source : null
            );
            var whole = states.Count(s => IsWhole(elf, s));
            var marked = states.Count(s =>
                (Unwind(s).Quality & (UnwindQuality.Scan | UnwindQuality.FramePointer)) != UnwindQuality.None
            );
            TestContext.Current.SendDiagnosticMessage(
                "musl: {0} stacks, {1} with the program's frames and no others, {2} marked as guessed",
                states.Count,
                whole,
                marked
            );
            Assert.True(states.Count >= 40, $"{states.Count} states");
            Assert.True(
                whole >= states.Count * 95 / 100,
                string.Join('\n', states.Where(s => !IsWhole(elf, s)).Select(s => Names(elf, s)))
            );
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    // What is left of the stack after libc's functions must be an unbroken end of the chain.
    private static bool IsWhole(ElfFile elf, RecordedState state)
    {
        var own = Unwind(state)
            .Frames.Select(f => Name(elf, f.LookupAddress))
            .Where(n => Chain.Contains(n, StringComparer.Ordinal))
            .ToArray();
        return own.Length > 0 && own.SequenceEqual(Chain[^Math.Min(own.Length, Chain.Length)..]);
    }

    private static string Names(ElfFile elf, RecordedState state)
    {
        var stack = Unwind(state);
        return $"{stack.Reason} {stack.Quality}: {string.Join(' ', stack.Frames.Select(f => $"{Name(elf, f.LookupAddress)}({f.Found})"))}";
    }

    private static UnwoundStack Unwind(RecordedState state) =>
        Unwinder.Unwind(state.Registers, state.Stack, state.Modules, CaptureEnd.Anywhere);

    private static string Name(ElfFile elf, ulong address) =>
        elf.Functions.TryFind(address, out var f) ? elf.Functions.NameOf(f) : $"{address:x}";
}
