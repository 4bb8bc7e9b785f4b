using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>
/// A smaller document that is still true: each level keeps half of the slow polls (the longest) and of the
/// stacks (the most referred to), and counts what went in <see cref="Losses"/>. Totals stay as they are.
/// </summary>
internal static class ProfileCut
{
    /// <summary>From this level on lists and texts of unknown length are cut as well.</summary>
    private const int ClipLevel = 8;

    private const int MaxText = 160;
    private const int MaxFrames = 48;

    public static ProfileDocument At(ProfileDocument document, int level)
    {
        int polls = document.SlowPolls.Count >> level;
        var kept = document
            .SlowPolls.OrderByDescending(p => p.WallNs)
            .ThenBy(p => p.StartNs)
            .ThenBy(p => p.Worker)
            .Take(polls)
            .OrderBy(p => p.StartNs)
            .ThenBy(p => p.Worker)
            .ToList();
        var hotspots =
            level < ClipLevel ? document.Hotspots : [.. document.Hotspots.Take(Math.Max(1, 50 >> (level - ClipLevel)))];
        var workers =
            level < ClipLevel
                ? document.Workers
                : [.. document.Workers.Select(w => w with { LatencyByStack = [], LatencyHistogram = [] })];

        var map = KeepStacks(document, kept, hotspots, workers, Math.Max(8, document.StackTable.Count >> level));
        int Remap(int index) => index >= 0 && index < map.Length ? map[index] : -1;

        var result = document with
        {
            StackTable = [.. document.StackTable.Where((_, i) => map[i] >= 0)],
            SlowPolls =
            [
                .. kept.Select(p =>
                    p with
                    {
                        Stack = Remap(p.Stack),
                        Hotspot = p.Hotspot < hotspots.Count ? p.Hotspot : -1,
                    }
                ),
            ],
            Hotspots =
            [
                .. hotspots.Select(h =>
                    h with
                    {
                        StackIndex = Remap(h.StackIndex),
                        HolderStackIndex = Remap(h.HolderStackIndex),
                    }
                ),
            ],
            Workers =
            [
                .. workers.Select(w =>
                    w with
                    {
                        LatencyByStack = [.. w.LatencyByStack.Select(g => g with { StackIndex = Remap(g.StackIndex) })],
                    }
                ),
            ],
            Truncated = true,
            Losses = document.Losses with
            {
                SlowPollsCut = document.Losses.SlowPollsCut + document.SlowPolls.Count - kept.Count,
                StacksCut = document.Losses.StacksCut + map.Count(i => i < 0),
                HotspotsCut = document.Losses.HotspotsCut + document.Hotspots.Count - hotspots.Count,
            },
        };
        return level < ClipLevel ? result : Clip(result, level);
    }

    /// <summary>Old index to new index, -1 for cut: hotspots' stacks come first, then by the wall time that refers to them.</summary>
    private static int[] KeepStacks(
        ProfileDocument document,
        List<SlowPoll> polls,
        IReadOnlyList<Hotspot> hotspots,
        IReadOnlyList<WorkerProfile> workers,
        int max
    )
    {
        var weight = new double[document.StackTable.Count];
        void Add(int index, double amount)
        {
            if (index >= 0 && index < weight.Length)
                weight[index] += amount;
        }

        foreach (var poll in polls)
            Add(poll.Stack, poll.WallNs);
        foreach (var group in workers.SelectMany(w => w.LatencyByStack))
            Add(group.StackIndex, group.TotalNs);
        foreach (var hotspot in hotspots)
        {
            Add(hotspot.StackIndex, 1e18);
            Add(hotspot.HolderStackIndex, 1e18);
        }

        var keep = Enumerable
            .Range(0, weight.Length)
            .Where(i => weight[i] > 0)
            .OrderByDescending(i => weight[i])
            .ThenBy(i => i)
            .Take(max)
            .ToHashSet();
        var map = new int[weight.Length];
        int next = 0;
        for (int i = 0; i < map.Length; i++)
            map[i] = keep.Contains(i) ? next++ : -1;
        return map;
    }

    private static ProfileDocument Clip(ProfileDocument document, int level)
    {
        int lists = Math.Max(2, 400 >> (level - ClipLevel));
        return document with
        {
            Verdict = Text(document.Verdict, 400),
            Tasks = [.. document.Tasks.Take(lists).Select(t => t with { Name = Text(t.Name), Waits = Clip(t.Waits) })],
            Workers = [.. document.Workers.Take(lists).Select(w => w with { Name = Text(w.Name) })],
            Targets =
            [
                .. document
                    .Targets.Take(lists)
                    .Select(t =>
                        t with
                        {
                            Message = Text(t.Message),
                            Executable = Text(t.Executable),
                            Process = Text(t.Process),
                            WakesNotTimed = Text(t.WakesNotTimed, 400),
                            Image = t.Image is null ? null : Text(t.Image),
                            Top = [.. t.Top.Take(3).Select(p => p with { Function = Text(p.Function, 80) })],
                        }
                    ),
            ],
            Stalls = [.. document.Stalls.OrderByDescending(s => s.DurationNs).Take(lists).OrderBy(s => s.StartNs)],
            Warnings =
            [
                .. document
                    .Warnings.Take(20)
                    .Select(w => new ProfileWarning(Text(w.Id), Text(w.Message), Text(w.NextStep))),
            ],
            StackTable =
            [
                .. document.StackTable.Select(s => s with { Frames = [.. s.Frames.Take(MaxFrames).Select(Frame)] }),
            ],
            SlowPolls = [.. document.SlowPolls.Where(p => p.Task < lists && p.Worker < lists && p.Target < lists)],
            Hotspots =
            [
                .. document.Hotspots.Select(h =>
                    h with
                    {
                        Function = Text(h.Function),
                        UserFrame = Text(h.UserFrame),
                        Location = Text(h.Location),
                        Task = Text(h.Task),
                        Advice = Text(h.Advice, 400),
                        Stack = [.. h.Stack.Take(MaxFrames).Select(s => Text(s))],
                        HolderStack = [.. h.HolderStack.Take(MaxFrames).Select(s => Text(s))],
                        PreemptedBy = [.. h.PreemptedBy.Take(5).Select(c => c with { Name = Text(c.Name) })],
                    }
                ),
            ],
            Losses = document.Losses with
            {
                UnwindStops = document
                    .Losses.UnwindStops.Take(32)
                    .ToDictionary(p => Text(p.Key), p => p.Value, StringComparer.Ordinal),
            },
            Overhead = document.Overhead with { LevelChanges = [.. document.Overhead.LevelChanges.Take(50)] },
        };
    }

    private static TaskWaits? Clip(TaskWaits? waits) =>
        waits is null
            ? null
            : waits with
            {
                Behind = [.. waits.Behind.Take(5).Select(b => b with { Function = Text(b.Function) })],
            };

    private static ProfileFrame Frame(ProfileFrame frame) =>
        frame with
        {
            Function = Text(frame.Function),
            Location = Text(frame.Location),
            Module = Text(frame.Module),
        };

    private static string Text(string text, int max = MaxText) =>
        text.Length <= max ? text : string.Concat(text.AsSpan(0, max - 1), "\u2026");
}
