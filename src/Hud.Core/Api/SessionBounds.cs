namespace Hud.Core.Api;

/// <summary>Bounds of a ProfilingSession's spec. The CRD's schema repeats them; a test compares the two.</summary>
public static class SessionBounds
{
    public static readonly GoDuration MinDuration = GoDuration.Parse("1s");
    public static readonly GoDuration MaxDuration = GoDuration.Parse("30m");

    /// <summary>On one machine, where whoever started it also ends it. The agent's memory does not grow with the run.</summary>
    public static readonly GoDuration MaxLocalDuration = GoDuration.Parse("24h");

    /// <summary>Of a run on one machine: how much of the past can be asked for while it goes on.</summary>
    public static readonly GoDuration MinLookBack = GoDuration.Parse("10s");
    public static readonly GoDuration MaxLookBack = GoDuration.Parse("30m");

    /// <summary>In a cluster, where agents of a policy keep it for all their targets.</summary>
    public static readonly GoDuration MaxSessionLookBack = GoDuration.Parse("10m");
    public static readonly GoDuration MinThreshold = GoDuration.Parse("100us");
    public static readonly GoDuration MaxThreshold = GoDuration.Parse("10s");
    public static readonly GoDuration MinStartDeadline = GoDuration.Parse("10s");
    public static readonly GoDuration MaxStartDeadline = GoDuration.Parse("30m");
    public static readonly GoDuration MinResultsTtl = GoDuration.Parse("1m");
    public static readonly GoDuration MaxResultsTtl = GoDuration.Parse("8760h");
    public static readonly GoDuration MinExpectedPoll = GoDuration.Parse("100us");
    public static readonly GoDuration MaxExpectedPoll = GoDuration.Parse("30m");

    public const int MinFrequencyHz = 1;
    public const int MaxFrequencyHz = 999;
    public const double MinBudgetPercent = 0.1;
    public const double MaxBudgetPercent = 10;
    public const int MinPods = 1;
    public const int MaxPods = 500;

    /// <summary>Of one node: the BPF programs of an agent have a bit for each.</summary>
    public const int MaxPodsOfNode = 63;

    /// <summary>Rows of <c>status.targets</c>; beyond that they are in a file.</summary>
    public const int MaxTargetsShown = 20;
    public const int MaxOutliersShown = 5;
    public const int MaxImagesShown = 5;
    public const int MinTopHotspots = 1;
    public const int MaxTopHotspots = 50;
    public const int MaxWorkerNames = 16;

    /// <summary>TASK_COMM_LEN without its terminator: a longer prefix can match no thread.</summary>
    public const int MaxWorkerNameLength = 15;

    /// <summary>NAME_MAX: a process is named by its comm or by the file name of its executable.</summary>
    public const int MaxProcessNameLength = 255;

    public const int MaxLabelEntries = 32;
    public const int MaxLabelValues = 64;
}
