using System.Diagnostics.CodeAnalysis;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

/// <summary>
/// Programs compiled without unwind tables: gdb unwinds them with .debug_frame, Hud gets a copy from which that is stripped and
/// has to guess. A guess may add frames (old words on the stack) and must say so; it must not lose callers.
/// </summary>
public sealed class FallbackTests
{
    [Theory]
    [InlineData("frame pointers", "-fno-omit-frame-pointer", UnwindQuality.FramePointer)]
    [InlineData("neither", "-fomit-frame-pointer", UnwindQuality.Scan)]
    [SuppressMessage("Reliability", "CA2000", Justification = "the sources live as long as the comparison")]
    public void Callers_survive_without_tables(string what, string option, UnwindQuality expected)
    {
        var output = Directory.CreateTempSubdirectory("hud-stacks-").FullName;
        try
        {
            var program = new RecordedProgram(
                "bare",
                ["gcc", "-O2", "-g", "-fno-asynchronous-unwind-tables", option, "-o", "OUT/bare", "SRC/plain.c"],
                ["OUT/bare"],
                "leaf compare",
                60
            );
            var lines = new Recorder(output).Record(program, out var reason);
            var stripped = Path.Combine(output, "stripped");
            reason = lines is null
                ? reason
                : Tools.Run(["objcopy", "--strip-debug", Path.Combine(output, "bare"), stripped], []) ?? "";
            if (lines is null || reason.Length > 0)
            {
                Missing.Because(reason);
                return;
            }

            var states = StackRecording.Read(
                lines,
                path =>
                    FileByteSource.TryOpen(
                        path == Path.Combine(output, "bare") ? stripped : path,
                        out var source,
                        out _
                    )
                        ? source
                        : null
            );
            Judge(what, states, expected);
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    private static void Judge(string what, List<RecordedState> states, UnwindQuality expected)
    {
        int whole = 0,
            exact = 0,
            lost = 0,
            marked = 0;
        foreach (var state in states)
        {
            var wanted = state.Frames.TakeWhile(f => f.Cfa != 0).ToArray();
            var slice = state.Stack.AsSpan(0, (int)(wanted[^1].Cfa - state.Registers.Sp));
            var found = Unwinder.Unwind(state.Registers, slice, state.Modules, CaptureEnd.Poll);
            var missing = Missed(wanted, found);
            whole += missing == 0 ? 1 : 0;
            exact += found.Frames.Select(f => f.Address).SequenceEqual(wanted.Select(f => f.Pc)) ? 1 : 0;
            lost += Math.Max(0, missing - 1); // a function that makes no frame hides its caller, and no more
            marked += (found.Quality & expected) != UnwindQuality.None ? 1 : 0;
            Assert.Equal(StopReason.ReachedPoll, found.Reason);
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} stacks, {2} exact, {3} with every frame, {4} marked",
            what,
            states.Count,
            exact,
            whole,
            marked
        );
        Assert.Equal(0, lost);
        Assert.True(whole >= states.Count * 9 / 10, $"{whole} of {states.Count} have every frame");
        Assert.Equal(states.Count, marked);
    }

    // How many wanted frames are not there, in order.
    private static int Missed(RecordedFrame[] wanted, UnwoundStack found)
    {
        var at = 0;
        var missed = 0;
        foreach (var frame in wanted)
        {
            var next = Array.FindIndex(found.Frames, at, f => f.Address == frame.Pc);
            missed += next < 0 ? 1 : 0;
            at = next < 0 ? at : next + 1;
        }

        return missed;
    }
}
