namespace Hud.Frames;

/// <summary>Why unwinding stopped. The first three are good ends; each is counted.</summary>
public enum StopReason
{
    /// <summary>The poll's own return address (or a return probe's trampoline) was reached.</summary>
    ReachedPoll,

    /// <summary>The outermost frame of the thread.</summary>
    EndOfStack,

    /// <summary>The captured part of the stack ended; deeper callers exist.</summary>
    EndOfCapture,

    /// <summary>More frames than the bound on frames.</summary>
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
