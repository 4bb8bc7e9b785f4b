using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Summary of each target; where nothing was found, why. Pure.</summary>
internal static class TargetSummaries
{
    public static List<TargetProfile> Of(
        ProfileInputs facts,
        PollAggregator aggregator,
        Runtimes runtimes,
        IReadOnlyList<TaskTypeFacts> types,
        ProfileSummary summary,
        IReadOnlyList<Hotspot> hotspots,
        IReadOnlyDictionary<RawKey, int> hotspotOf
    )
    {
        var top = TargetHotspots.Of(aggregator, facts, hotspots, hotspotOf, summary.ObservedNs);
        return
        [
            .. facts.Targets.Select(
                (target, i) =>
                    Of(target, new TargetId(i), facts, aggregator, runtimes, types, summary) with
                    {
                        Top = top.GetValueOrDefault(new TargetId(i), []),
                    }
            ),
        ];
    }

    private static TargetProfile Of(
        TargetProfile target,
        TargetId id,
        ProfileInputs facts,
        PollAggregator aggregator,
        Runtimes runtimes,
        IReadOnlyList<TaskTypeFacts> types,
        ProfileSummary summary
    )
    {
        var own = types.Where(t => t.Target == id).ToList();
        long blockedNs = aggregator
            .Hotspots.Where(p => p.Key.Target == id && p.Key.Cause is HotspotCause.OnCpu or HotspotCause.BlockingCall)
            .Sum(p => p.Value.Durations.TotalNs);
        int workers = runtimes.WorkersOf(id);
        var (wait, longestWait) = WaitsOf(facts, id, summary.ObservedNs);
        target = target with
        {
            Polls = own.Sum(t => t.Polls),
            SlowPolls = aggregator.RecordedByType.Where(p => types[p.Key.Number].Target == id).Sum(p => p.Value),
            // a poll that has not returned is not in the kernel's totals
            LongestPollNs = own.Select(t => t.MaxNs)
                .Concat(aggregator.Polls.Where(p => p.Target == id).Select(p => p.Split.WallNs))
                .DefaultIfEmpty(0)
                .Max(),
            CpuWaitNs = wait,
            Runtimes = runtimes.RuntimesOf(id),
            Workers = workers,
            TaskTypes = own.Count,
            BlockedPercent = Math.Round(blockedNs * 100.0 / WorkerTime.Of(facts, id, summary.ObservedNs), 2),
            WaitP99Ns = WaitP99(own),
            SymbolizedPercent = summary.SymbolizedPercent,
            LostEvents = facts.Losses.Events(),
            OverheadPercent = Math.Round(facts.Overhead.MeasuredPercent, 3),
        };
        // a poll that lasts for the whole run is slow and not counted yet
        if (target.Reason.Length > 0 || target.State == TargetState.Failed || target.SlowPolls > 0)
            return target;
        var (reason, message) = WhyNothing(target, id, longestWait, facts, summary.ObservedNs);
        return target with { Reason = reason, Message = message };
    }

    private static long? WaitP99(List<TaskTypeFacts> types)
    {
        var waits = types.Select(t => t.Waits).OfType<WaitFacts>().Where(w => w.Count > 0).ToList();
        return waits.Count == 0
            ? null
            : Log2Histogram.Quantile(Log2Histogram.Sum(waits.Select(w => w.Histogram)), 0.99, waits.Max(w => w.MaxNs));
    }

    private static (string Reason, string Message) WhyNothing(
        TargetProfile target,
        TargetId id,
        long longestWaitNs,
        ProfileInputs facts,
        long observedNs
    )
    {
        string few = $"{HumanText.Count(target.Polls)} polls, the longest {HumanText.Duration(target.LongestPollNs)}";
        if (target.Polls == 0 && facts.WithoutWorkers.TryGetValue(id, out string? unmatched))
            return (ProfileBuilder.NoSuchWorkers, unmatched);
        if (
            CpuStarvation.IsStarved(
                target.CpuWaitNs,
                longestWaitNs,
                target.CpuNs,
                observedNs,
                facts.Session.Threshold.Nanoseconds
            )
        )
            return (
                ProfileBuilder.Starved,
                $"{(target.Polls > 0 ? few : "no task was polled")}: its threads waited {HumanText.Duration(target.CpuWaitNs)} for a CPU and ran for {HumanText.Duration(target.CpuNs)}"
            );
        if (facts.LoadedLate.TryGetValue(id, out string? library))
            return (
                ProfileBuilder.LoadedLate,
                $"{few}; but the tasks of {library}, loaded during the run, were not timed"
            );
        if (facts.Unclear.GetValueOrDefault(id) is > 0 and var unclear)
            return (
                ProfileBuilder.Unclear,
                $"{few}; but {HumanText.Count(unclear)} of its threads could not be classified: seen neither idle nor in a poll"
            );
        if (target.Polls > 0)
            return ("BelowThreshold", few);
        return facts.Untimed.Contains(id)
            ? ("NotTimed", "polls were not timed, and no sleep or computation over the threshold was seen in one")
            : ("Idle", "Tokio was found, but it polled no task during the run");
    }

    private static (long TotalNs, long LongestNs) WaitsOf(ProfileInputs facts, TargetId target, long observedNs)
    {
        var workers = facts.Workers.Where(w => w.Target == target).ToList();
        if (workers.Exists(w => w.Polls > 0))
            return (workers.Sum(w => w.QueueNs), workers.Max(w => w.QueueMaxNs));
        // a worker that is parked may be known while the one that is kept from running is not; threads that only look at the clock
        // now and then wait a little each time on a busy machine, and no task waits for them
        var threads = facts
            .CpuWaits.Where(w => w.Target == target && CpuStarvation.IsLong(w.LongestNs, observedNs))
            .ToList();
        return (threads.Sum(w => w.TotalNs), threads.Select(w => w.LongestNs).DefaultIfEmpty(0).Max());
    }
}
