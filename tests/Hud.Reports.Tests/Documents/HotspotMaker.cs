using Hud.Core.Profile;

namespace Hud.Reports.Tests.Documents;

internal static class HotspotMaker
{
    /// <summary>The hotspots by rank, and blocker to hotspot index.</summary>
    public static (List<Hotspot> Hotspots, int[] RankOf) Make(
        DocumentShape shape,
        List<SlowPoll> polls,
        List<StackEntry> stacks,
        long observed
    )
    {
        var rankOf = Enumerable.Repeat(-1, shape.Blockers.Count).ToArray();
        var found = new List<(int Blocker, Hotspot Hotspot)>();
        for (int b = 0; b < shape.Blockers.Count; b++)
        {
            var kind = shape.Blockers[b];
            var own = polls.Where(p => p.Cause == kind.Cause && stacks[p.Stack].Frames.Contains(kind.Path[0])).ToList();
            if (own.Count == 0)
                continue;
            bool pressure = kind.Cause.IsCpuPressure();
            var times = own.Select(p => pressure ? p.RunQueueNs : p.OnCpuNs + p.BlockedNs).Order().ToList();
            found.Add(
                (
                    b,
                    new Hotspot
                    {
                        Cause = kind.Cause,
                        Category = kind.Category,
                        Function = kind.Leaf[^1].Function,
                        UserFrame = kind.Path[0].Function,
                        Location = kind.Path[0].Location,
                        Task = kind.Task,
                        Syscall = kind.Syscall,
                        Count = own.Count,
                        TotalNs = times.Sum(),
                        P50Ns = times[times.Count / 2],
                        P99Ns = times[(int)(times.Count * 0.99)],
                        MaxNs = times[^1],
                        Percent = Math.Round(times.Sum() * 100.0 / ((double)observed * shape.Workers), 2),
                        Advice = kind.Advice,
                        DocsSlug = kind.Category.ToLowerInvariant(),
                        Stack =
                        [
                            .. stacks[b]
                                .Frames.Select(f =>
                                    f.Location.Length > 0 ? $"{f.Function} ({f.Location})" : f.Function
                                ),
                        ],
                        StackIndex = b,
                        HolderStack =
                            kind.Cause == HotspotCause.LockWait
                                ?
                                [
                                    "checkout::session::Cache::evict (src/session.rs:233)",
                                    "checkout::session::refresh::{{closure}} (src/session.rs:70)",
                                ]
                                : [],
                        PreemptedBy = pressure
                            ? [new Culprit("batch-import", 990, 71), new Culprit("kubelet", 812, 9)]
                            : [],
                        Fingerprint = $"{kind.Cause}-{kind.Path[0].Function}-{kind.Leaf[^1].Function}",
                        Histogram = Histogram(times),
                    }
                )
            );
        }

        var ranked = found
            .OrderBy(f => f.Hotspot.Cause is HotspotCause.RunQueue)
            .ThenByDescending(f => f.Hotspot.TotalNs)
            .ToList();
        for (int i = 0; i < ranked.Count; i++)
            rankOf[ranked[i].Blocker] = i;
        return ([.. ranked.Select((f, i) => f.Hotspot with { Rank = i + 1 })], rankOf);
    }

    public static List<long> Histogram(IEnumerable<long> values)
    {
        var histogram = new List<long>();
        foreach (long value in values)
        {
            int bucket = value > 0 ? (int)Math.Log2(value) : 0;
            while (histogram.Count <= bucket)
                histogram.Add(0);
            histogram[bucket]++;
        }

        return histogram;
    }
}

internal static class TaskMaker
{
    public static List<TaskProfile> Make(
        List<string> names,
        List<SlowPoll> polls,
        long normalPolls,
        DocumentShape shape,
        long observed
    ) =>
        [
            .. names.Select(
                (name, i) =>
                {
                    var own = polls.Where(p => p.Task == i).ToList();
                    var histogram = HotspotMaker.Histogram(own.Select(p => p.WallNs));
                    while (histogram.Count < 21)
                        histogram.Add(0);
                    long each = normalPolls / names.Count;
                    // short polls: most between 4 and 128 us, a tail up to a millisecond
                    foreach (
                        var (bucket, share) in new[]
                        {
                            (12, 0.2),
                            (13, 0.4),
                            (14, 0.25),
                            (15, 0.1),
                            (16, 0.04),
                            (18, 0.009),
                            (20, 0.001),
                        }
                    )
                        histogram[bucket] += (long)(each * share);
                    long total = own.Sum(p => p.WallNs) + each * 14_000;
                    return new TaskProfile
                    {
                        Name = name,
                        Polls = each + own.Count,
                        SlowPolls = own.Count,
                        TotalNs = total,
                        P50Ns = 11_000,
                        P99Ns = 140_000,
                        MaxNs = own.Count > 0 ? own.Max(p => p.WallNs) : 1_100_000,
                        Percent = Math.Round(total * 100.0 / ((double)observed * shape.Workers), 2),
                        Histogram = histogram,
                    };
                }
            ),
        ];
}

internal static class WorkerMaker
{
    public static List<WorkerProfile> Make(
        DocumentShape shape,
        List<SlowPoll> polls,
        long normalPolls,
        Random random
    ) =>
        [
            .. Enumerable
                .Range(0, shape.Workers)
                .Select(i =>
                {
                    var own = polls.Where(p => p.Worker == i).ToList();
                    return new WorkerProfile
                    {
                        Tid = 4250 + i,
                        Name = "tokio-rt-worker",
                        Polls = normalPolls / shape.Workers + own.Count,
                        SlowPolls = own.Count,
                        BusyNs = own.Sum(p => p.WallNs) + (long)(shape.Seconds * 1e8),
                        LostNs = own.Sum(p => p.OnCpuNs + p.BlockedNs),
                        RunQueueNs = own.Sum(p => p.RunQueueNs) + random.Next(1_000_000, 40_000_000),
                        LatencyHistogram =
                        [
                            .. Enumerable.Repeat(0L, 11),
                            20_000,
                            90_000,
                            40_000,
                            9_000,
                            900,
                            200,
                            40,
                            9,
                            2,
                        ],
                        LatencyMaxNs = 9_000_000,
                        LatencyByStack = [new LatencyGroup(0, "checkout::login", 12, 80_000_000, 9_000_000)],
                    };
                }),
        ];
}
