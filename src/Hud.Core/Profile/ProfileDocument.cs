using System.Text.Json.Serialization;
using Hud.Core.Api;

namespace Hud.Core.Profile;

/// <summary>
/// What one run found: the only thing that leaves the node. <c>hud -o json</c>, the stream's <c>profile</c> and the
/// <c>Report</c> result are this document. Durations are integer nanoseconds (suffix Ns); times are offsets from
/// <see cref="ProfileSummary.StartedAt"/>.
/// </summary>
public sealed record ProfileDocument
{
    public const string CurrentSchemaVersion = "hud.dev/profile/v1alpha1";

    public string SchemaVersion { get; set; } = CurrentSchemaVersion;

    /// <summary>The spec that ran, defaults filled in.</summary>
    public ProfilingSessionSpec Session { get; set; } = new();

    public AgentInfo Agent { get; set; } = new();

    /// <summary>One sentence for a tired person.</summary>
    public string Verdict { get; set; } = "";

    public VerdictLevel VerdictLevel { get; set; }
    public ProfileSummary Summary { get; set; } = new();

    /// <summary>Set where this is not a whole run, but the last while of one that went on.</summary>
    public LookBack? LookBack { get; set; }

    public IReadOnlyList<TargetProfile> Targets { get; set; } = [];

    /// <summary>Ranked by worker time lost.</summary>
    public IReadOnlyList<Hotspot> Hotspots { get; set; } = [];

    public IReadOnlyList<TaskProfile> Tasks { get; set; } = [];
    public IReadOnlyList<WorkerProfile> Workers { get; set; } = [];
    public IReadOnlyList<Stall> Stalls { get; set; } = [];

    /// <summary>Distinct stacks, leaf first; everything else refers to them by index.</summary>
    public IReadOnlyList<StackEntry> StackTable { get; set; } = [];

    /// <summary>The timeline, bounded; what was cut is in <see cref="Losses.SlowPollsCut"/>.</summary>
    public IReadOnlyList<SlowPoll> SlowPolls { get; set; } = [];

    public Losses Losses { get; set; } = new();
    public Overhead Overhead { get; set; } = new();
    public IReadOnlyList<ProfileWarning> Warnings { get; set; } = [];

    /// <summary>True when stacks or slow polls were cut to keep the document within its bound.</summary>
    public bool Truncated { get; set; }
}

/// <summary>
/// The last while of a run, asked for during it: <see cref="ProfileSummary.StartedAt"/> is when that while began, before it was asked for, and
/// <see cref="ProfileSummary.ObservedNs"/> how long it was.
/// </summary>
public sealed record LookBack
{
    /// <summary>How far back it was to reach. It is longer by up to a quarter, and shorter where the run was no older.</summary>
    public long WantedNs { get; set; }

    /// <summary>When the run began.</summary>
    public DateTimeOffset RunStartedAt { get; set; }
}

/// <summary>The light: Blocked needs action, Saturated is too much work in polls that are short each, Pressure is not the code's
/// fault, NoData is not "no problem".</summary>
public enum VerdictLevel
{
    NoData,
    Healthy,
    Pressure,
    Saturated,
    Blocked,
}

public sealed record AgentInfo
{
    public string Version { get; set; } = "";
    public string Kernel { get; set; } = "";
    public string Machine { get; set; } = "";

    /// <summary>Probe mode: uprobe.session, uprobe.multi, perf-uprobe, sched-only.</summary>
    [JsonPropertyName("rung")]
    public string ProbeMode { get; set; } = "";

    /// <summary>Governor level at the end: 0 all polls, 1 sampled polls, 2 hottest types detached, 3 no poll probes.</summary>
    public int BudgetLevel { get; set; }
}

public sealed record ProfileSummary
{
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>Wall time observed.</summary>
    public long ObservedNs { get; set; }

    public long Polls { get; set; }
    public long SlowPolls { get; set; }

    /// <summary>Worker time lost to on-CPU hogs and blocking, in percent of workers x wall.</summary>
    public double BlockedPercent { get; set; }

    public long WorstPollNs { get; set; }

    /// <summary>The longest poll of all, slow or not.</summary>
    public long LongestPollNs { get; set; }

    public int Workers { get; set; }
    public int Runtimes { get; set; }
    public int StallCount { get; set; }
    public long LongestStallNs { get; set; }
    public long TotalStallNs { get; set; }
    public long CpuHogNs { get; set; }
    public long BlockedNs { get; set; }
    public long RunQueueNs { get; set; }
    public long ThrottledNs { get; set; }

    /// <summary>Physical frames of the program and its libraries that have a function name, in percent, rounded down.</summary>
    public int SymbolizedPercent { get; set; }

    /// <summary>True when polls were sampled or probes detached, so that counts are scaled.</summary>
    public bool Estimated { get; set; }
}

public sealed record TargetProfile
{
    public int Pid { get; set; }

    /// <summary>How many processes this is the sum of, one after the other: the same program, started again. What is said of one is of the last.</summary>
    public int Processes { get; set; } = 1;
    public string Process { get; set; } = "";
    public string Executable { get; set; } = "";
    public string BuildId { get; set; } = "";

    /// <summary>Set in a cluster.</summary>
    public string? Pod { get; set; }
    public string? PodUid { get; set; }
    public string? Container { get; set; }
    public string? Node { get; set; }

    /// <summary>Image of its container as the pod's spec names it. Set in a cluster.</summary>
    public string? Image { get; set; }

    /// <summary>The first 12 hex digits of what that was when the container started: the same tag can mean two programs.</summary>
    public string? ImageDigest { get; set; }

    public TargetState State { get; set; }

    /// <summary>Empty, or why it failed or found nothing: NoTokioRuntime, Idle, NoSuchWorkers, NotTimed, Starved, Unclear, LoadedLate, BelowThreshold, TargetGone...</summary>
    public string Reason { get; set; } = "";

    public string Message { get; set; } = "";
    public int Runtimes { get; set; }
    public int Workers { get; set; }
    public string TokioVersion { get; set; } = "";
    public int TaskTypes { get; set; }

    /// <summary>Why wakes of its tasks were not timed, or not all; empty when all were.</summary>
    public string WakesNotTimed { get; set; } = "";
    public long Polls { get; set; }
    public long SlowPolls { get; set; }
    public long LongestPollNs { get; set; }
    public double BlockedPercent { get; set; }

    /// <summary>99th percentile of how long its tasks waited for a worker, over all its task types; absent where no wait was timed.</summary>
    public long? WaitP99Ns { get; set; }

    /// <summary>Where it lost most time itself, three places at most, the worst first.</summary>
    public IReadOnlyList<TargetHotspot> Top { get; set; } = [];
    public long LostEvents { get; set; }
    public int SymbolizedPercent { get; set; }
    public double OverheadPercent { get; set; }
    public long CpuNs { get; set; }

    /// <summary>Waits for a CPU, in polls and between them, of its workers; of all its threads where none of them polled.</summary>
    public long CpuWaitNs { get; set; }
    public long ThrottledNs { get; set; }
    public long ThrottledPeriods { get; set; }
}

/// <summary>A target's part of a hotspot.</summary>
public sealed record TargetHotspot
{
    public HotspotCause Cause { get; set; }

    /// <summary>Fingerprint of the hotspot: <see cref="HotspotIdentity"/> together with the cause.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>What the hotspot blames: its user frame, else its function.</summary>
    public string Function { get; set; } = "";

    public long TotalNs { get; set; }

    /// <summary>Of the target's own workers x wall.</summary>
    public double Percent { get; set; }

    public HotspotIdentity Identity() => new(Cause, Fingerprint);
}

public sealed record ProfileWarning(string Id, string Message, string NextStep);
