using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>
/// What one target has come to since the start of the run, for whoever serves it as metrics. Sent every few seconds for each target where
/// <see cref="AgentOptions.Metrics"/> asks for it. Every counter in it only grows from one message of a run to the next.
/// </summary>
public sealed record MetricsMessage : StreamMessage
{
    /// <summary>In the place of an index while a run that follows its targets has none yet.</summary>
    public const int NoTarget = -1;

    public RunMetrics Run { get; set; } = new();

    /// <summary>Index of the target in the report; <see cref="NoTarget"/> where only the run is told of.</summary>
    public int Index { get; set; }

    public TargetMetrics Target { get; set; } = new();
}

/// <summary>What holds for the run as a whole. It is in every message, so that a reader may begin with any.</summary>
public sealed record RunMetrics
{
    public AgentInfo Agent { get; set; } = new();
    public DateTimeOffset StartedAt { get; set; }
    public long ElapsedNs { get; set; }
    public long ThresholdNs { get; set; }

    /// <summary>Polls were sampled or probes detached for a part of the run: counts are scaled.</summary>
    public bool Estimated { get; set; }

    /// <summary>Without <see cref="Losses.UnwindStops"/>.</summary>
    public Losses Losses { get; set; } = new();

    /// <summary>Without <see cref="Overhead.LevelChanges"/>.</summary>
    public Overhead Overhead { get; set; } = new();

    /// <summary>Messages that <see cref="AgentOptions.MetricsPipe"/> did not take until now: nobody read it, or not fast enough.</summary>
    public long MessagesDropped { get; set; }
}

/// <summary>One process. Times are nanoseconds.</summary>
public sealed record TargetMetrics
{
    public string? Namespace { get; set; }
    public string? Pod { get; set; }
    public string? Container { get; set; }
    public string Process { get; set; } = "";

    /// <summary>Another one under the same index is another process, whose counters begin at 0; the longest ones are those of all.</summary>
    public int Pid { get; set; }

    /// <summary>False for one that could not be watched, or has ended.</summary>
    public bool Watched { get; set; }

    public int Workers { get; set; }
    public int Runtimes { get; set; }

    /// <summary>Time of slow polls by where it went, those included that have not returned.</summary>
    public long OnCpuNs { get; set; }
    public long BlockedNs { get; set; }
    public long RunQueueNs { get; set; }
    public long ThrottledNs { get; set; }

    public long Stalls { get; set; }
    public long StallNs { get; set; }
    public long LongestStallNs { get; set; }
    public long LongestPollNs { get; set; }

    /// <summary>Slow polls that have not returned.</summary>
    public int OpenPolls { get; set; }
    public long LongestOpenNs { get; set; }

    /// <summary>CPU time of the process.</summary>
    public long CpuNs { get; set; }

    /// <summary>Waits of its workers for a CPU, in polls and between them.</summary>
    public long CpuWaitNs { get; set; }

    /// <summary>By the quota of its cgroup.</summary>
    public long CpuThrottledNs { get; set; }
    public long CpuThrottledPeriods { get; set; }

    /// <summary>The sum of the others first, then the task types that have a series of their own, most time in polls first.</summary>
    public IReadOnlyList<TaskMetrics> Tasks { get; set; } = [];
}

/// <summary>One task type, or the sum of those that have no series of their own.</summary>
public sealed record TaskMetrics
{
    public const int Others = -1;

    /// <summary>The same for one series during the whole run, whatever it is called: from 0, or <see cref="Others"/>.</summary>
    public int Series { get; set; }

    public string Name { get; set; } = "";
    public long SlowPolls { get; set; }

    /// <summary>Time in polls, and of those entry i counts what took [2^i, 2^(i+1)) ns; trailing zeros are cut.</summary>
    public long PollNs { get; set; }
    public IReadOnlyList<long> Polls { get; set; } = [];

    /// <summary>From a wake to the poll that follows; in the same form.</summary>
    public long WaitNs { get; set; }
    public IReadOnlyList<long> Waits { get; set; } = [];

    /// <summary>The last slow poll of each slot of <see cref="Polls"/>, as far as its hotspot is known.</summary>
    public IReadOnlyList<PollExemplar> Exemplars { get; set; } = [];
}

/// <summary>A slow poll that stands for others like it.</summary>
/// <param name="EndNs">Since the start of the run.</param>
public sealed record PollExemplar(HotspotCause Cause, string Fingerprint, long WallNs, long EndNs);
