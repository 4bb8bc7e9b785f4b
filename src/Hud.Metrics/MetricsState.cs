using Hud.Core;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Metrics.Format;

namespace Hud.Metrics;

/// <summary>
/// What an agent's stream has said so far, as metrics. Names in it were written by the programs that are profiled: each is cleaned and bounded, and
/// so is their number. Pure but for its memory; not safe for several threads.
/// </summary>
/// <param name="onHistogram">Called as each is made; null for nothing.</param>
public sealed class MetricsState(Action? onHistogram = null)
{
    /// <summary>Without news for longer the agent counts as gone: three messages that did not come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>More rows than an agent has: for those it watches, those that ended and those that it can't watch.</summary>
    public const int MaxTargets = 192;

    private readonly SortedDictionary<int, Target> _targets = [];
    private RunMetrics? _run;
    private DateTimeOffset _lastUpdate;
    private bool _ended;

    private sealed class Target
    {
        public TargetMetrics Metrics { get; set; } = new();

        /// <summary>By number: one that a message leaves out keeps its last value.</summary>
        public SortedDictionary<int, TaskMetrics> Tasks { get; } = [];
    }

    /// <summary>Lines that came and could not be read.</summary>
    public long BadLines { get; set; }

    /// <summary>Messages of other kinds say nothing here.</summary>
    public void Accept(StreamMessage message, DateTimeOffset now)
    {
        switch (message)
        {
            case MetricsMessage metrics:
                _lastUpdate = now;
                _ended = false;
                Accept(metrics);
                break;
            case EndMessage:
                _ended = true;
                break;
        }
    }

    private void Accept(MetricsMessage message)
    {
        if (_run is not null && _run.StartedAt != message.Run.StartedAt)
            _targets.Clear(); // another run: its counters begin at 0
        _run = message.Run;
        if (message.Index < 0)
            return;
        if (!_targets.TryGetValue(message.Index, out var target) || target.Metrics.Pid != message.Target.Pid)
        {
            if (target is null && _targets.Count >= MaxTargets)
                return;
            _targets[message.Index] = target = new Target();
        }

        target.Metrics = message.Target with { Tasks = [] };
        foreach (var task in message.Target.Tasks)
        {
            if (task.Series is >= TaskMetrics.Others and < StreamLimits.MetricsSeries)
                target.Tasks[task.Series] = Compact(task, target.Tasks.GetValueOrDefault(task.Series));
        }
    }

    /// <summary>As it stays until the next message: without the room that lists have to grow, and without another copy of what is the same.</summary>
    private static TaskMetrics Compact(TaskMetrics task, TaskMetrics? before) =>
        task with
        {
            Name = before?.Name == task.Name ? before.Name : task.Name,
            Polls = task.Polls.ToArray(),
            Waits = task.Waits.ToArray(),
            Exemplars =
                before is not null && task.Exemplars.SequenceEqual(before.Exemplars)
                    ? before.Exemplars
                    : task.Exemplars.ToArray(),
        };

    /// <summary>
    /// In the order of <see cref="MetricCatalog.All"/>, without those that have no series. They stay as they are when more is said; histograms are made
    /// as they are asked for, each time, because those of all targets are many times what they are made of.
    /// </summary>
    public IReadOnlyList<MetricFamily> Families(DateTimeOffset now)
    {
        var families = new List<MetricFamily>
        {
            One(MetricCatalog.Up, _run is not null && !_ended && now - _lastUpdate <= Patience ? 1 : 0),
        };
        if (_run is { } run)
        {
            families.InsertRange(0, [BuildInfo(run.Agent)]);
            families.AddRange(OfRun(run));
            families.AddRange(OfTargets(run));
        }

        return [.. families.Where(f => !f.IsEmpty)];
    }

    private static MetricFamily BuildInfo(AgentInfo agent) =>
        new(MetricCatalog.BuildInfo)
        {
            Samples =
            [
                new(Labels(("version", agent.Version), ("kernel", agent.Kernel), ("probe_mode", agent.ProbeMode)), 1),
            ],
        };

    private IEnumerable<MetricFamily> OfRun(RunMetrics run) =>
        [
            One(MetricCatalog.LastUpdate, _lastUpdate.ToUnixTimeMilliseconds() / 1e3),
            One(MetricCatalog.Start, run.StartedAt.ToUnixTimeMilliseconds() / 1e3),
            One(MetricCatalog.Observed, Seconds(run.ElapsedNs)),
            One(MetricCatalog.Threshold, Seconds(run.ThresholdNs)),
            One(MetricCatalog.Estimated, run.Estimated ? 1 : 0),
            new(MetricCatalog.LostEvents)
            {
                Samples =
                [
                    .. LossKinds.All.Select(k => new Sample(
                        Labels((MetricLabels.Kind, k.Kind)),
                        Math.Max(0, k.Count(run))
                    )),
                    new(Labels((MetricLabels.Kind, LossKinds.BadLines)), BadLines),
                ],
            },
            One(MetricCatalog.AgentCpu, Seconds(run.Overhead.AgentCpuNs)),
            One(MetricCatalog.AgentMemory, run.Overhead.AgentPeakBytes),
            One(MetricCatalog.Overhead, run.Overhead.MeasuredPercent / 100),
            One(MetricCatalog.Budget, run.Overhead.BudgetPercent / 100),
            One(MetricCatalog.Level, run.Overhead.Level),
            One(MetricCatalog.ProbeHits, Math.Max(0, run.Overhead.ProbeHits)),
        ];

    private IEnumerable<MetricFamily> OfTargets(RunMetrics run)
    {
        var targets = Labelled();
        yield return Each(MetricCatalog.TargetUp, t => t.Watched ? 1 : 0);
        yield return Each(MetricCatalog.Workers, t => t.Workers);
        yield return Each(MetricCatalog.Runtimes, t => t.Runtimes);
        yield return new MetricFamily(MetricCatalog.WorkerLost)
        {
            Samples =
            [
                .. targets.SelectMany(t =>
                    Lost(t.Target.Metrics)
                        .Select(c => new Sample([.. t.Labels, new(MetricLabels.Cause, c.Cause)], Seconds(c.Ns)))
                ),
            ],
        };
        yield return Each(MetricCatalog.Stalls, t => Math.Max(0, t.Stalls));
        yield return Each(MetricCatalog.StallTime, t => Seconds(t.StallNs));
        yield return Each(MetricCatalog.LongestStall, t => Seconds(t.LongestStallNs));
        yield return Each(MetricCatalog.LongestPoll, t => Seconds(t.LongestPollNs));
        yield return Each(MetricCatalog.OpenPolls, t => t.OpenPolls);
        yield return Each(MetricCatalog.LongestOpen, t => Seconds(t.LongestOpenNs));
        yield return Each(MetricCatalog.TargetCpu, t => Seconds(t.CpuNs));
        yield return Each(MetricCatalog.RunQueue, t => Seconds(t.CpuWaitNs));
        yield return Each(MetricCatalog.Throttled, t => Seconds(t.CpuThrottledNs));
        yield return Each(MetricCatalog.ThrottledPeriods, t => Math.Max(0, t.CpuThrottledPeriods));
        var tasks = targets
            .SelectMany(t =>
                // names that are the same once they are cut are one series
                t.Target.Tasks.Values.GroupBy(task => Clean(task.Name), StringComparer.Ordinal)
                    .Select(g =>
                        (Labels: (IReadOnlyList<Label>)[.. t.Labels, new(MetricLabels.Task, g.Key)], Tasks: g.ToList())
                    )
            )
            .ToList();
        yield return new MetricFamily(MetricCatalog.SlowPolls)
        {
            Samples = [.. tasks.Select(t => new Sample(t.Labels, t.Tasks.Sum(x => Math.Max(0, x.SlowPolls))))],
        };
        yield return new MetricFamily(MetricCatalog.PollDuration)
        {
            Histograms = new MappedList<(IReadOnlyList<Label> Labels, List<TaskMetrics> Tasks), HistogramSample>(
                tasks,
                t =>
                    Histogram(run, t.Labels, t.Tasks, x => x.Polls, x => x.PollNs, t.Tasks.SelectMany(x => x.Exemplars))
            ),
        };
        yield return new MetricFamily(MetricCatalog.TaskWait)
        {
            Histograms = new MappedList<(IReadOnlyList<Label> Labels, List<TaskMetrics> Tasks), HistogramSample>(
                [.. tasks.Where(t => t.Tasks.Any(x => x.Waits.Count > 0))],
                t => Histogram(run, t.Labels, t.Tasks, x => x.Waits, x => x.WaitNs, [])
            ),
        };

        MetricFamily Each(MetricInfo info, Func<TargetMetrics, double> value) =>
            new(info) { Samples = [.. targets.Select(t => new Sample(t.Labels, value(t.Target.Metrics)))] };
    }

    private HistogramSample Histogram(
        RunMetrics run,
        IReadOnlyList<Label> labels,
        List<TaskMetrics> tasks,
        Func<TaskMetrics, IReadOnlyList<long>> slots,
        Func<TaskMetrics, long> sumNs,
        IEnumerable<PollExemplar> exemplars
    )
    {
        onHistogram?.Invoke();
        return HistogramBounds.Sample(
            labels,
            Log2Histogram.Sum(
                tasks.Select(t =>
                    (IReadOnlyList<long>)[.. slots(t).Take(Log2Histogram.Slots).Select(n => Math.Max(0, n))]
                )
            ),
            tasks.Sum(t => Math.Max(0, sumNs(t))),
            exemplars
                .Take(Log2Histogram.Slots * tasks.Count)
                .Where(e => e.Fingerprint.Length > 0)
                .Select(e => new Exemplar(
                    Labels(("fingerprint", e.Fingerprint), (MetricLabels.Cause, Cause(e.Cause))),
                    Seconds(e.WallNs),
                    run.StartedAt + TimeSpan.FromTicks(Math.Clamp(e.EndNs, 0, run.ElapsedNs) / 100)
                ))
        );
    }

    /// <summary>Two processes of one name in one container are told apart by a number behind the name.</summary>
    private List<(Target Target, IReadOnlyList<Label> Labels)> Labelled()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var labelled = new List<(Target, IReadOnlyList<Label>)>();
        foreach (var target in _targets.Values)
        {
            var metrics = target.Metrics;
            IReadOnlyList<Label> labels;
            int number = 1;
            do
            {
                labels = Labels(
                    (MetricLabels.Namespace, metrics.Namespace),
                    (MetricLabels.Pod, metrics.Pod),
                    (MetricLabels.Container, metrics.Container),
                    (MetricLabels.Process, number == 1 ? metrics.Process : $"{Clean(metrics.Process)}#{number}")
                );
                number++;
            } while (!taken.Add(string.Join('\0', labels)));
            labelled.Add((target, labels));
        }

        return labelled;
    }

    private static (string Cause, long Ns)[] Lost(TargetMetrics target) =>
        [
            (Cause(HotspotCause.OnCpu), target.OnCpuNs),
            (Cause(HotspotCause.BlockingCall), target.BlockedNs),
            (Cause(HotspotCause.RunQueue), target.RunQueueNs),
            (Cause(HotspotCause.Throttled), target.ThrottledNs),
        ];

    private static string Cause(HotspotCause cause) =>
        cause switch
        {
            HotspotCause.OnCpu => "on_cpu",
            HotspotCause.BlockingCall => "blocked",
            HotspotCause.LockWait => "lock",
            HotspotCause.RunQueue => "run_queue",
            _ => "throttled",
        };

    private static MetricFamily One(MetricInfo info, double value) => new(info) { Samples = [new([], value)] };

    private static IReadOnlyList<Label> Labels(params ReadOnlySpan<(string Name, string? Value)> labels)
    {
        var list = new List<Label>();
        foreach (var (name, value) in labels)
        {
            if (!string.IsNullOrEmpty(value))
                list.Add(new Label(name, Clean(value)));
        }

        return list;
    }

    private static string Clean(string text) => LineFitter.Name(SafeText.Clean(text));

    private static double Seconds(long ns) => Math.Max(0, ns) / 1e9;
}
