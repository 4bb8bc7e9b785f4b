using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Counters of the process that has a row, out of those of all that had it: they begin at 0 with each. What was counted between the last message
/// of one and its end is the next one's, so that none of it is lost. Pure.
/// </summary>
internal static class MetricsSince
{
    /// <param name="earlier">The last of the processes before; no counter in it is larger.</param>
    public static TargetMetrics Of(TargetMetrics all, TargetMetrics earlier)
    {
        var before = earlier.Tasks.ToDictionary(t => t.Series);
        return all with
        {
            OnCpuNs = all.OnCpuNs - earlier.OnCpuNs,
            BlockedNs = all.BlockedNs - earlier.BlockedNs,
            RunQueueNs = all.RunQueueNs - earlier.RunQueueNs,
            ThrottledNs = all.ThrottledNs - earlier.ThrottledNs,
            Stalls = all.Stalls - earlier.Stalls,
            StallNs = all.StallNs - earlier.StallNs,
            CpuNs = all.CpuNs - earlier.CpuNs,
            CpuWaitNs = all.CpuWaitNs - earlier.CpuWaitNs,
            CpuThrottledNs = all.CpuThrottledNs - earlier.CpuThrottledNs,
            CpuThrottledPeriods = all.CpuThrottledPeriods - earlier.CpuThrottledPeriods,
            Tasks = [.. all.Tasks.Select(t => before.TryGetValue(t.Series, out var then) ? Of(t, then) : t)],
        };
    }

    private static TaskMetrics Of(TaskMetrics all, TaskMetrics earlier)
    {
        var polls = Minus(all.Polls, earlier.Polls);
        return all with
        {
            SlowPolls = all.SlowPolls - earlier.SlowPolls,
            PollNs = all.PollNs - earlier.PollNs,
            Polls = polls,
            WaitNs = all.WaitNs - earlier.WaitNs,
            Waits = Minus(all.Waits, earlier.Waits),
            // one stands for polls that are counted
            Exemplars = [.. all.Exemplars.Where(e => polls.ElementAtOrDefault(Log2Histogram.Slot(e.WallNs)) > 0)],
        };
    }

    private static IReadOnlyList<long> Minus(IReadOnlyList<long> all, IReadOnlyList<long> earlier) =>
        earlier.Count == 0
            ? all
            : Log2Histogram.Trim([.. all.Select((count, slot) => count - (slot < earlier.Count ? earlier[slot] : 0))]);
}
