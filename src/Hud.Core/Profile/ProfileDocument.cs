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

    public string SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>The spec that ran, defaults filled in.</summary>
    public ProfilingSessionSpec Session { get; init; } = new();

    public AgentInfo Agent { get; init; } = new();

    /// <summary>One sentence for a tired person.</summary>
    public string Verdict { get; init; } = "";

    public VerdictLevel VerdictLevel { get; init; }
    public ProfileSummary Summary { get; init; } = new();
    public IReadOnlyList<TargetProfile> Targets { get; init; } = [];

    /// <summary>Ranked by worker time lost.</summary>
    public IReadOnlyList<Hotspot> Hotspots { get; init; } = [];

    public IReadOnlyList<TaskProfile> Tasks { get; init; } = [];
    public IReadOnlyList<WorkerProfile> Workers { get; init; } = [];
    public IReadOnlyList<Stall> Stalls { get; init; } = [];

    /// <summary>Distinct stacks, leaf first; everything else refers to them by index.</summary>
    public IReadOnlyList<StackEntry> StackTable { get; init; } = [];

    /// <summary>The timeline, bounded; what was cut is in <see cref="Losses.SlowPollsCut"/>.</summary>
    public IReadOnlyList<SlowPoll> SlowPolls { get; init; } = [];

    public Losses Losses { get; init; } = new();
    public Overhead Overhead { get; init; } = new();
    public IReadOnlyList<ProfileWarning> Warnings { get; init; } = [];

    /// <summary>True when stacks or slow polls were cut to keep the document within its bound.</summary>
    public bool Truncated { get; init; }
}

/// <summary>The light: Blocked needs action, Pressure is not the code's fault, NoData is not "no problem".</summary>
public enum VerdictLevel
{
    NoData,
    Healthy,
    Pressure,
    Blocked,
}

public sealed record AgentInfo
{
    public string Version { get; init; } = "";
    public string Kernel { get; init; } = "";
    public string Machine { get; init; } = "";

    /// <summary>Rung of the support ladder: uprobe.session, uprobe.multi, perf-uprobe, sched-only.</summary>
    public string Rung { get; init; } = "";

    /// <summary>Governor level at the end: 0 all polls, 1 sampled polls, 2 hottest types detached, 3 no poll probes.</summary>
    public int BudgetLevel { get; init; }
}

public sealed record ProfileSummary
{
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Wall time observed.</summary>
    public long ObservedNs { get; init; }

    public long Polls { get; init; }
    public long SlowPolls { get; init; }

    /// <summary>Worker time lost to on-CPU hogs and blocking, in percent of workers x wall.</summary>
    public double BlockedPercent { get; init; }

    public long WorstPollNs { get; init; }

    /// <summary>The longest poll of all, slow or not.</summary>
    public long LongestPollNs { get; init; }

    public int Workers { get; init; }
    public int Runtimes { get; init; }
    public int StallCount { get; init; }
    public long LongestStallNs { get; init; }
    public long TotalStallNs { get; init; }
    public long CpuHogNs { get; init; }
    public long BlockedNs { get; init; }
    public long RunQueueNs { get; init; }
    public long ThrottledNs { get; init; }

    /// <summary>Frames with a function name, in percent of all frames shown.</summary>
    public int SymbolizedPercent { get; init; }

    /// <summary>True when polls were sampled or probes detached, so that counts are scaled.</summary>
    public bool Estimated { get; init; }
}

public sealed record TargetProfile
{
    public int Pid { get; init; }
    public string Process { get; init; } = "";
    public string Executable { get; init; } = "";
    public string BuildId { get; init; } = "";

    /// <summary>Set in a cluster.</summary>
    public string? Pod { get; init; }
    public string? PodUid { get; init; }
    public string? Container { get; init; }
    public string? Node { get; init; }

    public TargetState State { get; init; }

    /// <summary>Empty, or why it failed or found nothing: NoTokioRuntime, Idle, BelowThreshold, TargetGone...</summary>
    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";
    public int Runtimes { get; init; }
    public int Workers { get; init; }
    public string TokioVersion { get; init; } = "";
    public int TaskTypes { get; init; }
    public long Polls { get; init; }
    public long SlowPolls { get; init; }
    public long LongestPollNs { get; init; }
    public double BlockedPercent { get; init; }
    public long LostEvents { get; init; }
    public int SymbolizedPercent { get; init; }
    public double OverheadPercent { get; init; }
    public long CpuNs { get; init; }
    public long ThrottledNs { get; init; }
    public long ThrottledPeriods { get; init; }
}

public sealed record ProfileWarning(string Id, string Message, string NextStep);
