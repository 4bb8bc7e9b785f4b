using System.Runtime.InteropServices;
using Hud.Frames;

namespace Hud.Unwinding;

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
