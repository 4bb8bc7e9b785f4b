using System.Text.Json.Serialization;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>One line of the agent's stdout: JSON, UTF-8, at most <see cref="StreamLimits.MaxLineBytes"/>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "t")]
[JsonDerivedType(typeof(HelloMessage), "hello")]
[JsonDerivedType(typeof(TargetMessage), "target")]
[JsonDerivedType(typeof(ProgressMessage), "progress")]
[JsonDerivedType(typeof(WarningMessage), "warning")]
[JsonDerivedType(typeof(ProfilePartMessage), "profile")]
[JsonDerivedType(typeof(ByeMessage), "bye")]
public abstract record StreamMessage
{
    public int V { get; init; } = 1;

    /// <summary>Counts from 1 without gaps; a reader that reconnects drops what it has.</summary>
    public long Seq { get; init; }
}

/// <summary>First line: who measures and how.</summary>
public sealed record HelloMessage : StreamMessage
{
    public AgentInfo Agent { get; init; } = new();
    public double BudgetPercent { get; init; }
    public long CostPerPollNs { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public ProfilingSessionSpec Session { get; init; } = new();
}

/// <summary>A target was found and attached, or why not.</summary>
public sealed record TargetMessage : StreamMessage
{
    /// <summary>Index of the target in the task.</summary>
    public int Index { get; init; }

    public TargetProfile Target { get; init; } = new();
}

/// <summary>Once a second: what the cockpit draws. Counters are totals since the start.</summary>
public sealed record ProgressMessage : StreamMessage
{
    public long ElapsedNs { get; init; }
    public ProfileSummary Summary { get; init; } = new();
    public VerdictLevel VerdictLevel { get; init; }
    public string Verdict { get; init; } = "";

    /// <summary>At most <see cref="StreamLimits.ProgressHotspots"/>, ranked; with stacks as text.</summary>
    public IReadOnlyList<Hotspot> Hotspots { get; init; } = [];

    public IReadOnlyList<WorkerNow> Workers { get; init; } = [];
    public IReadOnlyList<TaskProfile> Tasks { get; init; } = [];

    /// <summary>Slow polls that ended in the last second, for the timeline; bounded.</summary>
    public IReadOnlyList<SlowPoll> SlowPolls { get; init; } = [];

    public Overhead Overhead { get; init; } = new();
    public long LostEvents { get; init; }
}

/// <summary>What a worker does now.</summary>
public sealed record WorkerNow
{
    public int Target { get; init; }
    public int Tid { get; init; }
    public string Name { get; init; } = "";
    public int Runtime { get; init; }

    /// <summary>idle, polling, blocked or queued.</summary>
    public string State { get; init; } = "";

    /// <summary>The task being polled, and since when.</summary>
    public string Task { get; init; } = "";
    public long SinceNs { get; init; }

    /// <summary>Share of the last second inside polls, and inside slow polls; 0..100.</summary>
    public double BusyPercent { get; init; }
    public double LostPercent { get; init; }
}

/// <summary>Something the reader of the report must know, with the next step.</summary>
public sealed record WarningMessage : StreamMessage
{
    public string Id { get; init; } = "";
    public string Text { get; init; } = "";
    public string NextStep { get; init; } = "";
}

/// <summary>Part n of m of the gzip-compressed, base64-encoded profile document.</summary>
public sealed record ProfilePartMessage : StreamMessage
{
    public int Part { get; init; }
    public int Parts { get; init; }

    /// <summary>Lower-case hex SHA-256 of the whole compressed document.</summary>
    public string Sha256 { get; init; } = "";

    public string Data { get; init; } = "";
}

/// <summary>Last line. Without it the agent was cut off.</summary>
public sealed record ByeMessage : StreamMessage
{
    /// <summary>Completed, Interrupted, TargetGone, or a diagnostic id when nothing could be measured.</summary>
    public string Reason { get; init; } = "";

    public int ExitCode { get; init; }
    public long CpuNs { get; init; }
    public long PeakBytes { get; init; }
}

/// <summary>Bounds of the stream, kept by the writer and checked by the reader.</summary>
public static class StreamLimits
{
    public const int MaxLineBytes = 256 * 1024;
    public const int MaxCompressedProfileBytes = 1024 * 1024;
    public const int MaxProfileBytes = 64 * 1024 * 1024;
    public const int ProfilePartBytes = 144 * 1024;
    public const int ProgressHotspots = 20;
    public const int ProgressSlowPolls = 200;
    public const int ProgressTasks = 20;
}
