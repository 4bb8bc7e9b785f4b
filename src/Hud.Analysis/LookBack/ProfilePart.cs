using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// The part of a document that is about some of its targets, as if the others had not been watched: rows, timeline and stacks of theirs go. Rows of
/// targets, workers, task types and stalls are exact. A hotspot that several targets share is added up again from the timeline and from what its targets
/// say of it, and marked as estimated where polls of it are in neither. What was lost, and what watching cost, is of the agent and stays. Pure.
/// </summary>
public static class ProfilePart
{
    public static ProfileDocument OfTargets(ProfileDocument document, Func<TargetProfile, bool> isWanted)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(isWanted);
        int[] targets = Places(document.Targets, isWanted);
        if (document.Targets.Count > 0 && targets.All(t => t >= 0))
            return document;
        int[] workers = Places(document.Workers, w => At(targets, w.Target) >= 0);
        int[] tasks = Places(document.Tasks, t => At(targets, t.Target) >= 0);
        var polls = document.SlowPolls.Where(p => At(targets, p.Target) >= 0).ToList();
        var rows = Kept(document.Targets, targets);
        double share = Share(document, workers);

        var hotspots = new List<(Hotspot Hotspot, int Index)>();
        var pollsOf = polls.ToLookup(p => p.Hotspot);
        for (int i = 0; i < document.Hotspots.Count; i++)
        {
            var hotspot = document.Hotspots[i];
            if (hotspot.Target >= 0)
            {
                if (At(targets, hotspot.Target) is >= 0 and var target)
                    hotspots.Add((hotspot with { Target = target, Percent = Scaled(hotspot.Percent, share) }, i));
            }
            else if (OfSeveral(hotspot, [.. pollsOf[i]], rows, targets, share) is { } own)
            {
                hotspots.Add((own with { Task = TaskOf(hotspot, [.. pollsOf[i]], document.Tasks, tasks) }, i));
            }
        }

        hotspots =
        [
            .. hotspots
                .OrderBy(h => h.Hotspot.Cause.IsCpuPressure())
                .ThenByDescending(h => h.Hotspot.TotalNs)
                .ThenBy(h => h.Index),
        ];
        int[] hotspotPlaces = new int[document.Hotspots.Count];
        Array.Fill(hotspotPlaces, -1);
        for (int i = 0; i < hotspots.Count; i++)
            hotspotPlaces[hotspots[i].Index] = i;

        var stacks = new StackPool();
        int Stack(int index) =>
            index >= 0 && index < document.StackTable.Count ? stacks.Add(document.StackTable[index]) : -1;
        var part = document with
        {
            Targets = rows,
            Hotspots =
            [
                .. hotspots.Select(
                    (h, i) =>
                        h.Hotspot with
                        {
                            Rank = i + 1,
                            StackIndex = Stack(h.Hotspot.StackIndex),
                            HolderStackIndex = Stack(h.Hotspot.HolderStackIndex),
                        }
                ),
            ],
            Tasks =
            [
                .. Kept(document.Tasks, tasks)
                    .Select(t => t with { Target = targets[t.Target], Percent = Scaled(t.Percent, share) }),
            ],
            Workers =
            [
                .. Kept(document.Workers, workers)
                    .Select(w =>
                        w with
                        {
                            Target = targets[w.Target],
                            LatencyByStack =
                            [
                                .. w.LatencyByStack.Select(g => g with { StackIndex = Stack(g.StackIndex) }),
                            ],
                        }
                    ),
            ],
            Stalls =
            [
                .. document
                    .Stalls.Where(s => At(targets, s.Target) >= 0)
                    .Select(s => s with { Target = targets[s.Target] }),
            ],
            SlowPolls =
            [
                .. polls.Select(p =>
                    p with
                    {
                        Target = targets[p.Target],
                        Worker = At(workers, p.Worker),
                        Task = At(tasks, p.Task),
                        Hotspot = At(hotspotPlaces, p.Hotspot),
                        Stack = Stack(p.Stack),
                    }
                ),
            ],
            Warnings = [.. document.Warnings.Where(w => !Names(w, document.Targets, targets))],
        };
        part = part with { StackTable = stacks.Entries };
        part = part with { Summary = Summary(document, part) };
        var (level, verdict) = Verdict.Of(part);
        return part with { VerdictLevel = level, Verdict = verdict };
    }

    /// <summary>What the kept targets have of a hotspot of several; null when that is nothing.</summary>
    private static Hotspot? OfSeveral(
        Hotspot hotspot,
        List<SlowPoll> polls,
        IReadOnlyList<TargetProfile> rows,
        int[] targets,
        double share
    )
    {
        var own = rows.Select(r => r.Top.FirstOrDefault(t => t.Identity() == hotspot.Identity())).ToList();
        long seen = polls.Sum(p => Ns(p, hotspot.Cause)),
            said = own.Sum(t => t?.TotalNs ?? 0),
            total = Math.Min(hotspot.TotalNs, Math.Max(seen, said));
        if (total == 0)
            return null;
        // polls that are in the sums alone are as long as those of the hotspot are
        long count =
            total <= seen || hotspot.TotalNs == 0
                ? polls.Count
                : Math.Max(polls.Count, (long)Math.Round((double)hotspot.Count * total / hotspot.TotalNs));
        var (histogram, max) = polls.Count == 0 ? (hotspot.Histogram, hotspot.MaxNs) : Lengths(polls, hotspot.Cause);
        return hotspot with
        {
            Target = Only([.. polls.Select(p => targets[p.Target]).Concat(WithIt(own)).Distinct()]),
            Count = Math.Max(1, count),
            TotalNs = total,
            Histogram = histogram,
            P50Ns = Log2Histogram.Quantile(histogram, 0.5, max),
            P99Ns = Log2Histogram.Quantile(histogram, 0.99, max),
            MaxNs = max,
            Percent = hotspot.TotalNs == 0 ? 0 : Scaled(hotspot.Percent * total / hotspot.TotalNs, share),
            Estimated = hotspot.Estimated || total > seen,
            BeganBefore = polls.Count(p => p.Before),
            NotReturned = polls.Count(p => p.Open),
        };
    }

    /// <summary>The task that lost most time there; the others' are not for whoever asks for these targets.</summary>
    private static string TaskOf(Hotspot hotspot, List<SlowPoll> polls, IReadOnlyList<TaskProfile> all, int[] tasks)
    {
        if (all.Where((t, i) => tasks[i] >= 0 && t.Name == hotspot.Task).Any())
            return hotspot.Task;
        var most = polls
            .Where(p => At(tasks, p.Task) >= 0)
            .GroupBy(p => p.Task)
            .MaxBy(g => g.Sum(p => Ns(p, hotspot.Cause)));
        return most is null ? "" : all[most.Key].Name;
    }

    private static (IReadOnlyList<long> Histogram, long MaxNs) Lengths(List<SlowPoll> polls, HotspotCause cause)
    {
        long[] slots = new long[Log2Histogram.Slots];
        foreach (var poll in polls)
            slots[Log2Histogram.Slot(Ns(poll, cause))]++;
        return (Log2Histogram.Trim(slots), polls.Max(p => Ns(p, cause)));
    }

    /// <summary>The part of a poll that a hotspot of this cause counts.</summary>
    private static long Ns(SlowPoll poll, HotspotCause cause) =>
        cause switch
        {
            HotspotCause.OnCpu => poll.OnCpuNs,
            HotspotCause.BlockingCall or HotspotCause.LockWait => poll.BlockedNs,
            HotspotCause.Throttled => poll.ThrottledNs,
            _ => poll.RunQueueNs - poll.ThrottledNs,
        };

    private static IEnumerable<int> WithIt(List<TargetHotspot?> own) =>
        Enumerable.Range(0, own.Count).Where(i => own[i] is not null);

    private static int Only(List<int> targets) => targets.Count == 1 ? targets[0] : -1;

    private static ProfileSummary Summary(ProfileDocument all, ProfileDocument part)
    {
        double workers = part.Targets.Sum(t => (double)t.Workers);
        long wholeNs = Math.Max(1, part.Summary.ObservedNs);
        return all.Summary with
        {
            Polls = part.Targets.Sum(t => t.Polls),
            SlowPolls = part.Targets.Sum(t => t.SlowPolls),
            BlockedPercent =
                workers > 0 ? Math.Round(part.Targets.Sum(t => t.BlockedPercent * t.Workers) / workers, 2) : 0,
            WorstPollNs = part
                .Hotspots.Select(h => h.MaxNs)
                .Concat(part.SlowPolls.Select(p => p.WallNs))
                .DefaultIfEmpty(0)
                .Max(),
            LongestPollNs = part.Targets.Select(t => t.LongestPollNs).DefaultIfEmpty(0).Max(),
            Workers = part.Targets.Sum(t => t.Workers),
            Runtimes = part.Targets.Sum(t => t.Runtimes),
            StallCount = part.Stalls.Count,
            LongestStallNs = part.Stalls.Select(s => s.DurationNs).DefaultIfEmpty(0).Max(),
            TotalStallNs = part.Stalls.Sum(s => Math.Min(s.DurationNs, wholeNs)),
            CpuHogNs = Of(part, HotspotCause.OnCpu),
            BlockedNs = Of(part, HotspotCause.BlockingCall) + Of(part, HotspotCause.LockWait),
            RunQueueNs = part.SlowPolls.Sum(p => p.RunQueueNs),
            ThrottledNs = part.SlowPolls.Sum(p => p.ThrottledNs),
        };
    }

    private static long Of(ProfileDocument part, HotspotCause cause) =>
        part.Hotspots.Where(h => h.Cause == cause).Sum(h => h.TotalNs);

    /// <summary>How many times the time of the kept workers is in that of all, which percentages are of.</summary>
    private static double Share(ProfileDocument document, int[] workers)
    {
        int kept = workers.Count(w => w >= 0);
        return kept == 0 ? 1 : (double)document.Workers.Count / kept;
    }

    private static double Scaled(double percent, double share) => Math.Round(Math.Min(100, percent * share), 3);

    /// <summary>A sentence about a target that is not kept.</summary>
    private static bool Names(ProfileWarning warning, IReadOnlyList<TargetProfile> all, int[] targets)
    {
        string text = warning.Message + " " + warning.NextStep;
        return all.Where((_, i) => targets[i] < 0)
            .Any(t =>
                (t.Pod is { Length: > 0 } pod && text.Contains(pod, StringComparison.Ordinal))
                || (t.Pid > 0 && text.Contains($"({t.Pid})", StringComparison.Ordinal))
            );
    }

    /// <summary>Old place to new one; -1 for what is not kept.</summary>
    private static int[] Places<T>(IReadOnlyList<T> all, Func<T, bool> isKept)
    {
        int next = 0;
        return [.. all.Select(x => isKept(x) ? next++ : -1)];
    }

    private static List<T> Kept<T>(IReadOnlyList<T> all, int[] places) => [.. all.Where((_, i) => places[i] >= 0)];

    private static int At(int[] places, int index) => index >= 0 && index < places.Length ? places[index] : -1;
}
