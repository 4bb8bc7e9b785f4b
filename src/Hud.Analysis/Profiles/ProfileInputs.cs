using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Everything the report is made of, besides the aggregator. Times are CLOCK_MONOTONIC ns unless said otherwise.</summary>
public sealed record ProfileInputs
{
    public ProfilingSessionSpec Session { get; init; } = new();
    public AgentInfo Agent { get; init; } = new();
    public DateTimeOffset StartedAt { get; init; }
    public long StartNs { get; init; }
    public long EndNs { get; init; }
    public IReadOnlyList<TargetProfile> Targets { get; init; } = [];
    public IReadOnlyList<TaskTypeFacts> Types { get; init; } = [];
    public IReadOnlyList<WorkerFacts> Workers { get; init; } = [];

    /// <summary>By the scheduler's own sums; of threads that never polled as well.</summary>
    public IReadOnlyList<CpuWait> CpuWaits { get; init; } = [];
    public Losses Losses { get; init; } = new();
    public Overhead Overhead { get; init; } = new();
    public IReadOnlyList<ProfileWarning> Warnings { get; init; } = [];

    /// <summary>Polls were sampled or probes detached for a part of the run.</summary>
    public bool Estimated { get; init; }

    /// <summary>Targets whose polls were not timed for a part of the run at least: of those, no poll counted is not no poll.</summary>
    public IReadOnlySet<TargetId> Untimed { get; init; } = new HashSet<TargetId>();

    /// <summary>Targets none of whose threads is one of the workers that the session names, with what to say of it.</summary>
    public IReadOnlyDictionary<TargetId, string> WithoutWorkers { get; init; } = new Dictionary<TargetId, string>();

    /// <summary>Threads with a worker's name, by target, of which it is not known what they did: where there are any, nothing is all right.</summary>
    public IReadOnlyDictionary<TargetId, int> Unclear { get; init; } = new Dictionary<TargetId, int>();

    /// <summary>Targets that loaded a library with a Tokio of its own during the run: its tasks were not timed.</summary>
    public IReadOnlyDictionary<TargetId, string> LoadedLate { get; init; } = new Dictionary<TargetId, string>();

    /// <summary>Time of the workers of processes that had a target's row before the one that has it now; ns.</summary>
    public IReadOnlyDictionary<TargetId, long> EarlierWorkerNs { get; init; } = new Dictionary<TargetId, long>();

    /// <summary>How many hotspots the report keeps.</summary>
    public int MaxHotspots { get; init; } = 100;
}

/// <summary>One task type's totals from the kernel, scaled for sampling. Index in <see cref="ProfileInputs.Types"/> = poll type.</summary>
public sealed record TaskTypeFacts
{
    /// <summary>Stands for a task's name where a worker ran code that belongs to none.</summary>
    public const string OutsidePolls = "(no task: block_on, hooks, drivers)";

    public TargetId Target { get; init; }
    public string Name { get; init; } = "";
    public long Polls { get; init; }
    public long Slow { get; init; }
    public long TotalNs { get; init; }
    public long MaxNs { get; init; }
    public long[] Histogram { get; init; } = [];
    public bool Estimated { get; init; }

    /// <summary>Null when no wait was timed.</summary>
    public WaitFacts? Waits { get; init; }
}

/// <summary>How long the tasks of one type waited, from a wake to their poll.</summary>
public sealed record WaitFacts
{
    public long Count { get; init; }
    public long TotalNs { get; init; }
    public long MaxNs { get; init; }
    public long[] Histogram { get; init; } = [];

    /// <summary>Of those, the ones from a millisecond on: see <see cref="LongHistogram"/>.</summary>
    public long[] Long { get; init; } = [];
    public bool Estimated { get; init; }
}

/// <summary>One polling thread. Index in <see cref="ProfileInputs.Workers"/> = worker slot.</summary>
public sealed record WorkerFacts
{
    public TargetId Target { get; init; }
    public int Tid { get; init; }
    public string Name { get; init; } = "";
    public ulong Runtime { get; init; }
    public long Polls { get; init; }
    public long Slow { get; init; }
    public long BusyNs { get; init; }
    public long QueueNs { get; init; }
    public long QueueMaxNs { get; init; }
    public long[] Histogram { get; init; } = [];

    /// <summary>A worker that was never seen polling, known by the stack it was parked in.</summary>
    public bool Idle { get; init; }

    /// <summary>It polled before the time that is looked at: a worker, however little it did since.</summary>
    public bool PolledBefore { get; init; }

    /// <summary>Words of an idle worker's stack: some point into its runtime's scheduler handle.</summary>
    public IReadOnlyList<ulong> StackWords { get; init; } = [];

    /// <summary>For how long its process was watched, where that isn't the whole run; ns.</summary>
    public long? WatchedNs { get; init; }

    /// <summary>It drives a runtime of its own (current_thread), whatever other threads do.</summary>
    public bool Alone { get; init; }
}

/// <summary>Waits of one thread for a CPU during the run, the one that is not over included; ns. The longest is at least this long.</summary>
public readonly record struct CpuWait(TargetId Target, int Tid, long TotalNs, long LongestNs);
