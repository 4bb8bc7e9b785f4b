using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// Several agents' documents of one session as one. Pure: the same documents in the same order give the same bytes.
/// Indexes are renumbered, offsets moved to the earliest start, hotspots joined by cause and fingerprint, stacks by content.
/// </summary>
public static class ProfileMerge
{
    /// <summary>Of the merged timeline; the longest are kept. One agent's document holds fewer.</summary>
    public const int MaxSlowPolls = 50_000;

    public static ProfileDocument Merge(IReadOnlyList<ProfileDocument> documents)
    {
        if (documents.Count == 0)
            return new ProfileDocument
            {
                VerdictLevel = VerdictLevel.NoData,
                Verdict = "NO DATA: no agent sent a profile",
            };
        if (documents.Count == 1)
            return documents[0];

        var stacks = new StackPool();
        var parts = Parts(documents, stacks);
        var (hotspots, hotspotMaps) = HotspotMerge.Merge(parts);
        var polls = Polls(parts, hotspotMaps, out int cut);
        var losses = LossMerge.Losses(documents);

        var merged = documents[0] with
        {
            Agent = LossMerge.Agents(documents),
            Summary = SummaryMerge.Merge(documents),
            LookBack = LookBackOf(documents),
            Targets = [.. documents.SelectMany(d => d.Targets)],
            Hotspots = hotspots,
            Tasks = [.. parts.SelectMany(p => p.Document.Tasks.Select(t => t with { Target = p.Target(t.Target) }))],
            Workers = [.. parts.SelectMany(p => p.Document.Workers.Select(p.Worker))],
            Stalls =
            [
                .. parts
                    .SelectMany(p =>
                        p.Document.Stalls.Select(s =>
                            s with
                            {
                                Target = p.Target(s.Target),
                                StartNs = s.StartNs + p.ShiftNs,
                            }
                        )
                    )
                    .OrderBy(s => s.StartNs),
            ],
            StackTable = stacks.Entries,
            SlowPolls = polls,
            Losses = losses with { SlowPollsCut = losses.SlowPollsCut + cut },
            Overhead = LossMerge.Overheads(parts),
            Warnings = [.. documents.SelectMany(d => d.Warnings).Distinct()],
            Truncated = cut > 0 || documents.Any(d => d.Truncated),
        };
        var (level, verdict) = Verdict.Of(merged);
        return merged with { VerdictLevel = level, Verdict = verdict };
    }

    /// <summary>Where one of them begins before it was asked for, so does the whole.</summary>
    private static LookBack? LookBackOf(IReadOnlyList<ProfileDocument> documents)
    {
        var all = documents.Select(d => d.LookBack).OfType<LookBack>().ToList();
        return all.Count == 0
            ? null
            : new LookBack { WantedNs = all.Max(l => l.WantedNs), RunStartedAt = all.Min(l => l.RunStartedAt) };
    }

    private static List<MergePart> Parts(IReadOnlyList<ProfileDocument> documents, StackPool stacks)
    {
        // an agent that measured nothing never set its start
        var start = documents.Select(d => d.Summary.StartedAt).Where(t => t != default).DefaultIfEmpty().Min();
        var parts = new List<MergePart>(documents.Count);
        int targets = 0,
            workers = 0,
            tasks = 0;
        foreach (var document in documents)
        {
            parts.Add(
                new MergePart
                {
                    Document = document,
                    FirstTarget = targets,
                    FirstWorker = workers,
                    FirstTask = tasks,
                    ShiftNs =
                        document.Summary.StartedAt == default ? 0 : (document.Summary.StartedAt - start).Ticks * 100,
                    StackMap = [.. document.StackTable.Select(stacks.Add)],
                }
            );
            targets += document.Targets.Count;
            workers += document.Workers.Count;
            tasks += document.Tasks.Count;
        }

        return parts;
    }

    private static List<SlowPoll> Polls(List<MergePart> parts, IReadOnlyList<int[]> hotspotMaps, out int cut)
    {
        var all = parts
            .SelectMany(
                (part, i) =>
                    part.Document.SlowPolls.Select(p =>
                        p with
                        {
                            Target = part.Target(p.Target),
                            Worker = part.WorkerIndex(p.Worker),
                            Task = part.TaskIndex(p.Task),
                            StartNs = p.StartNs + part.ShiftNs,
                            Stack = part.Stack(p.Stack),
                            Hotspot =
                                p.Hotspot >= 0 && p.Hotspot < hotspotMaps[i].Length ? hotspotMaps[i][p.Hotspot] : -1,
                        }
                    )
            )
            .ToList();
        cut = Math.Max(0, all.Count - MaxSlowPolls);
        var kept = cut == 0 ? all : [.. all.OrderByDescending(p => p.WallNs).ThenBy(p => p.StartNs).Take(MaxSlowPolls)];
        return [.. kept.OrderBy(p => p.StartNs).ThenBy(p => p.Worker)];
    }
}
