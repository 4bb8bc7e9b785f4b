using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// The kernel's totals by type and by worker know polls that were seen to begin and to return. Those that began before, have not
/// returned, or belong to no task are worker time too, and are added here. Pure.
/// </summary>
internal static class UncountedPolls
{
    public static ProfileInputs AddTo(ProfileInputs facts, IReadOnlyList<PollRecord> polls)
    {
        var uncounted = polls.Where(p => p.IsUncounted).ToList();
        if (uncounted.Count == 0)
            return facts;
        var byType = uncounted.ToLookup(p => p.Type);
        var byWorker = uncounted.ToLookup(p => (p.Target, p.Tid));
        return facts with
        {
            Types =
            [
                .. facts.Types.Select(
                    (type, i) => new TaskTypeId(i) is var id && byType.Contains(id) ? Add(type, byType[id]) : type
                ),
            ],
            Workers =
            [
                .. facts.Workers.Select(w =>
                    byWorker.Contains((w.Target, w.Tid)) ? Add(w, byWorker[(w.Target, w.Tid)]) : w
                ),
            ],
        };
    }

    private static TaskTypeFacts Add(TaskTypeFacts type, IEnumerable<PollRecord> polls)
    {
        long[] histogram = new long[Log2Histogram.Slots];
        type.Histogram.CopyTo(histogram, 0);
        var sum = type with { Histogram = histogram };
        foreach (var poll in polls)
        {
            histogram[Log2Histogram.Slot(poll.Split.WallNs)] += poll.Weight;
            sum = sum with
            {
                Polls = sum.Polls + poll.Weight,
                Slow = sum.Slow + poll.Weight,
                TotalNs = sum.TotalNs + poll.Split.WallNs * poll.Weight,
                MaxNs = Math.Max(sum.MaxNs, poll.Split.WallNs),
            };
        }

        return sum;
    }

    /// <summary>A worker that was taken for idle isn't idle.</summary>
    private static WorkerFacts Add(WorkerFacts worker, IEnumerable<PollRecord> polls)
    {
        foreach (var poll in polls)
            worker = worker with
            {
                Polls = worker.Polls + poll.Weight,
                Slow = worker.Slow + poll.Weight,
                BusyNs = worker.BusyNs + poll.Split.WallNs * poll.Weight,
            };
        return worker with { Idle = worker.Idle && worker.Polls == 0 };
    }
}
