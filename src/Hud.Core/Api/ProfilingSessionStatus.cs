using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>What the operator found, below 32 KiB always. Durations are short strings for people.</summary>
public sealed record ProfilingSessionStatus
{
    public long ObservedGeneration { get; init; } = -1;
    public SessionPhase Phase { get; init; }
    public string? Verdict { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public DateTimeOffset? CompletionTime { get; init; }
    public TargetCounts TargetCounts { get; init; } = new();

    /// <summary><c>succeeded or running / selected</c>, for the printer column.</summary>
    public string? TargetsReady { get; init; }

    public IReadOnlyList<TargetStatus> Targets { get; init; } = [];
    public StatusSummary? Summary { get; init; }
    public IReadOnlyList<StatusHotspot> Hotspots { get; init; } = [];
    public IReadOnlyList<ResultReference> Results { get; init; } = [];
    public IReadOnlyList<Condition> Conditions { get; init; } = [];
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
    public int Matched { get; init; }
    public int Selected { get; init; }
    public int Running { get; init; }
    public int Succeeded { get; init; }
    public int Failed { get; init; }
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
    public string Pod { get; init; } = "";

    [JsonPropertyName("podUID")]
    public string PodUid { get; init; } = "";

    public string Node { get; init; } = "";
    public string Container { get; init; } = "";

    [JsonPropertyName("containerID")]
    public string ContainerId { get; init; } = "";

    public int Pid { get; init; }
    public TargetState State { get; init; }
    public string Reason { get; init; } = "";
    public string Message { get; init; } = "";
    public int Runtimes { get; init; }
    public int Workers { get; init; }
    public string TokioVersion { get; init; } = "";
    public long Polls { get; init; }
    public long SlowPolls { get; init; }
    public long LostEvents { get; init; }
    public int SymbolizedPercent { get; init; }
    public double OverheadPercent { get; init; }
    public long ThrottledMillis { get; init; }
}

public sealed record StatusSummary
{
    public long Polls { get; init; }
    public long SlowPolls { get; init; }
    public double BlockedPercent { get; init; }
    public string WorstPoll { get; init; } = "";
    public int Stalls { get; init; }
    public string LongestStall { get; init; } = "";
    public string CpuHogTime { get; init; } = "";
    public string BlockedTime { get; init; } = "";
    public string RunQueueTime { get; init; } = "";
    public string ThrottledTime { get; init; } = "";
}

/// <summary>A hotspot as the status shows it; field names are those of the profile document.</summary>
public sealed record StatusHotspot
{
    public int Rank { get; init; }
    public Profile.HotspotCause Cause { get; init; }
    public string Category { get; init; } = "";
    public string Function { get; init; } = "";
    public string UserFrame { get; init; } = "";
    public string Location { get; init; } = "";
    public string Task { get; init; } = "";
    public string Syscall { get; init; } = "";
    public long Count { get; init; }
    public string Total { get; init; } = "";
    public string P50 { get; init; } = "";
    public string P99 { get; init; } = "";
    public string Max { get; init; } = "";
    public double Percent { get; init; }
    public string Advice { get; init; } = "";
    public IReadOnlyList<string> Stack { get; init; } = [];
}

public sealed record ResultReference
{
    public OutputFormat Format { get; init; }
    public string ConfigMap { get; init; } = "";
    public string Key { get; init; } = "";
    public long Bytes { get; init; }
    public string Sha256 { get; init; } = "";
    public bool Truncated { get; init; }
}

/// <summary><c>metav1.Condition</c>.</summary>
public sealed record Condition
{
    public string Type { get; init; } = "";
    public string Status { get; init; } = "Unknown";
    public string Reason { get; init; } = "";
    public string Message { get; init; } = "";
    public long ObservedGeneration { get; init; }
    public DateTimeOffset LastTransitionTime { get; init; }
}
