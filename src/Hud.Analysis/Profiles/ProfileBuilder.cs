using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis;

/// <summary>Facts and aggregator to the profile document. Pure: the same input gives the same document.</summary>
public static class ProfileBuilder
{
    /// <summary>Reason of a target none of whose threads is one of the workers that the session names.</summary>
    public const string NoSuchWorkers = nameof(NoSuchWorkers);

    /// <summary>Reason of a target in which nothing was found, and some of whose workers could not be looked into.</summary>
    public const string Unclear = nameof(Unclear);

    /// <summary>Reason of a target in which nothing was found, and which loaded another Tokio during the run.</summary>
    public const string LoadedLate = nameof(LoadedLate);

    /// <summary>Reason of a target whose threads mostly waited for a CPU, so that nothing can be said of its code.</summary>
    public const string Starved = nameof(Starved);

    /// <param name="exact">False for the live view: exact names of the stacks that have them already, and quick names.</param>
    public static ProfileDocument Build(
        ProfileInputs facts,
        PollAggregator aggregator,
        StackStore stacks,
        StackAttributor attributor,
        bool exact
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(aggregator);
        ArgumentNullException.ThrowIfNull(stacks);
        ArgumentNullException.ThrowIfNull(attributor);
        facts = WithSeenWorkers(UncountedPolls.AddTo(facts, aggregator.Polls), aggregator);
        var runtimes = new Runtimes(facts.Workers);
        double workerNs = WorkerTime.Of(facts, Observed(facts));
        var types = NameTypes(facts.Types, aggregator, attributor, exact);
        // a program has many types that are never spawned: the document names those that were seen
        var seen = Enumerable
            .Range(0, types.Count)
            .Where(i => types[i].Polls > 0 || aggregator.RecordedByType.ContainsKey(new TaskTypeId(i)))
            .ToList();
        var placeOfType = seen.Select((type, place) => (type, place))
            .ToDictionary(p => new TaskTypeId(p.type), p => p.place);
        Func<StackId, bool> exactly = exact ? static _ => true : attributor.IsNamed;
        var table = new StackTableBuilder(stacks, attributor, exactly);
        var merger = new HotspotMerger(attributor, types, workerNs, exactly);
        var hotspots = merger.Merge(
            aggregator.Hotspots,
            type => Scale(types, aggregator, type),
            facts.Estimated,
            facts.MaxHotspots,
            table,
            out var hotspotOf
        );
        var stalls = Stalls(aggregator, runtimes, facts, facts.Session.Threshold.Nanoseconds);
        var summary = Summarize(facts, aggregator, runtimes, types, stalls, table.Names.Percent);
        var document = new ProfileDocument
        {
            Session = facts.Session,
            Agent = facts.Agent,
            Summary = summary,
            Targets = TargetSummaries.Of(facts, aggregator, runtimes, types, summary, hotspots, hotspotOf),
            Hotspots = hotspots,
            Tasks = Tasks(types, seen, aggregator, new WaitsBehind(aggregator.Waits, hotspots, hotspotOf), workerNs),
            Workers = Workers(facts, aggregator, runtimes, attributor, table, exact),
            Stalls = stalls,
            SlowPolls = Timeline(facts, aggregator, hotspots, hotspotOf, placeOfType, table),
            StackTable = table.Entries,
            Overhead = facts.Overhead,
            Warnings = facts.Warnings,
            Losses = facts.Losses with
            {
                UnresolvedFrames = table.Names.Unresolved,
                PollsWithoutStack = aggregator.PollsWithoutStack,
                SlowPollsCut = aggregator.PollsCut,
                StacksCut = facts.Losses.StacksCut + aggregator.StacksLetGo,
                HotspotsCut = Math.Max(0, merger.GroupCount - facts.MaxHotspots),
                WaitsLimited = facts.Losses.WaitsLimited + aggregator.Waits.Cut,
            },
        };
        var (level, verdict) = Verdict.Of(document);
        return document with { VerdictLevel = level, Verdict = verdict };
    }

    /// <summary>
    /// Totals of every task type, by its number, with the names that a document gives them. Polls that have not returned count where the
    /// aggregator counts them.
    /// </summary>
    /// <param name="slow">By type: slow polls as a document counts them.</param>
    public static IReadOnlyList<TaskTypeFacts> Types(
        ProfileInputs facts,
        PollAggregator aggregator,
        StackAttributor attributor,
        out IReadOnlyList<long> slow
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(aggregator);
        ArgumentNullException.ThrowIfNull(attributor);
        var types = NameTypes(
            UncountedPolls.AddTo(facts, aggregator.Polls).Types,
            aggregator,
            attributor,
            exact: false
        );
        slow = [.. types.Select((type, i) => SlowPolls(type, new TaskTypeId(i), aggregator))];
        return types;
    }

    private static long SlowPolls(TaskTypeFacts type, TaskTypeId id, PollAggregator aggregator) =>
        Math.Max(aggregator.RecordedByType.GetValueOrDefault(id), aggregator.BlockInPlace == 0 ? type.Slow : 0);

    private static long Observed(ProfileInputs facts) => Math.Max(1, facts.EndNs - facts.StartNs);

    /// <summary>Without poll probes every thread has a slot; a worker is one that was seen in a poll, or parked as one.</summary>
    private static ProfileInputs WithSeenWorkers(ProfileInputs facts, PollAggregator aggregator)
    {
        var polled = aggregator.Polls.Select(p => (p.Target, p.Tid)).ToHashSet();
        return facts with
        {
            Workers =
            [
                .. facts
                    .Workers.Where(w => w.Polls > 0 || w.Idle || w.PolledBefore || polled.Contains((w.Target, w.Tid)))
                    .Select(w => WithWaits(w, facts.CpuWaits)),
            ],
        };
    }

    private static ProfileSummary Summarize(
        ProfileInputs facts,
        PollAggregator aggregator,
        Runtimes runtimes,
        List<TaskTypeFacts> types,
        List<Stall> stalls,
        int symbolizedPercent
    )
    {
        long own = aggregator.OnCpuNs + aggregator.BlockedNs;
        double factor = OverallScale(types, aggregator);
        return new ProfileSummary
        {
            StartedAt = facts.StartedAt,
            ObservedNs = Observed(facts),
            Polls = types.Sum(t => t.Polls),
            SlowPolls = (long)Math.Round(aggregator.SlowPolls * factor),
            BlockedPercent = Math.Round(Math.Min(100, own * factor * 100 / WorkerTime.Of(facts, Observed(facts))), 2),
            WorstPollNs = aggregator.WorstNs,
            LongestPollNs =
                aggregator.SlowPolls > 0 ? aggregator.WorstNs : types.Select(t => t.MaxNs).DefaultIfEmpty(0).Max(),
            Workers = runtimes.TotalWorkers,
            Runtimes = runtimes.All.Count(),
            StallCount = stalls.Count,
            LongestStallNs = stalls.Select(s => s.DurationNs).DefaultIfEmpty(0).Max(),
            TotalStallNs = stalls.Sum(s => s.DurationNs),
            CpuHogNs = (long)(aggregator.OnCpuNs * factor),
            BlockedNs = (long)(aggregator.BlockedNs * factor),
            RunQueueNs = aggregator.RunQueueNs,
            ThrottledNs = aggregator.ThrottledNs,
            SymbolizedPercent = symbolizedPercent,
            Estimated = facts.Estimated || factor > 1.001,
        };
    }

    /// <summary>The programs count a wait when it is over, and from a worker's first poll on; the scheduler's sums know the rest.</summary>
    private static WorkerFacts WithWaits(WorkerFacts worker, IReadOnlyList<CpuWait> waits)
    {
        var wait = waits.FirstOrDefault(w => w.Target == worker.Target && w.Tid == worker.Tid);
        return worker with
        {
            QueueNs = Math.Max(worker.QueueNs, wait.TotalNs),
            QueueMaxNs = Math.Max(worker.QueueMaxNs, wait.LongestNs),
        };
    }

    /// <summary>A type that no symbol names is called after the outermost user frame of its stacks.</summary>
    private static List<TaskTypeFacts> NameTypes(
        IReadOnlyList<TaskTypeFacts> types,
        PollAggregator aggregator,
        StackAttributor attributor,
        bool exact
    )
    {
        var stackOf = new Dictionary<TaskTypeId, StackId>();
        foreach (var key in aggregator.Hotspots.Keys)
        {
            if (!key.Stack.IsNone)
                stackOf.TryAdd(key.Type, key.Stack);
        }

        return
        [
            .. types.Select(
                (type, i) => type.Name.Length > 0 ? type : type with { Name = FromStack(new TaskTypeId(i)) }
            ),
        ];

        string FromStack(TaskTypeId type)
        {
            if (
                stackOf.TryGetValue(type, out var stack)
                && attributor.Frames(stack, exact).LastOrDefault(f => f.Kind == FrameKind.User) is { } frame
            )
                return StackClassifier.UserName(frame);
            return $"task type {type}";
        }
    }

    /// <summary>What the token bucket left out is known by number, not by stack: the recorded ones stand for all of their type.</summary>
    private static double Scale(IReadOnlyList<TaskTypeFacts> types, PollAggregator aggregator, TaskTypeId type)
    {
        long recorded = aggregator.RecordedByType.GetValueOrDefault(type);
        return
            recorded > 0 && types[type.Number].Slow > recorded + aggregator.BlockInPlace + aggregator.OpenPolls.Count()
            ? (double)types[type.Number].Slow / recorded
            : 1;
    }

    private static double OverallScale(IReadOnlyList<TaskTypeFacts> types, PollAggregator aggregator)
    {
        double recorded = 0,
            scaled = 0;
        foreach (var (type, count) in aggregator.RecordedByType)
        {
            recorded += count;
            scaled += count * Scale(types, aggregator, type);
        }

        return recorded > 0 ? scaled / recorded : 1;
    }

    private static List<Stall> Stalls(
        PollAggregator aggregator,
        Runtimes runtimes,
        ProfileInputs facts,
        long thresholdNs
    )
    {
        var stalls = new List<Stall>();
        foreach (var (target, runtime) in runtimes.All)
        {
            var polls = aggregator
                .Polls.Where(p => p.Target == target && runtimes.NumberOf(target, p.Tid, p.Runtime) == runtime)
                .Where(p => p.Split.OnCpuNs + p.Split.BlockedNs > thresholdNs)
                .Select(p => (p.Tid, p.StartNs, p.StartNs + p.Split.WallNs));
            foreach (var (start, duration) in StallFinder.Find(polls, runtimes.WorkersOf(target, runtime), thresholdNs))
                stalls.Add(
                    new Stall
                    {
                        Target = target.Index,
                        Runtime = runtime,
                        StartNs = start - facts.StartNs,
                        DurationNs = duration,
                    }
                );
        }

        return [.. stalls.OrderBy(s => s.StartNs).ThenBy(s => s.Target).Take(10_000)];
    }

    private static List<TaskProfile> Tasks(
        IReadOnlyList<TaskTypeFacts> types,
        List<int> seen,
        PollAggregator aggregator,
        WaitsBehind behind,
        double workerNs
    )
    {
        return [.. seen.Select(i => Profile(types[i], new TaskTypeId(i)))];

        TaskProfile Profile(TaskTypeFacts type, TaskTypeId id) =>
            new()
            {
                Target = type.Target.Index,
                Name = type.Name,
                Polls = type.Polls,
                SlowPolls = SlowPolls(type, id, aggregator),
                TotalNs = type.TotalNs,
                P50Ns = Log2Histogram.Quantile(type.Histogram, 0.5, type.MaxNs),
                P99Ns = Log2Histogram.Quantile(type.Histogram, 0.99, type.MaxNs),
                MaxNs = type.MaxNs,
                Percent = Math.Round(Math.Min(100, type.TotalNs * 100 / workerNs), 2),
                Estimated = type.Estimated,
                Histogram = Log2Histogram.Trim(type.Histogram),
                Waits = type.Waits is { Count: > 0 } waits ? Waits(waits, behind.Of(id)) : null,
            };
    }

    private static TaskWaits Waits(WaitFacts waits, IReadOnlyList<WaitBehind> behind) =>
        new()
        {
            Count = waits.Count,
            TotalNs = waits.TotalNs,
            P50Ns = LongHistogram.Quantile(waits, 0.5),
            P99Ns = LongHistogram.Quantile(waits, 0.99),
            MaxNs = waits.MaxNs,
            Estimated = waits.Estimated,
            Histogram = Log2Histogram.Trim(waits.Histogram),
            Behind = behind,
        };

    private static List<WorkerProfile> Workers(
        ProfileInputs facts,
        PollAggregator aggregator,
        Runtimes runtimes,
        StackAttributor attributor,
        StackTableBuilder table,
        bool exact
    )
    {
        long threshold = facts.Session.Threshold.Nanoseconds;
        var byTid = aggregator.Polls.ToLookup(p => (p.Target, p.Tid));
        return
        [
            .. facts.Workers.Select(w => new WorkerProfile
            {
                Target = w.Target.Index,
                Tid = w.Tid,
                Name = w.Name,
                Runtime = runtimes.NumberOf(w),
                Polls = w.Polls,
                SlowPolls = byTid[(w.Target, w.Tid)].Count(),
                BusyNs = w.BusyNs,
                LostNs = byTid[(w.Target, w.Tid)].Sum(p => p.Split.OnCpuNs + p.Split.BlockedNs),
                RunQueueNs = w.QueueNs,
                LatencyHistogram = Log2Histogram.Trim(w.Histogram),
                LatencyMaxNs = w.QueueMaxNs,
                LatencyByStack =
                [
                    .. byTid[(w.Target, w.Tid)]
                        .Where(p => p.WorstQueueNs > threshold && !p.QueueStack.IsNone)
                        .GroupBy(p => p.QueueStack)
                        .OrderByDescending(g => g.Sum(p => p.WorstQueueNs))
                        .Take(5)
                        .Select(g => new LatencyGroup(
                            table.Add(g.Key, -1),
                            LatencyFunction(attributor, g.Key, exact),
                            g.LongCount(),
                            g.Sum(p => p.WorstQueueNs),
                            g.Max(p => p.WorstQueueNs)
                        )),
                ],
            }),
        ];
    }

    private static string LatencyFunction(StackAttributor attributor, StackId stack, bool exact) =>
        attributor
            .Attribute(stack, HotspotCause.RunQueue, "", attributor.Frames(stack, exact)[0].Function, exact)
            .UserFrame;

    private static List<SlowPoll> Timeline(
        ProfileInputs facts,
        PollAggregator aggregator,
        List<Hotspot> hotspots,
        Dictionary<RawKey, int> hotspotOf,
        Dictionary<TaskTypeId, int> placeOfType,
        StackTableBuilder table
    )
    {
        var timeline = new List<SlowPoll>(aggregator.Polls.Count);
        var placeOfWorker = new Dictionary<(TargetId, int), int>();
        for (int i = 0; i < facts.Workers.Count; i++)
            placeOfWorker.TryAdd((facts.Workers[i].Target, facts.Workers[i].Tid), i);
        foreach (var poll in aggregator.Polls.OrderBy(p => p.StartNs).ThenBy(p => p.Tid))
        {
            var cause = poll.Split.Primary(facts.Session.Threshold.Nanoseconds);
            var stack = cause switch
            {
                HotspotCause.OnCpu => poll.CpuStack,
                HotspotCause.BlockingCall => poll.BlockStack,
                _ => poll.QueueStack,
            };
            int hotspot = hotspotOf.GetValueOrDefault(PollAggregator.KeyOf(poll, cause), -1);
            timeline.Add(
                new SlowPoll
                {
                    Target = poll.Target.Index,
                    Worker = placeOfWorker.GetValueOrDefault((poll.Target, poll.Tid), -1),
                    Task = placeOfType.GetValueOrDefault(poll.Type, -1),
                    TaskId = poll.TaskId,
                    StartNs = poll.StartNs - facts.StartNs,
                    WallNs = poll.Split.WallNs,
                    OnCpuNs = poll.Split.OnCpuNs,
                    BlockedNs = poll.Split.BlockedNs,
                    RunQueueNs = poll.Split.RunQueueNs,
                    ThrottledNs = poll.Split.ThrottledNs,
                    Cause = hotspot >= 0 ? hotspots[hotspot].Cause : cause,
                    Stack = table.Add(stack, -1),
                    Hotspot = hotspot,
                    Open = poll.Open,
                    Before = poll.Before,
                }
            );
        }

        return timeline;
    }
}
