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
[JsonDerivedType(typeof(LookBackMessage), "lookback")]
[JsonDerivedType(typeof(MetricsMessage), "metrics")]
[JsonDerivedType(typeof(EndMessage), "bye")]
public abstract record StreamMessage
{
    public int V { get; set; } = 1;

    /// <summary>Counts from 1 without gaps; a reader that reconnects drops what it has.</summary>
    public long Seq { get; set; }
}

/// <summary>First line: who measures and how.</summary>
public sealed record HelloMessage : StreamMessage
{
    public AgentInfo Agent { get; set; } = new();
    public double BudgetPercent { get; set; }
    public long CostPerPollNs { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public ProfilingSessionSpec Session { get; set; } = new();

    /// <summary>How far back SIGUSR1 makes it tell; 0 when it keeps nothing, and in agents that know no such request and would die of it.</summary>
    public long LookBackNs { get; set; }
}

/// <summary>A target was found and attached, or why not.</summary>
public sealed record TargetMessage : StreamMessage
{
    /// <summary>Index of the target in the task, and later in the report. Said again when another process has the row.</summary>
    public int Index { get; set; }

    public TargetProfile Target { get; set; } = new();
}

/// <summary>
/// Once a second: what the cockpit draws. Counters are totals since the start. With <see cref="AgentTask.Continuous"/> once a minute and in at most
/// <see cref="StreamLimits.SmallProgressBytes"/>: without its lists.
/// </summary>
public sealed record ProgressMessage : StreamMessage
{
    public long ElapsedNs { get; set; }
    public ProfileSummary Summary { get; set; } = new();
    public VerdictLevel VerdictLevel { get; set; }
    public string Verdict { get; set; } = "";

    /// <summary>At most <see cref="StreamLimits.ProgressHotspots"/>, ranked; with stacks as text.</summary>
    public IReadOnlyList<Hotspot> Hotspots { get; set; } = [];

    public IReadOnlyList<WorkerNow> Workers { get; set; } = [];

    /// <summary>
    /// At most <see cref="StreamLimits.ProgressTasks"/>: the <see cref="StreamLimits.ProgressWaits"/> that waited longest for a worker, then those
    /// that take most time.
    /// </summary>
    public IReadOnlyList<TaskProfile> Tasks { get; set; } = [];

    /// <summary>Slow polls that ended in the last second, for the timeline; bounded.</summary>
    public IReadOnlyList<SlowPoll> SlowPolls { get; set; } = [];

    public Overhead Overhead { get; set; } = new();
    public long LostEvents { get; set; }

    /// <summary>Nothing is watched at the moment; null while something is.</summary>
    public WaitingFor? Waiting { get; set; }
}

/// <summary>The run goes on with the next process.</summary>
public sealed record WaitingFor
{
    /// <summary>The name or the path that it must have; empty where a list says what is wanted.</summary>
    public string Name { get; set; } = "";

    /// <summary>For so long; ns.</summary>
    public long ForNs { get; set; }

    /// <summary>There was one before.</summary>
    public bool HadOne { get; set; }
}

/// <summary>What a worker does now.</summary>
public sealed record WorkerNow
{
    public int Target { get; set; }
    public int Tid { get; set; }
    public string Name { get; set; } = "";
    public int Runtime { get; set; }

    /// <summary>idle, polling, blocked or queued.</summary>
    public string State { get; set; } = "";

    /// <summary>The task being polled, and since when.</summary>
    public string Task { get; set; } = "";
    public long SinceNs { get; set; }

    /// <summary>Share of the last second inside polls, and inside slow polls; 0..100.</summary>
    public double BusyPercent { get; set; }
    public double LostPercent { get; set; }
}

/// <summary>Something the reader of the report must know, with the next step.</summary>
public sealed record WarningMessage : StreamMessage
{
    public string Id { get; set; } = "";
    public string Text { get; set; } = "";
    public string NextStep { get; set; } = "";
}

/// <summary>Part n of m of the gzip-compressed, base64-encoded profile document.</summary>
public sealed record ProfilePartMessage : StreamMessage
{
    public int Part { get; set; }
    public int Parts { get; set; }

    /// <summary>Lower-case hex SHA-256 of the whole compressed document.</summary>
    public string Sha256 { get; set; } = "";

    public string Data { get; set; } = "";
}

/// <summary>
/// Part n of m of the last while of the run, which was asked for and goes on; packed as the profile is. A message of its own: to a reader that does
/// not know it, it is a line that cannot be read, and never the run's profile.
/// </summary>
public sealed record LookBackMessage : StreamMessage
{
    /// <summary>Counts the answers from 1. One answer is for all requests since the one before.</summary>
    public int Number { get; set; }

    /// <summary>The <see cref="LookBackRequest.Id"/> that it answers; empty for one by SIGUSR1.</summary>
    public string Request { get; set; } = "";

    /// <summary>Why there is none, in one sentence: then it has no parts.</summary>
    public string Refused { get; set; } = "";
    public int Part { get; set; }
    public int Parts { get; set; }

    /// <summary>Lower-case hex SHA-256 of the whole compressed document.</summary>
    public string Sha256 { get; set; } = "";

    public string Data { get; set; } = "";
}

/// <summary>Last line. Without it the agent was cut off.</summary>
public sealed record EndMessage : StreamMessage
{
    /// <summary>Completed, Interrupted, TargetGone, or a diagnostic id when nothing could be measured.</summary>
    public string Reason { get; set; } = "";

    public int ExitCode { get; set; }
    public long CpuNs { get; set; }
    public long PeakBytes { get; set; }

    /// <summary>Of a run that makes no report (<see cref="AgentTask.Continuous"/>), where they would be; null otherwise.</summary>
    public Losses? Losses { get; set; }

    /// <summary>Messages that <see cref="AgentOptions.MetricsPipe"/> did not take.</summary>
    public long MetricsDropped { get; set; }
}

/// <summary>Bounds of the stream, kept by the writer and checked by the reader.</summary>
public static class StreamLimits
{
    public const int MaxLineBytes = 256 * 1024;
    public const int MaxCompressedProfileBytes = 1024 * 1024;

    /// <summary>
    /// A profile as text. Some 15,000 slow polls fit, of which the longest are kept; the files that a session leaves hold fewer.
    /// Whoever reads many agents holds one such profile at a time, so its memory follows from this.
    /// </summary>
    public const int MaxProfileBytes = 4 * 1024 * 1024;

    /// <summary>A profile as objects, by the estimate of <see cref="ProfileWeight"/>: a short text can be a lot of objects.</summary>
    public const int MaxProfileHeapBytes = 20 * 1024 * 1024;

    public const int ProfilePartBytes = 144 * 1024;

    /// <summary>Of a run that makes no report.</summary>
    public const int SmallProgressBytes = 4 * 1024;
    public const int ProgressHotspots = 20;
    public const int ProgressSlowPolls = 200;
    public const int ProgressTasks = 20;

    /// <summary>Of the task types, those that are there for their waits.</summary>
    public const int ProgressWaits = 5;

    /// <summary>Of what the long waits of a task type were behind.</summary>
    public const int ProgressBehind = 3;

    /// <summary>Task types of a target with the most time in polls that get a series of their own in its metrics.</summary>
    public const int MetricsTasks = 50;

    /// <summary>Series that are handed out to task types of a target during a run: one that has its own keeps it.</summary>
    public const int MetricsSeries = 2 * MetricsTasks;

    /// <summary>Characters of a task type's name in a message that would not fit a line otherwise.</summary>
    public const int MetricsShortName = 100;
}
