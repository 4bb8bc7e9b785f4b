using Hud.Core.Profile;

namespace Hud.Analysis;

[Flags]
public enum Causes
{
    None = 0,
    OnCpu = 1,
    BlockingCall = 2,
    LockWait = 4,
    RunQueue = 8,
    Throttled = 16,
    Asleep = BlockingCall | LockWait,
    InCode = OnCpu | Asleep,
}

/// <summary>One row of the table. A row matches when the cause is one of <c>Causes</c> and either a frame matches one of
/// <c>Frames</c> or the system call is in one of <c>Groups</c>; a row with neither matches every stack of its causes.</summary>
/// <param name="Category">a word for lists: File, Sleep, Dns, ...</param>
/// <param name="Frames">bare paths: <c>a::b</c> exact, <c>a::*</c> by prefix, <c>*::b</c> by suffix</param>
/// <param name="Wide">also look at callers above the blamed frame: the library called the user's code, not the other way round</param>
/// <param name="Docs">page of the documentation, without extension</param>
public sealed record AdviceRow(
    string Category,
    Causes Causes,
    IReadOnlyList<string> Frames,
    IReadOnlyList<SyscallGroup> Groups,
    string Sentence,
    string Docs,
    bool Wide = false
)
{
    /// <summary>A frame and the system call must both match: each alone says too little.</summary>
    public bool Both { get; init; }

    /// <summary>Frames of which one must be on the way to the poll as well: the framework's entry that called the library.</summary>
    public IReadOnlyList<string> Below { get; init; } = [];

    /// <summary>One of these must be in the full name of the frame that matches: a future that is driven to its end shows in the
    /// generics of the function that drives it only.</summary>
    public IReadOnlyList<string> Inside { get; init; } = [];

    public bool Covers(HotspotCause cause) => (Causes & (Causes)(1 << (int)cause)) != Causes.None;
}
