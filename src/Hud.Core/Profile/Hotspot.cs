namespace Hud.Core.Profile;

public enum HotspotCause
{
    /// <summary>The poll computed longer than the threshold.</summary>
    OnCpu,

    /// <summary>The thread slept in a system call inside the poll.</summary>
    BlockingCall,

    /// <summary>The thread waited for a lock that somebody else held.</summary>
    LockWait,

    /// <summary>Runnable, not running: neighbours. Not the code's fault.</summary>
    RunQueue,

    /// <summary>Runnable, not running: the CPU quota of its cgroup. Not the code's fault.</summary>
    Throttled,
}

public enum FrameKind
{
    Unknown,
    User,
    ThirdParty,
    Std,
    Runtime,
    Native,
    Kernel,
}

/// <summary>One place and cause at which workers lost time; slow polls with the same fingerprint.</summary>
public sealed record Hotspot
{
    public int Rank { get; init; }
    public HotspotCause Cause { get; init; }

    /// <summary>Row of the advice table: File, Sleep, Dns, Crypto, ...</summary>
    public string Category { get; init; } = "";

    /// <summary>The leaf-most named function below which time went, e.g. <c>bcrypt::hash</c>.</summary>
    public string Function { get; init; } = "";

    /// <summary>The first user frame from the leaf: the code to change.</summary>
    public string UserFrame { get; init; } = "";

    /// <summary><c>file:line</c> of the user frame, or empty.</summary>
    public string Location { get; init; } = "";

    public string Task { get; init; } = "";
    public string Syscall { get; init; } = "";
    public long Count { get; init; }
    public long TotalNs { get; init; }
    public long P50Ns { get; init; }
    public long P99Ns { get; init; }
    public long MaxNs { get; init; }

    /// <summary>Of workers x wall.</summary>
    public double Percent { get; init; }

    /// <summary>True when scaled from sampled data, or when some of its polls had no stack of their own.</summary>
    public bool Estimated { get; init; }

    public string Advice { get; init; } = "";

    /// <summary>Page of the documentation on this category, without extension.</summary>
    public string DocsSlug { get; init; } = "";

    /// <summary>Leaf first, one line a frame, <c>function (file:line)</c>.</summary>
    public IReadOnlyList<string> Stack { get; init; } = [];

    /// <summary>Index into the stack table, -1 when no stack was caught.</summary>
    public int StackIndex { get; init; } = -1;

    /// <summary>Who held the lock (found through the waker), leaf first.</summary>
    public IReadOnlyList<string> HolderStack { get; init; } = [];

    public int HolderStackIndex { get; init; } = -1;

    /// <summary>Who ran instead, for RunQueue: names with their share in percent.</summary>
    public IReadOnlyList<Culprit> PreemptedBy { get; init; } = [];

    /// <summary>Stable over restarts, and over builds as far as names allow.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Entry i counts durations in [2^i, 2^(i+1)) ns; trailing zeros are cut.</summary>
    public IReadOnlyList<long> Histogram { get; init; } = [];

    /// <summary>Index of the target; -1 when merged over several.</summary>
    public int Target { get; init; }
}

public sealed record Culprit(string Name, int Pid, double Percent);

public sealed record StackEntry
{
    public IReadOnlyList<ProfileFrame> Frames { get; init; } = [];

    /// <summary>EhFrame, FramePointer, Scan or None: how the stack was walked.</summary>
    public string Quality { get; init; } = "";

    /// <summary>Why the walk ended: ReachedPoll is the good one.</summary>
    public string Stop { get; init; } = "";
}

/// <summary>One frame; inlined frames precede the one they are inlined into.</summary>
public sealed record ProfileFrame
{
    public string Function { get; init; } = "";

    /// <summary><c>file:line</c>, or empty.</summary>
    public string Location { get; init; } = "";

    public string Module { get; init; } = "";
    public FrameKind Kind { get; init; }
    public bool Inlined { get; init; }

    /// <summary>True for the frame that is blamed.</summary>
    public bool Blamed { get; init; }
}
