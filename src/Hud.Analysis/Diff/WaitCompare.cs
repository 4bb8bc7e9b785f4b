using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Waits for a worker of two runs, by the name of the task type. Pure.</summary>
internal static class WaitCompare
{
    public static List<WaitDiff> Of(ProfileDocument before, ProfileDocument after, DiffTolerance tolerance)
    {
        var was = ByName(before);
        return
        [
            .. ByName(after)
                .Where(now => was.ContainsKey(now.Key))
                .Select(now => Diff(now.Key, was[now.Key], now.Value, tolerance))
                .OrderBy(d => d.Change == HotspotChange.Same)
                .ThenByDescending(d => Math.Abs(d.AfterP99Ns - d.BeforeP99Ns))
                .ThenBy(d => d.Task, StringComparer.Ordinal),
        ];
    }

    /// <summary>The same type of several targets is one: which pods ran is another matter in each run.</summary>
    private static Dictionary<string, TaskWaits> ByName(ProfileDocument document) =>
        document
            .Tasks.Where(t => t.Waits is { Count: > 0 })
            .GroupBy(t => t.Name, t => t.Waits!, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => Join([.. g]), StringComparer.Ordinal);

    private static TaskWaits Join(List<TaskWaits> waits)
    {
        if (waits.Count == 1)
            return waits[0];
        var histogram = Log2Histogram.Sum(waits.Select(w => w.Histogram));
        long max = waits.Max(w => w.MaxNs);
        return new TaskWaits
        {
            Count = waits.Sum(w => w.Count),
            P99Ns = Log2Histogram.Quantile(histogram, 0.99, max),
            MaxNs = max,
        };
    }

    private static WaitDiff Diff(string task, TaskWaits was, TaskWaits now, DiffTolerance tolerance) =>
        new()
        {
            Change = Change(was, now, tolerance),
            Task = task,
            BeforeCount = was.Count,
            AfterCount = now.Count,
            BeforeP99Ns = was.P99Ns,
            AfterP99Ns = now.P99Ns,
            BeforeMaxNs = was.MaxNs,
            AfterMaxNs = now.MaxNs,
        };

    private static HotspotChange Change(TaskWaits was, TaskWaits now, DiffTolerance tolerance)
    {
        long small = Math.Min(was.P99Ns, now.P99Ns),
            large = Math.Max(was.P99Ns, now.P99Ns);
        if (
            Math.Min(was.Count, now.Count) < tolerance.MinWaits
            || large < tolerance.MinWaitNs
            || large < small * tolerance.MinWaitRatio
        )
            return HotspotChange.Same;
        return now.P99Ns > was.P99Ns ? HotspotChange.Worse : HotspotChange.Better;
    }
}
