using Hud.Elf;
using static Hud.Unwinding.Tests.TinyProgram;

namespace Hud.Unwinding.Tests;

/// <summary>Each way of going on and each reason for stopping, on hand-made stacks.</summary>
public sealed class UnwinderTests
{
    private const ulong Sp = 0x7ffe_0000_1000;
    private static readonly byte[] Leaf = [];
    private static readonly byte[] Frame32 = [0x0e, 32]; // def_cfa_offset 32
    private static readonly byte[] Outermost = [0x07, 16]; // undefined rip

    private static UserRegisters At(ulong pc, ulong rbp = 0) => UserRegisters.FromX64(pc, Sp, rbp);

    private static ulong[] Pcs(UnwoundStack stack) => [.. stack.Frames.Select(f => f.Address)];

    [Fact]
    public void Callers_are_looked_up_one_byte_before_their_return_address()
    {
        var program = new TinyProgram().Function(0, 64, Leaf).Function(64, 64, Outermost);
        var caller = program.Call(128); // the call is the function's last instruction
        var stack = Unwinder.Unwind(At(TinyProgram.At(3)), Stack(caller, 0), program.Map(), CaptureEnd.Anywhere);

        Assert.Equal(StopReason.EndOfStack, stack.Reason);
        Assert.Equal(
            [
                new UnwoundFrame(TinyProgram.At(3), TinyProgram.At(3), UnwindQuality.None),
                new UnwoundFrame(caller, caller - 1, UnwindQuality.EhFrame),
            ],
            stack.Frames
        );
        Assert.True(stack.Complete);
    }

    [Fact]
    public void The_end_of_a_poll_slice_is_the_poll_whatever_its_return_address_is()
    {
        var program = new TinyProgram().Function(0, 64, Leaf).Function(64, 64, Frame32);
        var poll = program.Call(100);
        var stack = Unwinder.Unwind(At(TinyProgram.At(3)), Stack(poll, 1, 2, 3, 0xdead), program.Map());

        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal([TinyProgram.At(3), poll], Pcs(stack));
        Assert.Equal(UnwindQuality.EhFrame, stack.Quality);
        Assert.False(stack.MissedMapping); // the trampoline is not a missing library
    }

    [Fact]
    public void A_return_probes_trampoline_ends_a_sample_without_a_known_poll()
    {
        var program = new TinyProgram().Function(0, 64, Leaf);
        var stack = Unwinder.Unwind(At(TinyProgram.At(3)), Stack(Trampoline, 1, 2), program.Map(), CaptureEnd.Anywhere);
        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Single(stack.Frames);
    }

    [Fact]
    public void Another_profilers_return_probe_in_the_middle_costs_one_frame_and_is_marked()
    {
        var program = new TinyProgram().Function(0, 64, Leaf).Function(64, 64, Frame32).Function(128, 64, Frame32);
        var poll = program.Call(150);
        // leaf <- (hidden frame of 32 bytes) <- poll
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(3)),
            Stack(Trampoline, 1, 2, 3, poll, 1, 2, 3, 0xdead),
            program.Map()
        );

        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal([TinyProgram.At(3), poll], Pcs(stack));
        Assert.Equal(UnwindQuality.Scan, stack.Frames[1].Found);
    }

    [Fact]
    public void A_function_without_rows_is_left_by_its_frame_pointer()
    {
        var program = new TinyProgram().Function(64, 64, Frame32);
        var caller = program.Call(100);
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(3), rbp: Sp + 16),
            Stack(1, 2, 0x99, caller, 1, 2, 3, 0xdead),
            program.Map()
        );

        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal([TinyProgram.At(3), caller], Pcs(stack));
        Assert.Equal(UnwindQuality.FramePointer | UnwindQuality.EhFrame, stack.Quality);
    }

    [Theory]
    [InlineData(0x55u, 0)] // push rbp
    [InlineData(0xe58948u, 8)] // mov rbp, rsp
    [InlineData(0xc3u, 0)] // ret
    public void At_a_functions_first_and_last_instruction_the_frame_pointer_is_not_trusted(uint instruction, int offset)
    {
        var program = new TinyProgram().Function(64, 64, Frame32);
        var caller = program.Call(100);
        program.Code(0, instruction);
        ulong[] words = [.. new ulong[offset / 8], caller, 1, 2, 3, 0xdead];
        // the frame pointer leads to the poll, past the caller
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(0), rbp: Sp + (ulong)(words.Length - 2) * 8),
            Stack(words),
            program.Map()
        );

        Assert.Equal([TinyProgram.At(0), caller], Pcs(stack));
        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal(UnwindQuality.FramePointer, stack.Frames[1].Found);
    }

    [Fact]
    public void Without_rows_and_frame_pointer_words_after_a_call_are_taken()
    {
        var program = new TinyProgram().Function(64, 64, Frame32);
        var caller = program.Call(100);
        // a pointer into code that follows no call is passed over
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(3)),
            Stack(1, TinyProgram.At(40), caller, 1, 2, 3, 0xdead),
            program.Map()
        );

        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal([TinyProgram.At(3), caller], Pcs(stack));
        Assert.Equal(UnwindQuality.Scan, stack.Frames[1].Found);
    }

    [Fact]
    public void Generated_code_is_left_by_its_frame_pointer()
    {
        var program = new TinyProgram().Function(0, 64, Leaf).Function(64, 64, Frame32);
        var caller = program.Call(100);
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(3), rbp: Sp + 16),
            Stack(Jit + 8, 1, 0x99, caller, 1, 2, 3, 0xdead),
            program.Map()
        );

        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal([TinyProgram.At(3), Jit + 8, caller], Pcs(stack));
    }

    [Fact]
    public void A_call_through_a_null_pointer_still_has_its_caller()
    {
        var program = new TinyProgram().Function(64, 64, Frame32);
        var caller = program.Call(100);
        var stack = Unwinder.Unwind(At(0), Stack(caller, 1, 2, 3, 0xdead), program.Map());
        Assert.Equal([0ul, caller], Pcs(stack));
        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.True(stack.MissedMapping); // it might as well have been a library loaded meanwhile
    }

    [Fact]
    public void The_frame_below_a_signal_handler_is_looked_up_at_its_own_pc()
    {
        // handler -> restorer (signal frame: rip at [rsp+8], rsp at [rsp+16]) -> interrupted first instruction of a function
        byte[] restore = [0x0f, 2, 0x77, 0, 0x10, 16, 2, 0x77, 8, 0x10, 7, 2, 0x77, 16];
        var program = new TinyProgram()
            .Function(0, 64, Leaf)
            .Function(63 + 64, 65, restore, signal: true)
            .Function(256, 16, Leaf)
            .Function(272, 16, Outermost);
        var restorer = TinyProgram.At(128);
        var interrupted = TinyProgram.At(256);
        var caller = program.Call(280);
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(3)),
            Stack(restorer, 7, interrupted, Sp + 48, 5, 6, caller, 9),
            program.Map(),
            CaptureEnd.Anywhere
        );

        Assert.Equal([TinyProgram.At(3), restorer, interrupted, caller], Pcs(stack));
        Assert.Equal(interrupted, stack.Frames[2].LookupAddress);
        Assert.Equal(StopReason.EndOfStack, stack.Reason);
        Assert.Equal(UnwindQuality.EhFrame, stack.Quality);
    }

    [Fact]
    public void Endless_recursion_stops_at_the_frame_limit()
    {
        var program = new TinyProgram().Function(0, 64, Leaf);
        var self = program.Call(32);
        var words = new ulong[1000];
        Array.Fill(words, self);
        var stack = Unwinder.Unwind(At(TinyProgram.At(3)), Stack(words), program.Map());
        Assert.Equal(StopReason.FrameLimit, stack.Reason);
        Assert.Equal(StackLimits.MaxFrames, stack.Frames.Length);
    }

    [Theory]
    [InlineData(StopReason.NoStack, new byte[0], 0)]
    [InlineData(StopReason.EndOfCapture, new byte[] { 0x0e, 64 }, 4)]
    [InlineData(StopReason.UnsupportedRule, new byte[] { 0x0c, 99, 8 }, 4)]
    [InlineData(StopReason.MissingValue, new byte[] { 0x0c, 12, 8 }, 4)]
    [InlineData(StopReason.NoProgress, new byte[] { 0x0e, 0 }, 4)]
    [InlineData(StopReason.BadReturnAddress, new byte[0], 4)]
    [InlineData(StopReason.FrameOutsideStack, new byte[] { 0x0e, 9 }, 4)]
    public void Every_reason_for_stopping_is_reported_and_counted(StopReason reason, byte[] rule, int words)
    {
        var program = new TinyProgram().Function(0, 64, rule);
        var statistics = new UnwindStatistics();
        var stack = Unwinder.Unwind(
            At(TinyProgram.At(3)),
            new byte[words * 8]
                .Select((_, i) => (byte)(i % 8 == 0 ? 1 : 0))
                .ToArray(),
            program.Map(),
            CaptureEnd.Anywhere,
            statistics
        );

        Assert.Equal(reason, stack.Reason);
        Assert.Equal(1, statistics[reason]);
        Assert.Equal(1, statistics.Stacks);
        Assert.Equal(1, statistics.Frames);
        Assert.Equal(1, statistics.Truncated);
    }

    [Theory]
    [InlineData(StopReason.EndOfStack, false, 0)]
    [InlineData(StopReason.EndOfStack, true, 1)] // whole, but of another stack than its poll's
    [InlineData(StopReason.EndOfCapture, false, 1)]
    [InlineData(StopReason.EndOfCapture, true, 1)]
    public void A_stack_without_its_poll_is_truncated_once(StopReason reason, bool cut, long truncated)
    {
        var statistics = new UnwindStatistics();
        statistics.Count(new UnwoundStack([], reason, UnwindQuality.EhFrame), cut);
        Assert.Equal(truncated, statistics.Truncated);
    }

    [Fact]
    public void Code_without_file_or_rows_is_distinguished()
    {
        var map = new TinyProgram().Function(0, 64, Leaf).Map();
        Assert.Equal(StopReason.NoModule, Unwinder.Unwind(At(Jit), Stack(1, 2), map, CaptureEnd.Anywhere).Reason);
        Assert.Equal(
            StopReason.NoRows,
            Unwinder.Unwind(At(TinyProgram.At(200)), Stack(1, 2), map, CaptureEnd.Anywhere).Reason
        );
    }

    [Fact]
    public void On_aarch64_a_leafs_return_address_is_in_the_link_register()
    {
        var program = new TinyProgram(ElfMachine.AArch64)
            .Function(0, 64, [])
            .Function(64, 64, [0x0e, 32, 0x80 | 29, 4, 0x80 | 30, 3]) // CFA = sp+32, x29 at CFA-32, x30 at CFA-24
            .Function(128, 64, [0x0c, 29, 16, 0x80 | 29, 2, 0x80 | 30, 1]); // CFA = x29+16
        var registers = new UserRegisters(ElfMachine.AArch64);
        registers[UserRegisters.ArmPc] = TinyProgram.At(8);
        registers[UserRegisters.ArmSp] = Sp;
        registers[UserRegisters.ArmLr] = TinyProgram.At(80) | 0x00aa_0000_0000_0000; // signed
        registers[UserRegisters.ArmFp] = Sp;
        var signed = TinyProgram.At(140) | 0x0055_0000_0000_0000;
        var stack = Unwinder.Unwind(registers, Stack(Sp + 32, signed, 1, 2, 0, 3), program.Map());

        Assert.Equal([TinyProgram.At(8), TinyProgram.At(80), TinyProgram.At(140)], Pcs(stack));
        Assert.Equal(StopReason.ReachedPoll, stack.Reason);
        Assert.Equal(UnwindQuality.EhFrame, stack.Quality);
    }
}
