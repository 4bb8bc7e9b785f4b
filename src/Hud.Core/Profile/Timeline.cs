namespace Hud.Core.Profile;

/// <summary>One poll over the threshold. WallNs = OnCpuNs + BlockedNs + RunQueueNs.</summary>
public sealed record SlowPoll
{
    public int Target { get; init; }

    /// <summary>Index into <see cref="ProfileDocument.Workers"/>.</summary>
    public int Worker { get; init; }

    /// <summary>Index into <see cref="ProfileDocument.Tasks"/>.</summary>
    public int Task { get; init; }

    public ulong TaskId { get; init; }
    public long StartNs { get; init; }
    public long WallNs { get; init; }
    public long OnCpuNs { get; init; }
    public long BlockedNs { get; init; }
    public long RunQueueNs { get; init; }
    public long ThrottledNs { get; init; }
    public HotspotCause Cause { get; init; }

    /// <summary>Index into the stack table, -1 for none.</summary>
    public int Stack { get; init; } = -1;

    /// <summary>Index into <see cref="ProfileDocument.Hotspots"/>, -1 when below the cut.</summary>
    public int Hotspot { get; init; } = -1;

    /// <summary>The poll had not returned when the run ended.</summary>
    public bool Open { get; init; }
}

/// <summary>All polls of one task type.</summary>
public sealed record TaskProfile
{
    public int Target { get; init; }
    public string Name { get; init; } = "";
    public long Polls { get; init; }
    public long SlowPolls { get; init; }
    public long TotalNs { get; init; }
    public long P50Ns { get; init; }
    public long P99Ns { get; init; }
    public long MaxNs { get; init; }
    public double Percent { get; init; }
    public bool Estimated { get; init; }

    /// <summary>Entry i counts polls of [2^i, 2^(i+1)) ns; trailing zeros are cut.</summary>
    public IReadOnlyList<long> Histogram { get; init; } = [];
}

/// <summary>One worker thread over the run.</summary>
public sealed record WorkerProfile
{
    public int Target { get; init; }
    public int Tid { get; init; }
    public string Name { get; init; } = "";

    /// <summary>Number of its runtime within the target, from 0.</summary>
    public int Runtime { get; init; }

    public long Polls { get; init; }
    public long SlowPolls { get; init; }

    /// <summary>Time inside polls, and of that over the threshold.</summary>
    public long BusyNs { get; init; }
    public long LostNs { get; init; }

    /// <summary>Runnable but waiting for a CPU, in polls or not.</summary>
    public long RunQueueNs { get; init; }

    /// <summary>Scheduling latency: entry i counts waits of [2^i, 2^(i+1)) ns from wakeup to running.</summary>
    public IReadOnlyList<long> LatencyHistogram { get; init; } = [];

    public long LatencyMaxNs { get; init; }

    /// <summary>Scheduling latency over the threshold grouped by stack: the classic view of hud.</summary>
    public IReadOnlyList<LatencyGroup> LatencyByStack { get; init; } = [];
}

public sealed record LatencyGroup(int StackIndex, string Function, long Count, long TotalNs, long MaxNs);

/// <summary>An interval in which every worker of a runtime was inside a slow poll.</summary>
public sealed record Stall
{
    public int Target { get; init; }
    public int Runtime { get; init; }
    public long StartNs { get; init; }
    public long DurationNs { get; init; }
}

/// <summary>Every way something was lost, counted. All zero means that nothing was.</summary>
public sealed record Losses
{
    public long RingBufferDrops { get; init; }

    /// <summary>Slow polls that were counted but not recorded one by one (token bucket).</summary>
    public long RateLimited { get; init; }

    public long ThreadStateFailures { get; init; }
    public long PollDepthOverflows { get; init; }
    public long StackCopyFailures { get; init; }
    public long StackSlotsExhausted { get; init; }
    public long DecodeErrors { get; init; }
    public long TruncatedStacks { get; init; }
    public long UnresolvedFrames { get; init; }
    public long SampledOutPolls { get; init; }
    public long PollsWithoutStack { get; init; }
    public long SlowPollsCut { get; init; }
    public long StacksCut { get; init; }
    public long HotspotsCut { get; init; }
    public long MissedReturns { get; init; }
    public long ProgramMisses { get; init; }

    /// <summary>Why unwinding ended elsewhere than at the poll: reason -> count.</summary>
    public IReadOnlyDictionary<string, long> UnwindStops { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Events that never reached the report.</summary>
    public long Events() => RingBufferDrops + RateLimited + ThreadStateFailures + PollDepthOverflows + DecodeErrors + MissedReturns + ProgramMisses;
}

/// <summary>What the run cost the target and the node.</summary>
public sealed record Overhead
{
    public double BudgetPercent { get; init; }

    /// <summary>Probe hits x measured cost + the agent's CPU, in percent of the target's CPU time.</summary>
    public double MeasuredPercent { get; init; }

    public long ProbeHits { get; init; }

    /// <summary>Cost of one poll's probes on this machine, measured at start-up on a child process.</summary>
    public long CostPerPollNs { get; init; }

    public long AgentCpuNs { get; init; }
    public long AgentPeakBytes { get; init; }
    public int Level { get; init; }
    public IReadOnlyList<LevelChange> LevelChanges { get; init; } = [];
}

public sealed record LevelChange(long AtNs, int Level, int SampleRate, string Reason);
