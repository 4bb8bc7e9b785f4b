using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>Readings of one thread to its waits for a CPU; ns. Pure.</summary>
/// <param name="startNs">When the thread was first looked at.</param>
/// <param name="start">Its sums then; none for a thread that was born since.</param>
internal sealed class CpuWaitMeter(long startNs, SchedStat start)
{
    private readonly long _before = start.WaitNs;
    private SchedStat _last = start;
    private long _openNs;
    private long _lastNs = startNs;
    private bool _wasReady;
    private long _longestNs;

    /// <summary>Waits that are over, and the one that is not as far as it is known.</summary>
    public long TotalNs => _last.WaitNs - _before + _openNs;

    /// <summary>At least; of several waits between two readings only the mean is known.</summary>
    public long LongestNs => Math.Max(_longestNs, _openNs);

    /// <param name="ready">It was runnable, after these sums were read.</param>
    public void Add(long nowNs, SchedStat sums, bool ready)
    {
        if (sums.RunNs != _last.RunNs || sums.Slices != _last.Slices)
        {
            _longestNs = Math.Max(_longestNs, (sums.WaitNs - _last.WaitNs) / Math.Max(1, sums.Slices - _last.Slices));
            _openNs = 0;
        }
        else if (_wasReady)
        {
            // ready then, and it has not run since: nothing else can have happened to it
            _openNs += nowNs - _lastNs;
        }

        (_last, _lastNs, _wasReady) = (sums, nowNs, ready);
    }
}
