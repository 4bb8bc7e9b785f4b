using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>
/// How long each thread of a target waited for a CPU, by the scheduler's own sums. The programs in the kernel know a thread from
/// its first poll on and a wait when it is over; a thread that is given no CPU at all shows here only.
/// </summary>
internal sealed class CpuWaits
{
    private const int MaxThreads = 128;
    private readonly TargetProcess _target;
    private readonly long _startNs;
    private readonly Dictionary<int, CpuWaitMeter> _threads = [];

    /// <param name="startNs">CLOCK_MONOTONIC: when the run began.</param>
    public CpuWaits(TargetProcess target, long startNs)
    {
        (_target, _startNs) = (target, startNs);
        Read(startNs);
    }

    public TargetId Target => _target.Id;

    /// <summary>Once a second is enough: a wait that is over is in the sums whenever they are read.</summary>
    public void Read(long nowNs)
    {
        if (_target.Gone)
            return;
        foreach (int tid in ProcFs.Threads(_target.Pid).Take(MaxThreads))
        {
            // the state after the sums: what has not run since then was waiting from here on
            if (!SchedStat.TryParse(ProcFs.ReadText($"/proc/{_target.Pid}/task/{tid}/schedstat"), out var sums))
                continue;
            bool ready = ProcFs.StateOf(ProcFs.ReadText($"/proc/{_target.Pid}/task/{tid}/stat")) == 'R';
            if (!_threads.TryGetValue(tid, out var meter))
                _threads[tid] = meter = new CpuWaitMeter(nowNs, nowNs == _startNs ? sums : default);
            meter.Add(nowNs, sums, ready);
        }
    }

    public IEnumerable<CpuWait> Sums(long nowNs) =>
        _threads.Select(t => new CpuWait(
            _target.Id,
            t.Key,
            Math.Min(t.Value.TotalNs, nowNs - _startNs),
            Math.Min(t.Value.LongestNs, nowNs - _startNs)
        ));
}
