using System.Text.Json.Serialization;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>What became of one hotspot between two runs.</summary>
public enum HotspotChange
{
    New,
    Worse,
    Same,
    Better,
    Gone,
}

/// <summary>For pipelines: Worse fails, NotComparable means that one side measured nothing.</summary>
public enum DiffOutcome
{
    Better,
    Same,
    Worse,
    NotComparable,
}

/// <summary>What counts as a change. Shares are percentage points of worker time, so runs of different lengths compare.</summary>
public sealed record DiffTolerance
{
    /// <summary>A smaller difference is noise.</summary>
    public double MinPoints { get; init; } = 0.1;

    /// <summary>So is a difference below this factor.</summary>
    public double MinRatio { get; init; } = 1.25;

    /// <summary>A hotspot that was not there before fails the comparison from this share on, even if the total fell.</summary>
    public double NewPoints { get; init; } = 1;

    /// <summary>
    /// Of waits for a worker: their percentiles are those of a histogram of powers of two, so less than a factor of two says nothing.
    /// </summary>
    public double MinWaitRatio { get; init; } = 2;

    /// <summary>Below it waits are too short to matter, however many times longer they became.</summary>
    public long MinWaitNs { get; init; } = 1_000_000;

    /// <summary>The 99th percentile of fewer waits is that of one or two.</summary>
    public long MinWaits { get; init; } = 200;
}

/// <summary>How long the tasks of one type waited for a worker, on both sides.</summary>
public sealed record WaitDiff
{
    public HotspotChange Change { get; init; }
    public string Task { get; init; } = "";
    public long BeforeCount { get; init; }
    public long AfterCount { get; init; }
    public long BeforeP99Ns { get; init; }
    public long AfterP99Ns { get; init; }
    public long BeforeMaxNs { get; init; }
    public long AfterMaxNs { get; init; }
}

/// <summary>One hotspot on both sides; the zeros of a side without it are real zeros.</summary>
public sealed record HotspotDiff
{
    public HotspotChange Change { get; init; }

    /// <summary>False for run-queue delay and throttling: shown, but never a reason for an outcome.</summary>
    public bool Counts { get; init; }

    public string Fingerprint { get; init; } = "";
    public HotspotCause Cause { get; init; }
    public string Category { get; init; } = "";
    public string Function { get; init; } = "";
    public string UserFrame { get; init; } = "";
    public string Location { get; init; } = "";
    public string Task { get; init; } = "";
    public string Syscall { get; init; } = "";

    /// <summary>Distinguishes two of one name; the comparison's own output has no stacks.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Stack { get; init; } = [];

    public double BeforePercent { get; init; }
    public double AfterPercent { get; init; }
    public double BeforePerMinute { get; init; }
    public double AfterPerMinute { get; init; }
    public long BeforeP99Ns { get; init; }
    public long AfterP99Ns { get; init; }
    public long BeforeMaxNs { get; init; }
    public long AfterMaxNs { get; init; }
}

/// <summary>One run in the figures that compare.</summary>
public sealed record DiffSide
{
    public string Verdict { get; init; } = "";
    public VerdictLevel VerdictLevel { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public long ObservedNs { get; init; }
    public double BlockedPercent { get; init; }
    public double PollsPerSecond { get; init; }
    public double SlowPollsPerMinute { get; init; }
    public double StallsPerMinute { get; init; }
    public long WorstPollNs { get; init; }
}

public sealed record ProfileDiff
{
    public DiffOutcome Outcome { get; init; }

    /// <summary>One sentence: which way it went, and which hotspots made it so.</summary>
    public string Verdict { get; init; } = "";

    public DiffSide Before { get; init; } = new();
    public DiffSide After { get; init; } = new();

    /// <summary>By size of the change, those that count first.</summary>
    public IReadOnlyList<HotspotDiff> Hotspots { get; init; } = [];

    /// <summary>
    /// Task types whose waits for a worker were timed in both runs, by size of the change. They are what the hotspots cause, so they never decide
    /// the outcome.
    /// </summary>
    public IReadOnlyList<WaitDiff> Waits { get; init; } = [];

    /// <summary>What limits the comparison: other thresholds, other load, rare hotspots.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
