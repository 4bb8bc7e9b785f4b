using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>What the operator found, below 32 KiB always. Durations are short strings for people.</summary>
public sealed record ProfilingSessionStatus
{
    public long ObservedGeneration { get; set; } = -1;
    public SessionPhase Phase { get; set; }
    public string? Verdict { get; set; }
    public DateTimeOffset? StartTime { get; set; }
    public DateTimeOffset? CompletionTime { get; set; }

    /// <summary>What the report says begins here, where that is before <see cref="StartTime"/>: a part of it was kept by agents that watched already.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ObservedFrom { get; set; }
    public TargetCounts TargetCounts { get; set; } = new();

    /// <summary><c>succeeded or running / selected</c>, for the printer column.</summary>
    public string? TargetsReady { get; set; }

    /// <summary>All of them up to <see cref="SessionBounds.MaxTargetsShown"/>; of more, those that matter, and all are in the result <c>Targets</c>.</summary>
    public IReadOnlyList<TargetStatus> Targets { get; set; } = [];

    /// <summary>Targets that differ from their siblings, five at most.</summary>
    public IReadOnlyList<StatusOutlier> Outliers { get; set; } = [];

    /// <summary>The targets by the image that they run, five at most, the one that lost most first.</summary>
    public IReadOnlyList<StatusImage> Images { get; set; } = [];
    public StatusSummary? Summary { get; set; }
    public IReadOnlyList<StatusHotspot> Hotspots { get; set; } = [];
    public IReadOnlyList<ResultReference> Results { get; set; } = [];
    public IReadOnlyList<Condition> Conditions { get; set; } = [];
}

/// <summary>Derived from the conditions, for people.</summary>
public enum SessionPhase
{
    Pending,
    Scheduling,
    Profiling,
    Collecting,
    Completed,
    Failed,
}

public sealed record TargetCounts
{
    public int Matched { get; set; }
    public int Selected { get; set; }
    public int Running { get; set; }
    public int Succeeded { get; set; }
    public int Failed { get; set; }
}

public enum TargetState
{
    Pending,
    Running,
    Succeeded,
    Failed,
}

public sealed record TargetStatus
{
    public string Pod { get; set; } = "";

    [JsonPropertyName("podUID")]
    public string PodUid { get; set; } = "";

    public string Node { get; set; } = "";
    public string Container { get; set; } = "";

    [JsonPropertyName("containerID")]
    public string ContainerId { get; set; } = "";

    /// <summary>As the pod's spec names it; <see cref="ImageDigest"/> has the first 12 hex digits of what that was.</summary>
    public string Image { get; set; } = "";
    public string ImageDigest { get; set; } = "";

    public int Pid { get; set; }
    public TargetState State { get; set; }
    public string Reason { get; set; } = "";
    public string Message { get; set; } = "";
    public int Runtimes { get; set; }
    public int Workers { get; set; }
    public string TokioVersion { get; set; } = "";
    public long Polls { get; set; }
    public long SlowPolls { get; set; }
    public double BlockedPercent { get; set; }
    public string LongestPoll { get; set; } = "";

    /// <summary>Empty where no wait of its tasks was timed.</summary>
    public string WaitP99 { get; set; } = "";
    public long LostEvents { get; set; }
    public int SymbolizedPercent { get; set; }
    public double OverheadPercent { get; set; }
    public long ThrottledMillis { get; set; }
}

/// <summary>A target that differs from its siblings.</summary>
public sealed record StatusOutlier
{
    public string Pod { get; set; } = "";

    /// <summary>How, without its name: <c>14% lost, its siblings 0.3%: auth::hash_password, which no other has</c>.</summary>
    public string Text { get; set; } = "";
}

/// <summary>The targets that run one image.</summary>
public sealed record StatusImage
{
    /// <summary>Short, and different for each: the tag, with digits of the digest where one tag is two images.</summary>
    public string Version { get; set; } = "";

    public int Targets { get; set; }
    public double BlockedPercent { get; set; }
    public string LongestPoll { get; set; } = "";
}

public sealed record StatusSummary
{
    public long Polls { get; set; }
    public long SlowPolls { get; set; }
    public double BlockedPercent { get; set; }
    public string WorstPoll { get; set; } = "";
    public int Stalls { get; set; }
    public string LongestStall { get; set; } = "";
    public string CpuHogTime { get; set; } = "";
    public string BlockedTime { get; set; } = "";
    public string RunQueueTime { get; set; } = "";
    public string ThrottledTime { get; set; } = "";

    /// <summary>Absent where no wait was timed, which is not the same as no wait.</summary>
    public StatusWait? WorstWait { get; set; }
}

/// <summary>The task type that waited longest for a worker, from a wake to the poll that follows; by the 99th percentile.</summary>
public sealed record StatusWait
{
    public string Task { get; set; } = "";
    public string P99 { get; set; } = "";
    public string Max { get; set; } = "";

    /// <summary>The function of the hotspot that most of its long waits' time was behind; empty where that is not known.</summary>
    public string Behind { get; set; } = "";

    /// <summary>Of the time of its long waits.</summary>
    public double? BehindPercent { get; set; }
}

/// <summary>A hotspot as the status shows it; field names are those of the profile document.</summary>
public sealed record StatusHotspot
{
    public int Rank { get; set; }
    public Profile.HotspotCause Cause { get; set; }
    public string Category { get; set; } = "";
    public string Function { get; set; } = "";
    public string UserFrame { get; set; } = "";
    public string Location { get; set; } = "";
    public string Task { get; set; } = "";
    public string Syscall { get; set; } = "";
    public long Count { get; set; }
    public string Total { get; set; } = "";
    public string P50 { get; set; } = "";
    public string P99 { get; set; } = "";
    public string Max { get; set; } = "";
    public double Percent { get; set; }
    public string Advice { get; set; } = "";
    public IReadOnlyList<string> Stack { get; set; } = [];
}

public sealed record ResultReference
{
    public OutputFormat Format { get; set; }
    public string ConfigMap { get; set; } = "";
    public string Key { get; set; } = "";
    public long Bytes { get; set; }
    public string Sha256 { get; set; } = "";
    public bool Truncated { get; set; }
}

/// <summary><c>metav1.Condition</c>.</summary>
public sealed record Condition
{
    public string Type { get; set; } = "";
    public string Status { get; set; } = "Unknown";
    public string Reason { get; set; } = "";
    public string Message { get; set; } = "";
    public long ObservedGeneration { get; set; }
    public DateTimeOffset LastTransitionTime { get; set; }
}
