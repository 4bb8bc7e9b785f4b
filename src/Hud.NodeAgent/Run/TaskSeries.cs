using Hud.Core;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>Counters of one task type since the start of the run; histograms as <see cref="Log2Histogram"/> has them.</summary>
internal sealed record TaskTotals(string Name, long Slow, long PollNs, IReadOnlyList<long> Polls)
{
    public static readonly TaskTotals Zero = new("", 0, 0, []);

    public long WaitNs { get; init; }

    public IReadOnlyList<long> Waits { get; init; } = [];

    /// <summary>Estimates of sampled polls may be corrected downwards, and a counter may not: the larger of each.</summary>
    public TaskTotals NoLessThan(TaskTotals before) =>
        this with
        {
            Slow = Math.Max(Slow, before.Slow),
            PollNs = Math.Max(PollNs, before.PollNs),
            Polls = Zip(Polls, before.Polls, Math.Max),
            WaitNs = Math.Max(WaitNs, before.WaitNs),
            Waits = Zip(Waits, before.Waits, Math.Max),
        };

    public TaskTotals Plus(TaskTotals other) => With(other, static (a, b) => a + b);

    public TaskTotals Minus(TaskTotals other) => With(other, static (a, b) => a - b);

    private TaskTotals With(TaskTotals other, Func<long, long, long> join) =>
        this with
        {
            Slow = join(Slow, other.Slow),
            PollNs = join(PollNs, other.PollNs),
            Polls = Zip(Polls, other.Polls, join),
            WaitNs = join(WaitNs, other.WaitNs),
            Waits = Zip(Waits, other.Waits, join),
        };

    private static IReadOnlyList<long> Zip(
        IReadOnlyList<long> one,
        IReadOnlyList<long> other,
        Func<long, long, long> join
    )
    {
        long[] joined = new long[Math.Max(one.Count, other.Count)];
        bool same = joined.Length == one.Count;
        for (int i = 0; i < joined.Length; i++)
        {
            long mine = i < one.Count ? one[i] : 0;
            joined[i] = join(mine, i < other.Count ? other[i] : 0);
            same &= joined[i] == mine;
        }

        // thousands of types are mostly silent: what did not change is not kept twice
        return same ? one : joined;
    }
}

/// <summary>
/// Which task types of a target have a series of their own: the <see cref="StreamLimits.MetricsTasks"/> with the most time in polls, and those
/// that once were among them, <see cref="StreamLimits.MetricsSeries"/> in all. The others are one sum. A type that gets its series later leaves in
/// the sum what it had there, and begins with what came since: so no counter falls, and together they are what there was.
/// </summary>
internal sealed class TaskSeries
{
    /// <summary>The name of the sum. A type that is called so stays in it.</summary>
    public const string Others = "other";

    private sealed class Series(string name)
    {
        public string Name { get; set; } = name;

        /// <summary>With what each of them has left in the sum of the others.</summary>
        public Dictionary<int, TaskTotals> Types { get; } = [];
    }

    private readonly List<Series> _series = [];
    private readonly Dictionary<int, Series> _seriesOf = [];
    private readonly Dictionary<int, TaskTotals> _last = [];

    /// <param name="types">By a number that stays the type's own; those without any poll may be left out.</param>
    /// <returns>As <see cref="TargetMetrics.Tasks"/> wants them.</returns>
    public IReadOnlyList<TaskMetrics> Update(IEnumerable<KeyValuePair<int, TaskTotals>> types)
    {
        var before = new Dictionary<int, TaskTotals>();
        foreach (var (type, now) in types)
        {
            before[type] = _last.GetValueOrDefault(type, TaskTotals.Zero);
            _last[type] = (now with { Name = Clean(now.Name) }).NoLessThan(before[type]);
        }

        foreach (
            int type in _last
                .OrderByDescending(t => t.Value.PollNs)
                .ThenBy(t => t.Key)
                .Take(StreamLimits.MetricsTasks)
                .Select(t => t.Key)
                .ToList()
        )
            Promote(type, before.GetValueOrDefault(type, _last[type]));
        foreach (var (type, series) in _seriesOf)
            Rename(series, _last[type].Name);
        return [Sum(), .. _series.Select(Metrics).OrderByDescending(t => t.PollNs)];
    }

    /// <summary>The series of a type; <see cref="TaskMetrics.Others"/> when it has none.</summary>
    public int SeriesOf(int type) =>
        _seriesOf.TryGetValue(type, out var series) ? _series.IndexOf(series) : TaskMetrics.Others;

    private void Promote(int type, TaskTotals inSum)
    {
        string name = _last[type].Name;
        if (_seriesOf.ContainsKey(type) || name == Others)
            return;
        // identical code goes by one name for several types: they cannot be told apart where names are all there is
        var series = _series.Find(s => s.Name == name);
        if (series is null)
        {
            if (_series.Count >= StreamLimits.MetricsSeries)
                return;
            _series.Add(series = new Series(name));
        }

        series.Types[type] = inSum;
        _seriesOf[type] = series;
    }

    /// <summary>A type that no symbol names gets a name from its first stack.</summary>
    private void Rename(Series series, string name)
    {
        if (series.Types.Count == 1 && name != Others && !_series.Exists(s => s.Name == name))
            series.Name = name;
    }

    private TaskMetrics Metrics(Series series, int number) =>
        Metrics(
            series.Types.Aggregate(TaskTotals.Zero, (sum, t) => sum.Plus(_last[t.Key].Minus(t.Value))),
            number,
            series.Name
        );

    private TaskMetrics Sum() =>
        Metrics(
            _last
                .Where(t => !_seriesOf.ContainsKey(t.Key))
                .Select(t => t.Value)
                .Concat(_series.SelectMany(s => s.Types.Values))
                .Aggregate(TaskTotals.Zero, (sum, t) => sum.Plus(t)),
            TaskMetrics.Others,
            Others
        );

    private static TaskMetrics Metrics(TaskTotals totals, int series, string name) =>
        new()
        {
            Series = series,
            Name = name,
            SlowPolls = totals.Slow,
            PollNs = totals.PollNs,
            Polls = Log2Histogram.Trim([.. totals.Polls]),
            WaitNs = totals.WaitNs,
            Waits = Log2Histogram.Trim([.. totals.Waits]),
        };

    private static string Clean(string name) => LineFitter.Name(SafeText.Clean(name));
}
