using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// What the sums of a run grew by since an earlier reading of them. A maximum cannot be subtracted: one that has grown since is exact; else it is
/// the longest slow poll that was recorded, or the upper end of the highest slot of the histogram that has grown. Pure.
/// </summary>
public static class FactsSince
{
    /// <param name="before">The earlier reading; null for the beginning of the run.</param>
    /// <param name="early">Polls that are in the difference and began before it: they are taken out, to be counted from its beginning on.</param>
    /// <param name="polls">Slow polls since then.</param>
    public static ProfileInputs Of(
        ProfileInputs now,
        ProfileInputs? before,
        IReadOnlyList<PollRecord> early,
        IReadOnlyList<PollRecord> polls
    )
    {
        ArgumentNullException.ThrowIfNull(now);
        ArgumentNullException.ThrowIfNull(early);
        ArgumentNullException.ThrowIfNull(polls);
        if (before is null)
            return now;
        var counted = early.Where(p => !p.IsUncounted && !p.HandedOver).ToList();
        var byType = counted.ToLookup(p => p.Type);
        var byWorker = counted.ToLookup(p => (p.Target, p.Tid));
        var longest = polls
            .Where(p => !p.IsUncounted)
            .GroupBy(p => p.Type)
            .ToDictionary(g => g.Key, g => g.Max(p => p.Split.WallNs));
        // of another process nothing was counted before, also where a thread of it has the number of one that is gone
        var workers = Latest(before.Workers.Where(w => IsSame(now, before, w.Target)), w => (w.Target, w.Tid));
        var waits = Latest(before.CpuWaits.Where(w => IsSame(now, before, w.Target)), w => (w.Target, w.Tid));
        long length = now.EndNs - before.EndNs;
        return now with
        {
            StartNs = before.EndNs,
            Types =
            [
                .. now.Types.Select(
                    (type, i) =>
                        new TaskTypeId(i) is var id && i < before.Types.Count
                            ? Type(type, before.Types[i], byType[id], longest.GetValueOrDefault(id))
                            : type
                ),
            ],
            Workers =
            [
                .. now.Workers.Select(w =>
                    (
                        workers.TryGetValue((w.Target, w.Tid), out var then)
                            ? Worker(w, then, byWorker[(w.Target, w.Tid)])
                            : w
                    ) with
                    {
                        WatchedNs = Watched(w, then, before, length),
                    }
                ),
            ],
            CpuWaits =
            [
                .. now.CpuWaits.Select(w =>
                    waits.TryGetValue((w.Target, w.Tid), out var then) ? Wait(w, then, length) : w
                ),
            ],
            Targets =
            [
                .. now.Targets.Select((t, row) => row < before.Targets.Count ? Target(t, before.Targets[row]) : t),
            ],
            EarlierWorkerNs = now.EarlierWorkerNs.ToDictionary(
                e => e.Key,
                e => Math.Max(0, e.Value - EarlierNs(now, before, e.Key))
            ),
            Losses = Difference(now.Losses, before.Losses),
            Overhead = Difference(now, before),
        };
    }

    /// <summary>The same process has the row as before.</summary>
    private static bool IsSame(ProfileInputs now, ProfileInputs before, TargetId row) =>
        ProcessesOf(now, row) == ProcessesOf(before, row);

    private static int ProcessesOf(ProfileInputs facts, TargetId row) =>
        row.Index < facts.Targets.Count ? facts.Targets[row.Index].Processes : 0;

    /// <summary>What had come before of the worker time of processes that are gone: of one that was there then, until then.</summary>
    private static long EarlierNs(ProfileInputs now, ProfileInputs before, TargetId row)
    {
        long earlier = before.EarlierWorkerNs.GetValueOrDefault(row);
        return IsSame(now, before, row)
            ? earlier
            : earlier
                + before
                    .Workers.Where(w => w.Target == row && (w.Polls > 0 || w.Idle))
                    .Sum(w => w.WatchedNs ?? before.EndNs - before.StartNs);
    }

    /// <param name="then">The same thread in the earlier reading; null where it was not there.</param>
    /// <param name="lengthNs">Of the time between the readings.</param>
    private static long? Watched(WorkerFacts now, WorkerFacts? then, ProfileInputs before, long lengthNs)
    {
        if (now.WatchedNs is not { } watched)
            return null;
        long until = then is null ? 0 : then.WatchedNs ?? before.EndNs - before.StartNs;
        return Math.Clamp(watched - until, 0, lengthNs);
    }

    private static TaskTypeFacts Type(
        TaskTypeFacts now,
        TaskTypeFacts before,
        IEnumerable<PollRecord> early,
        long longestNs
    )
    {
        if (ReferenceEquals(now, before))
            return now with
            {
                Polls = 0,
                Slow = 0,
                TotalNs = 0,
                MaxNs = 0,
                Histogram = new long[now.Histogram.Length],
                Waits = null,
            };
        long[] histogram = Difference(now.Histogram, before.Histogram);
        var (polls, slow, totalNs) = (now.Polls - before.Polls, now.Slow - before.Slow, now.TotalNs - before.TotalNs);
        foreach (var poll in early)
        {
            (polls, slow, totalNs) = (
                polls - poll.Weight,
                slow - poll.Weight,
                totalNs - poll.Split.WallNs * poll.Weight
            );
            TakeOut(histogram, poll.Split.WallNs, poll.Weight);
        }

        return now with
        {
            Polls = Math.Max(0, polls),
            Slow = Math.Max(0, slow),
            TotalNs = Math.Max(0, totalNs),
            MaxNs = Longest(histogram, now.MaxNs, before.MaxNs, longestNs),
            Histogram = histogram,
            Waits = Waits(now.Waits, before.Waits),
        };
    }

    private static WaitFacts? Waits(WaitFacts? now, WaitFacts? before)
    {
        if (now is null || before is null || now.Count < before.Count)
            return now;
        if (now.Count == before.Count)
            return null;
        long[] histogram = Difference(now.Histogram, before.Histogram);
        return now with
        {
            Count = now.Count - before.Count,
            TotalNs = Math.Max(0, now.TotalNs - before.TotalNs),
            MaxNs = Longest(histogram, now.MaxNs, before.MaxNs, 0),
            Histogram = histogram,
            Long = Difference(now.Long, before.Long),
        };
    }

    /// <summary>A worker that polled before is one, also where it has not polled since.</summary>
    private static WorkerFacts Worker(WorkerFacts now, WorkerFacts before, IEnumerable<PollRecord> early)
    {
        // another thread has its number now
        if (now.Polls < before.Polls || now.QueueNs < before.QueueNs)
            return now;
        long[] histogram = Difference(now.Histogram, before.Histogram);
        var (polls, slow, busyNs) = (now.Polls - before.Polls, now.Slow - before.Slow, now.BusyNs - before.BusyNs);
        foreach (var poll in early)
            (polls, slow, busyNs) = (polls - poll.Weight, slow - poll.Weight, busyNs - poll.Split.WallNs * poll.Weight);
        return now with
        {
            Polls = Math.Max(0, polls),
            Slow = Math.Max(0, slow),
            BusyNs = Math.Max(0, busyNs),
            QueueNs = now.QueueNs - before.QueueNs,
            QueueMaxNs = Longest(histogram, now.QueueMaxNs, before.QueueMaxNs, 0),
            Histogram = histogram,
            PolledBefore = now.PolledBefore || before.PolledBefore || before.Polls > 0,
        };
    }

    private static CpuWait Wait(CpuWait now, CpuWait before, long observedNs)
    {
        long total = Math.Clamp(now.TotalNs - before.TotalNs, 0, observedNs);
        // one that goes on has grown, and its beginning may lie before
        return now with { TotalNs = total, LongestNs = Math.Min(total, now.LongestNs) };
    }

    /// <summary>Of a row, which has its place for good: the processes that had it are counted together.</summary>
    private static TargetProfile Target(TargetProfile now, TargetProfile then) =>
        now with
        {
            CpuNs = Math.Max(0, now.CpuNs - then.CpuNs),
            ThrottledNs = Math.Max(0, now.ThrottledNs - then.ThrottledNs),
            ThrottledPeriods = Math.Max(0, now.ThrottledPeriods - then.ThrottledPeriods),
        };

    /// <summary>Its share of the CPU time is that of the time between, as far as the readings say how much that was.</summary>
    private static Overhead Difference(ProfileInputs now, ProfileInputs before)
    {
        double cpu = now.Targets.Sum(t => (double)t.CpuNs),
            cpuBefore = before.Targets.Sum(t => (double)t.CpuNs);
        double percent =
            cpu > cpuBefore
                ? (now.Overhead.MeasuredPercent * cpu - before.Overhead.MeasuredPercent * cpuBefore) / (cpu - cpuBefore)
                : 0;
        long shift = before.EndNs - now.StartNs;
        return now.Overhead with
        {
            MeasuredPercent = Math.Round(Math.Max(0, percent), 3),
            ProbeHits = Math.Max(0, now.Overhead.ProbeHits - before.Overhead.ProbeHits),
            AgentCpuNs = Math.Max(0, now.Overhead.AgentCpuNs - before.Overhead.AgentCpuNs),
            LevelChanges =
            [
                .. now.Overhead.LevelChanges.Where(c => c.AtNs >= shift).Select(c => c with { AtNs = c.AtNs - shift }),
            ],
        };
    }

    private static Losses Difference(Losses now, Losses before)
    {
        long Since(Func<Losses, long> part) => Math.Max(0, part(now) - part(before));
        return new Losses
        {
            RingBufferDrops = Since(l => l.RingBufferDrops),
            RateLimited = Since(l => l.RateLimited),
            ThreadStateFailures = Since(l => l.ThreadStateFailures),
            PollDepthOverflows = Since(l => l.PollDepthOverflows),
            StackCopyFailures = Since(l => l.StackCopyFailures),
            StackSlotsExhausted = Since(l => l.StackSlotsExhausted),
            DecodeErrors = Since(l => l.DecodeErrors),
            TruncatedStacks = Since(l => l.TruncatedStacks),
            SampledOutPolls = Since(l => l.SampledOutPolls),
            StacksCut = Since(l => l.StacksCut),
            MissedReturns = Since(l => l.MissedReturns),
            MissedSwitches = Since(l => l.MissedSwitches),
            ProgramMisses = Since(l => l.ProgramMisses),
            SamplesLimited = Since(l => l.SamplesLimited),
            WakersLimited = Since(l => l.WakersLimited),
            WakesLost = Since(l => l.WakesLost),
            WaitsLimited = Since(l => l.WaitsLimited),
            UnknownTypes = Since(l => l.UnknownTypes),
            UnwindStops = now
                .UnwindStops.Select(p => (p.Key, Count: p.Value - before.UnwindStops.GetValueOrDefault(p.Key)))
                .Where(p => p.Count > 0)
                .ToDictionary(p => p.Key, p => p.Count, StringComparer.Ordinal),
        };
    }

    private static long[] Difference(long[] now, long[] before)
    {
        long[] difference = [.. now];
        for (int i = 0; i < Math.Min(now.Length, before.Length); i++)
            difference[i] = Math.Max(0, now[i] - before[i]);
        return difference;
    }

    private static void TakeOut(long[] histogram, long ns, int weight)
    {
        int slot = Log2Histogram.Slot(ns);
        if (slot < histogram.Length)
            histogram[slot] = Math.Max(0, histogram[slot] - weight);
    }

    /// <param name="recordedNs">The longest that was recorded by itself; 0 for none.</param>
    private static long Longest(long[] histogram, long now, long before, long recordedNs)
    {
        int highest = Array.FindLastIndex(histogram, n => n > 0);
        if (highest < 0)
            return 0;
        long end = highest + 1 < Log2Histogram.Slots ? (1L << (highest + 1)) - 1 : long.MaxValue;
        if (now > before && now <= end)
            return now;
        return recordedNs > 0 && Log2Histogram.Slot(recordedNs) >= highest ? recordedNs : Math.Min(now, end);
    }

    private static Dictionary<TKey, T> Latest<TKey, T>(IEnumerable<T> items, Func<T, TKey> key)
        where TKey : notnull
    {
        var latest = new Dictionary<TKey, T>();
        foreach (var item in items)
            latest[key(item)] = item;
        return latest;
    }
}
