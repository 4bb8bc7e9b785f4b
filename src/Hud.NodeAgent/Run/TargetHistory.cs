using Hud.Core.Profile;

namespace Hud.NodeAgent.Run;

/// <summary>What is kept of the processes that had a row of the report before the one that has it now.</summary>
/// <param name="WorkerNs">Of their workers, as long as they were watched: what a share of worker time is a share of.</param>
internal sealed record TargetHistory(
    int Processes = 0,
    long WorkerNs = 0,
    long CpuNs = 0,
    long ThrottledNs = 0,
    long ThrottledPeriods = 0
)
{
    /// <summary>Of a process that is gone, and what was before it.</summary>
    public static TargetHistory Of(TargetProcess ended, long workerNs)
    {
        var (before, own) = (ended.Before, ended.Own());
        return new TargetHistory(
            before.Processes + 1,
            before.WorkerNs + workerNs,
            before.CpuNs + own.CpuNs,
            before.ThrottledNs + own.ThrottledNs,
            before.ThrottledPeriods + own.ThrottledPeriods
        );
    }

    public TargetProfile AddTo(TargetProfile own) =>
        Processes == 0
            ? own
            : own with
            {
                Processes = Processes + 1,
                CpuNs = own.CpuNs + CpuNs,
                ThrottledNs = own.ThrottledNs + ThrottledNs,
                ThrottledPeriods = own.ThrottledPeriods + ThrottledPeriods,
            };
}
