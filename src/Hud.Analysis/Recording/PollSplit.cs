using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>How a slow poll spent its time: wall = on-CPU + blocked + run queue (throttling is part of the run queue). ns.</summary>
public readonly record struct PollSplit(long WallNs, long OnCpuNs, long BlockedNs, long RunQueueNs, long ThrottledNs)
{
    public static PollSplit From(long wallNs, long offNs, long runDelayNs, long throttledNs)
    {
        long off = Math.Clamp(offNs, 0, wallNs);
        long queued = Math.Clamp(runDelayNs, 0, off);
        return new PollSplit(wallNs, wallNs - off, off - queued, queued, Math.Clamp(throttledNs, 0, queued));
    }

    /// <summary>The same for its last part: what it spent its time on is taken to be spread evenly.</summary>
    public PollSplit Last(long ns)
    {
        double share = WallNs > 0 ? Math.Clamp((double)ns / WallNs, 0, 1) : 0;
        long wall = (long)(WallNs * share),
            queued = (long)(RunQueueNs * share),
            blocked = (long)(BlockedNs * share);
        return new PollSplit(wall, wall - blocked - queued, blocked, queued, (long)(ThrottledNs * share));
    }

    /// <summary>
    /// What this poll is counted for, the most expensive first; at least one. Code is named only when its own part (on-CPU and
    /// blocked together) is over the threshold: without the waiting, the poll would not have been slow otherwise.
    /// <see cref="HotspotCause.BlockingCall"/> stands for any sleep; which kind it was is for the stack to say.
    /// </summary>
    public IReadOnlyList<(HotspotCause Cause, long Ns)> Parts(long thresholdNs)
    {
        var parts = new List<(HotspotCause Cause, long Ns)>(3);
        long own = OnCpuNs + BlockedNs,
            neighbours = RunQueueNs - ThrottledNs;
        if (OnCpuNs > thresholdNs)
            parts.Add((HotspotCause.OnCpu, OnCpuNs));
        if (BlockedNs > thresholdNs)
            parts.Add((HotspotCause.BlockingCall, BlockedNs));
        if (parts.Count == 0 && own > thresholdNs)
            parts.Add((OnCpuNs >= BlockedNs ? HotspotCause.OnCpu : HotspotCause.BlockingCall, own));
        bool blameless = parts.Count == 0;
        if (ThrottledNs > thresholdNs || (blameless && ThrottledNs > neighbours))
            parts.Add((HotspotCause.Throttled, ThrottledNs));
        if (neighbours > thresholdNs || (blameless && ThrottledNs <= neighbours))
            parts.Add((HotspotCause.RunQueue, neighbours));
        parts.Sort(static (a, b) => b.Ns != a.Ns ? b.Ns.CompareTo(a.Ns) : a.Cause.CompareTo(b.Cause));
        return parts;
    }

    /// <summary>What a poll is coloured by in the timeline: its own part if there is one, else the pressure.</summary>
    public HotspotCause Primary(long thresholdNs)
    {
        foreach (var (cause, _) in Parts(thresholdNs))
        {
            if (cause is HotspotCause.OnCpu or HotspotCause.BlockingCall)
                return cause;
        }

        return Parts(thresholdNs)[0].Cause;
    }
}
