using System.Runtime.InteropServices;

namespace Hud.Profiling.Stacks;

/// <summary>Why unwinding stopped. The first three are good ends; each has a counter in <see cref="UnwindStatistics"/>.</summary>
public enum StopReason
{
    /// <summary>The poll's own return address (or a return probe's trampoline) was reached.</summary>
    ReachedPoll,

    /// <summary>The outermost frame of the thread.</summary>
    EndOfStack,

    /// <summary>The captured part of the stack ended; deeper callers exist.</summary>
    EndOfCapture,

    /// <summary>More frames than <see cref="StackLimits.MaxFrames"/>.</summary>
    FrameLimit,

    /// <summary>The code address lies in no file that could be opened, and no fallback worked.</summary>
    NoModule,

    /// <summary>The function has no rows (compiled without unwind tables, hand-written), and no fallback worked.</summary>
    NoRows,

    /// <summary>The rule is outside what Hud understands.</summary>
    UnsupportedRule,

    /// <summary>The rule needs a register or memory that was not captured.</summary>
    MissingValue,

    /// <summary>The computed frame lies outside the captured stack: a switched stack, or damaged registers.</summary>
    FrameOutsideStack,

    /// <summary>The computed frame is not above the one before it.</summary>
    NoProgress,

    /// <summary>The return address is not code.</summary>
    BadReturnAddress,

    /// <summary>Nothing was captured.</summary>
    NoStack,
}

/// <summary>How frames of a stack were found; several bits when several ways were needed.</summary>
[Flags]
public enum UnwindQuality
{
    None = 0,
    EhFrame = 1,
    DebugFrame = 2,
    FramePointer = 4,
    Scan = 8,
}

/// <summary>
/// One frame. <c>Address</c> is the pc, or the return address for callers. <c>LookupAddress</c> is what to look names up with: one
/// less for callers, because a call may be the last instruction of its function. <c>Found</c> is how this frame was
/// found from its callee (None for the leaf).
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct UnwoundFrame(ulong Address, ulong LookupAddress, UnwindQuality Found);

/// <summary>An unwound stack, leaf first. With <see cref="StopReason.ReachedPoll"/> the last frame is the poll's own.</summary>
public sealed record UnwoundStack(UnwoundFrame[] Frames, StopReason Reason, UnwindQuality Quality)
{
    /// <summary>Whether the whole wanted stack is there.</summary>
    public bool Complete => Reason is StopReason.ReachedPoll or StopReason.EndOfStack;

    /// <summary>
    /// A code address lay in no known mapping: a library may have been loaded since the mappings were read. Worth reading
    /// them again and unwinding once more, whatever the fallbacks found.
    /// </summary>
    public bool MissedMapping { get; init; }
}

/// <summary>What the end of the captured bytes is.</summary>
public enum CaptureEnd
{
    /// <summary>The captured bytes end just after the poll's return address (x86-64), at the poll's entry sp (aarch64).</summary>
    Poll,

    /// <summary>The captured bytes end anywhere: a sample without a poll, or a stack deeper than the capture's bound.</summary>
    Anywhere,
}
