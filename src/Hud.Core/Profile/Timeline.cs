namespace Hud.Core.Profile;

/// <summary>One poll over the threshold. WallNs = OnCpuNs + BlockedNs + RunQueueNs.</summary>
public sealed record SlowPoll
{
    public int Target { get; set; }

    /// <summary>Index into <see cref="ProfileDocument.Workers"/>.</summary>
    public int Worker { get; set; }

    /// <summary>Index into <see cref="ProfileDocument.Tasks"/>.</summary>
    public int Task { get; set; }

    public ulong TaskId { get; set; }
    public long StartNs { get; set; }
    public long WallNs { get; set; }
    public long OnCpuNs { get; set; }
    public long BlockedNs { get; set; }
    public long RunQueueNs { get; set; }
    public long ThrottledNs { get; set; }
    public HotspotCause Cause { get; set; }

    /// <summary>Index into the stack table, -1 for none.</summary>
    public int Stack { get; set; } = -1;

    /// <summary>Index into <see cref="ProfileDocument.Hotspots"/>, -1 when below the cut.</summary>
    public int Hotspot { get; set; } = -1;

    /// <summary>The poll had not returned when the run ended.</summary>
    public bool Open { get; set; }

    /// <summary>The poll had begun before Hud attached; StartNs is when the run began.</summary>
    public bool Before { get; set; }
}

/// <summary>All polls of one task type.</summary>
public sealed record TaskProfile
{
    public int Target { get; set; }
    public string Name { get; set; } = "";
    public long Polls { get; set; }
    public long SlowPolls { get; set; }
    public long TotalNs { get; set; }
    public long P50Ns { get; set; }
    public long P99Ns { get; set; }
    public long MaxNs { get; set; }
    public double Percent { get; set; }
    public bool Estimated { get; set; }

    /// <summary>Entry i counts polls of [2^i, 2^(i+1)) ns; trailing zeros are cut.</summary>
    public IReadOnlyList<long> Histogram { get; set; } = [];

    /// <summary>How long its tasks waited for a worker; absent where no wait was timed: <see cref="TargetProfile.WakesNotTimed"/> says why.</summary>
    public TaskWaits? Waits { get; set; }
}

/// <summary>
/// From a wake of a task to the poll that follows, whatever the workers did meanwhile. A task that is woken again before that poll waits since
/// the first wake; one that is woken during its own poll, since the end of that. The first poll of a spawned task follows no wake.
/// </summary>
public sealed record TaskWaits
{
    public long Count { get; set; }
    public long TotalNs { get; set; }
    public long P50Ns { get; set; }
    public long P99Ns { get; set; }
    public long MaxNs { get; set; }

    /// <summary>True when not all were timed: the counts are scaled, or some of the run is missing.</summary>
    public bool Estimated { get; set; }

    /// <summary>Entry i counts waits of [2^i, 2^(i+1)) ns; trailing zeros are cut.</summary>
    public IReadOnlyList<long> Histogram { get; set; } = [];

    /// <summary>What the workers did during its long waits, most time first; empty where no wait was long, or none was recorded.</summary>
    public IReadOnlyList<WaitBehind> Behind { get; set; } = [];
}

/// <summary>A hotspot that tasks waited behind.</summary>
public sealed record WaitBehind
{
    public HotspotCause Cause { get; set; }

    /// <summary>Fingerprint of the hotspot: <see cref="HotspotIdentity"/> together with the cause.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>What the hotspot blames: its user frame, else its function, else its task.</summary>
    public string Function { get; set; } = "";

    /// <summary>Long waits that it was part of.</summary>
    public long Count { get; set; }

    /// <summary>Time of those waits in which it ran.</summary>
    public long TotalNs { get; set; }

    /// <summary>Of the time of all the task type's long waits.</summary>
    public double Percent { get; set; }
}

/// <summary>One worker thread over the run.</summary>
public sealed record WorkerProfile
{
    public int Target { get; set; }
    public int Tid { get; set; }
    public string Name { get; set; } = "";

    /// <summary>Number of its runtime within the target, from 0.</summary>
    public int Runtime { get; set; }

    public long Polls { get; set; }
    public long SlowPolls { get; set; }

    /// <summary>Time inside polls, and of that over the threshold.</summary>
    public long BusyNs { get; set; }
    public long LostNs { get; set; }

    /// <summary>Runnable but waiting for a CPU, in polls or not.</summary>
    public long RunQueueNs { get; set; }

    /// <summary>Scheduling latency: entry i counts waits of [2^i, 2^(i+1)) ns from wakeup to running.</summary>
    public IReadOnlyList<long> LatencyHistogram { get; set; } = [];

    public long LatencyMaxNs { get; set; }

    /// <summary>Scheduling latency over the threshold grouped by stack: the classic view of hud.</summary>
    public IReadOnlyList<LatencyGroup> LatencyByStack { get; set; } = [];
}

public sealed record LatencyGroup(int StackIndex, string Function, long Count, long TotalNs, long MaxNs);

/// <summary>An interval in which every worker of a runtime was inside a slow poll.</summary>
public sealed record Stall
{
    public int Target { get; set; }
    public int Runtime { get; set; }
    public long StartNs { get; set; }
    public long DurationNs { get; set; }
}

/// <summary>Every way something was lost, counted. All zero means that nothing was.</summary>
public sealed record Losses
{
    public long RingBufferDrops { get; set; }

    /// <summary>Slow polls that were counted but not recorded one by one (token bucket).</summary>
    public long RateLimited { get; set; }

    public long ThreadStateFailures { get; set; }
    public long PollDepthOverflows { get; set; }
    public long StackCopyFailures { get; set; }

    /// <summary>Polls on threads beyond those that a place is kept for: in the totals of their type, without worker or stacks.</summary>
    public long StackSlotsExhausted { get; set; }

    public long DecodeErrors { get; set; }
    public long TruncatedStacks { get; set; }
    public long UnresolvedFrames { get; set; }
    public long SampledOutPolls { get; set; }
    public long PollsWithoutStack { get; set; }
    public long SlowPollsCut { get; set; }
    public long StacksCut { get; set; }
    public long HotspotsCut { get; set; }
    public long MissedReturns { get; set; }

    /// <summary>Switches back to a thread not reported by the kernel (reconstructed); the time is from the scheduler's own sums.</summary>
    public long MissedSwitches { get; set; }
    public long ProgramMisses { get; set; }

    /// <summary>On-CPU samples that were not recorded (token bucket).</summary>
    public long SamplesLimited { get; set; }

    /// <summary>Ends of futex waits that were not recorded (token bucket): whose holder is not known.</summary>
    public long WakersLimited { get; set; }

    /// <summary>Waits of tasks for a worker whose beginning or end was not seen, or whose task could not be read.</summary>
    public long WakesLost { get; set; }

    /// <summary>Long waits of tasks that were counted, but of which it is not known what they were behind (token bucket, or no room).</summary>
    public long WaitsLimited { get; set; }

    /// <summary>Polls of no known task type: in no type's totals.</summary>
    public long UnknownTypes { get; set; }

    /// <summary>Why unwinding ended elsewhere than at the poll: reason -> count.</summary>
    public IReadOnlyDictionary<string, long> UnwindStops { get; set; } =
        new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Events that never reached the report.</summary>
    public long Events() =>
        RingBufferDrops
        + RateLimited
        + ThreadStateFailures
        + PollDepthOverflows
        + DecodeErrors
        + MissedReturns
        + ProgramMisses;
}

/// <summary>What the run cost the target and the node.</summary>
public sealed record Overhead
{
    public double BudgetPercent { get; set; }

    /// <summary>Probe hits x measured cost, in percent of the target's CPU time. The agent's own CPU time is <see cref="AgentCpuNs"/>.</summary>
    public double MeasuredPercent { get; set; }

    /// <summary>Of polls and wakes, timed or not.</summary>
    public long ProbeHits { get; set; }

    /// <summary>Cost of one poll's probes on this machine, measured at start-up on a child process.</summary>
    public long CostPerPollNs { get; set; }

    /// <summary>Cost of the probe on one wake of a task, measured in the same way; 0 where none was timed.</summary>
    public long CostPerWakeNs { get; set; }

    public long AgentCpuNs { get; set; }
    public long AgentPeakBytes { get; set; }
    public int Level { get; set; }
    public IReadOnlyList<LevelChange> LevelChanges { get; set; } = [];
}

public sealed record LevelChange(long AtNs, int Level, int SampleRate, string Reason);
