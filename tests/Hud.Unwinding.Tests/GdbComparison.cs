using Hud.Elf;

namespace Hud.Unwinding.Tests;

/// <summary>Compares our frames with gdb's, state by state.</summary>
internal sealed class GdbComparison(UnwindQuality allowed = UnwindQuality.EhFrame)
{
    public List<string> Differences { get; } = [];

    public int Stacks { get; private set; }

    public int Frames { get; private set; }

    public int Polls { get; private set; }

    public UnwindStatistics Whole { get; } = new();

    public UnwindStatistics ToPoll { get; } = new();

    public void Add(string program, RecordedState state, int number)
    {
        var expected = Believable(state);
        var whole = Unwinder.Unwind(state.Registers, state.Stack, state.Modules, CaptureEnd.Anywhere, Whole);
        var actual = whole.Frames.Select(f => f.Address).ToArray();
        var reachable =
            whole.Reason == StopReason.EndOfCapture ? Math.Min(expected.Length, actual.Length) : expected.Length;
        Stacks++;
        Frames += reachable;
        if (
            !actual.SequenceEqual(expected.Take(reachable).Select(f => f.Pc))
            || (whole.Quality & ~allowed) != UnwindQuality.None
            || (
                whole.Reason == StopReason.EndOfCapture
                && reachable < expected.Length
                && expected[reachable - 1].Cfa <= state.StackEnd
            )
        )
        {
            Differences.Add(Describe(program, number, "whole", whole, expected));
        }

        // As if each frame in turn were the poll.
        for (var k = 0; k < expected.Length; k++)
        {
            var poll = expected[k];
            if (poll.Cfa != 0 && poll.Cfa <= state.StackEnd && poll.Cfa > state.Registers.Sp && !poll.Signal)
            {
                Poll(program, state, number, expected, k);
            }
        }
    }

    private void Poll(string program, RecordedState state, int number, RecordedFrame[] expected, int k)
    {
        var slice = state.Stack.AsSpan(0, (int)(expected[k].Cfa - state.Registers.Sp)).ToArray();
        if (state.Registers.Machine == ElfMachine.X64)
        {
            slice.AsSpan(slice.Length - 8).Fill(0xcc); // the return probe's trampoline isn't in our mappings
        }

        var unwound = Unwinder.Unwind(state.Registers, slice, state.Modules, CaptureEnd.Poll, ToPoll);
        Polls++;
        if (
            unwound.Reason != StopReason.ReachedPoll
            || !unwound.Frames.Select(f => f.Address).SequenceEqual(expected.Take(k + 1).Select(f => f.Pc))
        )
        {
            Differences.Add(Describe(program, number, $"poll at frame {k}", unwound, expected[..(k + 1)]));
        }
    }

    // gdb may run on past the outermost frame into the words that the kernel put there.
    private static RecordedFrame[] Believable(RecordedState state) =>
        [.. state.Frames.TakeWhile((f, i) => i == 0 || state.Modules.Find(f.Pc, out _) != AddressKind.None)];

    private static string Describe(
        string program,
        int number,
        string what,
        UnwoundStack actual,
        RecordedFrame[] expected
    ) =>
        $"{program} state {number}, {what}: {actual.Reason} {actual.Quality}\n  hud {string.Join(' ', actual.Frames.Select(f => f.Address.ToString("x")))}"
        + $"\n  gdb {string.Join(' ', expected.Select(f => $"{f.Pc:x}/{f.Cfa:x}"))}";
}
