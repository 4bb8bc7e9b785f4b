namespace Hud.Core.Profile;

public enum HotspotCause
{
    /// <summary>The poll computed longer than the threshold.</summary>
    OnCpu,

    /// <summary>The thread slept in a system call inside the poll.</summary>
    BlockingCall,

    /// <summary>The thread waited for a lock that another thread held.</summary>
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

/// <summary>One place and cause at which workers lost time; slow polls with the same cause and fingerprint.</summary>
public sealed record Hotspot
{
    public int Rank { get; set; }
    public HotspotCause Cause { get; set; }

    /// <summary>Row of the advice table: File, Sleep, Dns, Crypto, ...</summary>
    public string Category { get; set; } = "";

    /// <summary>The leaf-most named function below which time went, e.g. <c>bcrypt::hash</c>.</summary>
    public string Function { get; set; } = "";

    /// <summary>The first user frame from the leaf: the code to change.</summary>
    public string UserFrame { get; set; } = "";

    /// <summary><c>file:line</c> of the user frame, or empty.</summary>
    public string Location { get; set; } = "";

    public string Task { get; set; } = "";
    public string Syscall { get; set; } = "";
    public long Count { get; set; }
    public long TotalNs { get; set; }
    public long P50Ns { get; set; }
    public long P99Ns { get; set; }
    public long MaxNs { get; set; }

    /// <summary>Of workers x wall.</summary>
    public double Percent { get; set; }

    /// <summary>True when scaled from sampled data, or when some of its polls had no stack of their own.</summary>
    public bool Estimated { get; set; }

    /// <summary>Of <see cref="Count"/>: had begun before Hud attached; their time counts from the start of the run.</summary>
    public long BeganBefore { get; set; }

    /// <summary>Of <see cref="Count"/>: had not returned when the run ended.</summary>
    public long NotReturned { get; set; }

    public string Advice { get; set; } = "";

    /// <summary>Page of the documentation on this category, without extension.</summary>
    public string DocsSlug { get; set; } = "";

    /// <summary>Leaf first, one line a frame, <c>function (file:line)</c>.</summary>
    public IReadOnlyList<string> Stack { get; set; } = [];

    /// <summary>Index into the stack table, -1 when no stack was caught.</summary>
    public int StackIndex { get; set; } = -1;

    /// <summary>Who held the lock (found through the waker), leaf first.</summary>
    public IReadOnlyList<string> HolderStack { get; set; } = [];

    public int HolderStackIndex { get; set; } = -1;

    /// <summary>Who ran instead, for RunQueue: names with their share in percent.</summary>
    public IReadOnlyList<Culprit> PreemptedBy { get; set; } = [];

    /// <summary>Of the path, the category and the system call: stable over restarts, and over builds as far as names allow. Only
    /// together with the cause it says which hotspot this is.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>Entry i counts durations in [2^i, 2^(i+1)) ns; trailing zeros are cut.</summary>
    public IReadOnlyList<long> Histogram { get; set; } = [];

    /// <summary>Index of the target; -1 when merged over several.</summary>
    public int Target { get; set; }

    public HotspotIdentity Identity() => new(Cause, Fingerprint);
}

public sealed record Culprit(string Name, int Pid, double Percent);

public sealed record StackEntry
{
    public IReadOnlyList<ProfileFrame> Frames { get; set; } = [];

    /// <summary>EhFrame, FramePointer, Scan or None: how the stack was walked.</summary>
    public string Quality { get; set; } = "";

    /// <summary>Why the walk ended: ReachedPoll is the good one.</summary>
    public string Stop { get; set; } = "";
}

/// <summary>One frame; inlined frames precede the one they are inlined into.</summary>
public sealed record ProfileFrame
{
    public string Function { get; set; } = "";

    /// <summary><c>file:line</c>, or empty.</summary>
    public string Location { get; set; } = "";

    public string Module { get; set; } = "";
    public FrameKind Kind { get; set; }
    public bool Inlined { get; set; }

    /// <summary>True for the frame that is blamed.</summary>
    public bool Blamed { get; set; }
}
