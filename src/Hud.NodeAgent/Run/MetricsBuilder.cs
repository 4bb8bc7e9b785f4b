using Hud.Analysis;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Frames;

namespace Hud.NodeAgent.Run;

/// <summary>The messages that are served as metrics: one for each target, every few seconds, with counters that never fall.</summary>
/// <param name="dropped">Of them, those that nobody took; null where they are a part of the stream.</param>
internal sealed class MetricsBuilder(
    IReadOnlyList<TargetProcess> targets,
    StackStore stacks,
    StackAttributor attributor,
    PollAggregator aggregator,
    Func<long>? dropped = null
)
{
    public const long EveryNs = 5_000_000_000;

    private readonly Dictionary<int, RowState> _states = [];
    private long _nextNs;

    /// <summary>What was said of a row. It has its place for good, and its sums go on where another process takes it over.</summary>
    private sealed class RowState
    {
        public int Pid { get; set; }
        public int Processes { get; set; } = 1;
        public TaskSeries Tasks { get; } = new();
        public StallSums Stalls { get; } = new();
        public TargetMetrics Last { get; set; } = new();

        /// <summary>The last that was said of the processes before.</summary>
        public TargetMetrics Earlier { get; set; } = new();
    }

    /// <param name="nowNs">CLOCK_MONOTONIC.</param>
    public bool IsDue(long nowNs)
    {
        if (nowNs < _nextNs)
            return false;
        _nextNs = nowNs + EveryNs;
        return true;
    }

    public IEnumerable<MetricsMessage> Build(ProfileInputs facts) =>
        Build(facts, ProfileBuilder.Build(facts, aggregator.WithOpen(), stacks, attributor, exact: false));

    /// <param name="document">Made of the same facts, with the polls that have not returned.</param>
    public IEnumerable<MetricsMessage> Build(ProfileInputs facts, ProfileDocument document)
    {
        var types = ProfileBuilder.Types(facts, aggregator, attributor, out var slow);
        var typesOf = Enumerable
            .Range(0, types.Count)
            .Where(i => types[i].Polls > 0 || slow[i] > 0 || types[i].Waits is not null)
            .ToLookup(i => types[i].Target.Index);
        var lost = new LostShares(aggregator.WithOpen(), document.Summary);
        var run = new RunMetrics
        {
            Agent = facts.Agent,
            StartedAt = facts.StartedAt,
            ElapsedNs = document.Summary.ObservedNs,
            ThresholdNs = facts.Session.Threshold.Nanoseconds,
            Estimated = document.Summary.Estimated,
            Losses = document.Losses with { UnwindStops = new Dictionary<string, long>(StringComparer.Ordinal) },
            Overhead = document.Overhead with { LevelChanges = [] },
            MessagesDropped = dropped?.Invoke() ?? 0,
        };
        long forgottenNs =
            aggregator.ForgottenUntilNs == long.MinValue ? long.MinValue : aggregator.ForgottenUntilNs - facts.StartNs;
        if (document.Targets.Count == 0)
            yield return new MetricsMessage { Run = run, Index = MetricsMessage.NoTarget };
        foreach (var (i, target) in document.Targets.Index())
        {
            var state = StateOf(i, target);
            var tasks = state.Tasks.Update(typesOf[i].Select(t => KeyValuePair.Create(t, Totals(types[t], slow[t]))));
            var exemplars = Exemplars(document, i, typesOf[i].ToLookup(t => types[t].Name, StringComparer.Ordinal));
            state.Last = NoLessThan(
                Describe(document, i, lost, state.Stalls.Update(StallsOf(document, i), forgottenNs)) with
                {
                    Namespace = i < targets.Count ? targets[i].Spec.Namespace : null,
                    Watched = i < targets.Count && !targets[i].Gone,
                    Tasks =
                    [
                        .. tasks.Select(t => exemplars.TryGetValue(t.Series, out var e) ? t with { Exemplars = e } : t),
                    ],
                },
                state.Last
            );
            yield return new MetricsMessage
            {
                Run = run,
                Index = i,
                Target = MetricsSince.Of(state.Last, state.Earlier),
            };
        }

        // slow polls of the task types of one target by series, the last of each slot
        Dictionary<int, List<PollExemplar>> Exemplars(ProfileDocument of, int target, ILookup<string, int> byName) =>
            of
                .SlowPolls.Where(p => p.Target == target && !p.Open && p.Hotspot >= 0 && p.Task >= 0)
                .Where(p => byName.Contains(of.Tasks[p.Task].Name))
                .GroupBy(p => _states[target].Tasks.SeriesOf(byName[of.Tasks[p.Task].Name].First()))
                .ToDictionary(
                    g => g.Key,
                    g =>
                        g.GroupBy(p => Log2Histogram.Slot(p.WallNs))
                            .Select(slot => slot.MaxBy(p => p.StartNs + p.WallNs)!)
                            .OrderBy(p => p.WallNs)
                            .Select(p => new PollExemplar(
                                of.Hotspots[p.Hotspot].Cause,
                                of.Hotspots[p.Hotspot].Fingerprint,
                                p.WallNs,
                                p.StartNs + p.WallNs
                            ))
                            .ToList()
                );
    }

    private RowState StateOf(int row, TargetProfile target)
    {
        // a target that can't be watched has a row behind the others until one of those takes it
        if (!_states.TryGetValue(row, out var state) || (state.Pid != target.Pid && target.Processes == 1))
            _states[row] = state = new RowState { Pid = target.Pid, Processes = target.Processes };
        if (state.Processes != target.Processes)
        {
            // waits for a CPU are known of the last process alone
            state.Last = state.Last with
            {
                CpuWaitNs = 0,
            };
            (state.Pid, state.Processes, state.Earlier) = (target.Pid, target.Processes, state.Last);
        }

        return state;
    }

    private static IEnumerable<Stall> StallsOf(ProfileDocument document, int index) =>
        document.Stalls.Where(s => s.Target == index);

    private static TargetMetrics Describe(ProfileDocument document, int index, LostShares lost, StallSum stalls)
    {
        var target = document.Targets[index];
        var open = document.SlowPolls.Where(p => p.Target == index && p.Open).ToList();
        return new TargetMetrics
        {
            Pod = target.Pod is null ? null : SafeText.Clean(target.Pod),
            Container = target.Container is null ? null : SafeText.Clean(target.Container),
            Process = SafeText.Clean(target.Process),
            Pid = target.Pid,
            Workers = target.Workers,
            Runtimes = target.Runtimes,
            OnCpuNs = lost.OnCpuNs(index),
            BlockedNs = lost.BlockedNs(index),
            RunQueueNs = lost.RunQueueNs(index),
            ThrottledNs = lost.ThrottledNs(index),
            Stalls = stalls.Count,
            StallNs = stalls.Ns,
            LongestStallNs = stalls.LongestNs,
            LongestPollNs = target.LongestPollNs,
            OpenPolls = open.Count,
            LongestOpenNs = open.Select(p => p.WallNs).DefaultIfEmpty(0).Max(),
            CpuNs = target.CpuNs,
            CpuWaitNs = target.CpuWaitNs,
            CpuThrottledNs = target.ThrottledNs,
            CpuThrottledPeriods = target.ThrottledPeriods,
        };
    }

    private static TaskTotals Totals(TaskTypeFacts type, long slow) =>
        new(type.Name, slow, type.TotalNs, type.Histogram)
        {
            WaitNs = type.Waits?.TotalNs ?? 0,
            Waits = type.Waits?.Histogram ?? [],
        };

    /// <summary>What was scaled may be corrected downwards, and a poll that had not returned may turn out to have computed instead of slept.</summary>
    private static TargetMetrics NoLessThan(TargetMetrics now, TargetMetrics before) =>
        now with
        {
            OnCpuNs = Math.Max(now.OnCpuNs, before.OnCpuNs),
            BlockedNs = Math.Max(now.BlockedNs, before.BlockedNs),
            RunQueueNs = Math.Max(now.RunQueueNs, before.RunQueueNs),
            ThrottledNs = Math.Max(now.ThrottledNs, before.ThrottledNs),
            Stalls = Math.Max(now.Stalls, before.Stalls),
            StallNs = Math.Max(now.StallNs, before.StallNs),
            LongestStallNs = Math.Max(now.LongestStallNs, before.LongestStallNs),
            LongestPollNs = Math.Max(now.LongestPollNs, before.LongestPollNs),
            CpuNs = Math.Max(now.CpuNs, before.CpuNs),
            CpuWaitNs = Math.Max(now.CpuWaitNs, before.CpuWaitNs),
            CpuThrottledNs = Math.Max(now.CpuThrottledNs, before.CpuThrottledNs),
            CpuThrottledPeriods = Math.Max(now.CpuThrottledPeriods, before.CpuThrottledPeriods),
        };

    /// <summary>The summary's times by target. It is scaled for polls that were not recorded, so each target gets its share of what it says.</summary>
    private sealed class LostShares(PollAggregator aggregator, ProfileSummary summary)
    {
        private readonly Dictionary<(int Target, HotspotCause Cause), long> _recorded = aggregator
            .Hotspots.GroupBy(h => (h.Key.Target.Index, h.Key.Cause))
            .ToDictionary(g => g.Key, g => g.Sum(h => h.Value.Durations.TotalNs));

        public long OnCpuNs(int target) => Share(target, HotspotCause.OnCpu, summary.CpuHogNs);

        public long BlockedNs(int target) => Share(target, HotspotCause.BlockingCall, summary.BlockedNs);

        public long RunQueueNs(int target) => Share(target, HotspotCause.RunQueue, summary.RunQueueNs);

        public long ThrottledNs(int target) => Share(target, HotspotCause.Throttled, summary.ThrottledNs);

        private long Share(int target, HotspotCause cause, long allNs)
        {
            long all = _recorded.Where(r => r.Key.Cause == cause).Sum(r => r.Value);
            return all > 0 ? (long)((double)_recorded.GetValueOrDefault((target, cause)) / all * allNs) : 0;
        }
    }
}
