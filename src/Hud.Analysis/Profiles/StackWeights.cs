using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Worker time by where it went. Stack -1 means that none was caught; Task and Worker -1 that it is not known.</summary>
public readonly record struct StackWeight(
    int Stack,
    int Task,
    int Worker,
    int Target,
    HotspotCause Cause,
    bool Estimated
)
{
    public long Count { get; init; }
    public long OnCpuNs { get; init; }
    public long BlockedNs { get; init; }
    public long RunQueueNs { get; init; }

    /// <summary>Lost to the code itself: computing or sleeping in a poll.</summary>
    public long LostNs => OnCpuNs + BlockedNs;
}

/// <summary>
/// Sums slow polls by (stack, task, worker, cause). The document's timeline is bounded, its totals are not: what the summary
/// counts beyond the listed polls is shared out over the hotspots that hold more than their listed polls, on their own
/// stacks and marked as estimated, so that flame graphs and profiles add up to what the verdict says.
/// </summary>
public static class StackWeights
{
    public static IReadOnlyList<StackWeight> Of(ProfileDocument document)
    {
        var sums =
            new Dictionary<
                (int Stack, int Task, int Worker, int Target, HotspotCause Cause, bool Estimated),
                StackWeight
            >();
        var listed = new (long Count, long Ns)[document.Hotspots.Count];

        foreach (var poll in document.SlowPolls)
        {
            bool known = poll.Hotspot >= 0 && poll.Hotspot < listed.Length;
            int stack = InTable(document, poll.Stack);
            if (stack < 0 && known)
                stack = InTable(document, document.Hotspots[poll.Hotspot].StackIndex);
            Add(
                sums,
                new StackWeight(stack, poll.Task, poll.Worker, poll.Target, poll.Cause, false)
                {
                    Count = 1,
                    OnCpuNs = poll.OnCpuNs,
                    BlockedNs = poll.BlockedNs,
                    RunQueueNs = poll.RunQueueNs,
                }
            );
            if (known)
            {
                long share = document.Hotspots[poll.Hotspot].Cause.IsCpuPressure()
                    ? poll.RunQueueNs
                    : poll.OnCpuNs + poll.BlockedNs;
                listed[poll.Hotspot] = (listed[poll.Hotspot].Count + 1, listed[poll.Hotspot].Ns + share);
            }
        }

        // with every poll listed nothing is missing; a poll that counts for two hotspots must not be added twice
        if (document.Summary.SlowPolls > document.SlowPolls.Count)
        {
            var s = document.Summary;
            AddMissing(
                document,
                sums,
                listed,
                pressure: false,
                s.CpuHogNs + s.BlockedNs - document.SlowPolls.Sum(p => p.OnCpuNs + p.BlockedNs)
            );
            AddMissing(
                document,
                sums,
                listed,
                pressure: true,
                s.RunQueueNs - document.SlowPolls.Sum(p => p.RunQueueNs)
            );
        }

        return
        [
            .. sums
                .Values.OrderByDescending(w => w.LostNs + w.RunQueueNs)
                .ThenBy(w => w.Stack)
                .ThenBy(w => w.Task)
                .ThenBy(w => w.Worker)
                .ThenBy(w => w.Cause),
        ];
    }

    private static void AddMissing(
        ProfileDocument document,
        Dictionary<(int, int, int, int, HotspotCause, bool), StackWeight> sums,
        (long Count, long Ns)[] listed,
        bool pressure,
        long missingNs
    )
    {
        var rests = document
            .Hotspots.Select(
                (hotspot, i) =>
                    (
                        hotspot,
                        Ns: Math.Max(0, hotspot.TotalNs - listed[i].Ns),
                        Count: Math.Max(0, hotspot.Count - listed[i].Count)
                    )
            )
            .Where(r => r.Ns > 0 && r.hotspot.Cause.IsCpuPressure() == pressure)
            .ToList();
        double all = rests.Sum(r => (double)r.Ns);
        if (missingNs <= 0 || all <= 0)
            return;
        double share = Math.Min(1, missingNs / all);
        foreach (var (hotspot, restNs, count) in rests)
        {
            long ns = (long)(restNs * share);
            Add(
                sums,
                new StackWeight(
                    InTable(document, hotspot.StackIndex),
                    TaskOf(document, hotspot),
                    -1,
                    hotspot.Target,
                    hotspot.Cause,
                    true
                )
                {
                    Count = count,
                    OnCpuNs = hotspot.Cause == HotspotCause.OnCpu ? ns : 0,
                    BlockedNs = hotspot.Cause is HotspotCause.BlockingCall or HotspotCause.LockWait ? ns : 0,
                    RunQueueNs = pressure ? ns : 0,
                }
            );
        }
    }

    private static int InTable(ProfileDocument document, int stack) =>
        stack >= 0 && stack < document.StackTable.Count ? stack : -1;

    private static int TaskOf(ProfileDocument document, Hotspot hotspot)
    {
        for (int i = 0; i < document.Tasks.Count; i++)
        {
            if (
                document.Tasks[i].Name == hotspot.Task
                && (hotspot.Target < 0 || document.Tasks[i].Target == hotspot.Target)
            )
                return i;
        }

        return -1;
    }

    private static void Add(Dictionary<(int, int, int, int, HotspotCause, bool), StackWeight> sums, StackWeight weight)
    {
        var key = (weight.Stack, weight.Task, weight.Worker, weight.Target, weight.Cause, weight.Estimated);
        sums[key] = sums.TryGetValue(key, out var old)
            ? weight with
            {
                Count = old.Count + weight.Count,
                OnCpuNs = old.OnCpuNs + weight.OnCpuNs,
                BlockedNs = old.BlockedNs + weight.BlockedNs,
                RunQueueNs = old.RunQueueNs + weight.RunQueueNs,
            }
            : weight;
    }
}
