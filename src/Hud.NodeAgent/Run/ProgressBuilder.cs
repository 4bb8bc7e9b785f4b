using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>The once-a-second message that the cockpit draws.</summary>
internal sealed class ProgressBuilder(
    IReadOnlyList<TargetProcess> targets,
    StackStore stacks,
    StackAttributor attributor,
    PollAggregator aggregator,
    RunTotals totals
)
{
    private const int MaxThreads = 4096;
    private const int MaxNamedEachSecond = 30;
    private const long NamingEachSecondNs = 50_000_000;
    private const long NamingInAllNs = 5_000_000_000;
    private readonly Dictionary<(int Target, int Tid), (long Busy, long Lost)> _before = [];
    private int _sent;
    private long _namingNs;
    private long _lastNs;

    public const long SmallEveryNs = 60_000_000_000;

    /// <param name="small">Those of a run that makes no report: the first at once, then one a minute.</param>
    public bool IsDue(long nowNs, bool small) => !small || _lastNs == 0 || nowNs - _lastNs >= SmallEveryNs;

    /// <summary>One in at most <see cref="StreamLimits.SmallProgressBytes"/>: what grows with the targets is not in it.</summary>
    public static ProgressMessage Small(ProgressMessage message)
    {
        // six bytes of JSON a character at the worst, and the figures beside them
        const int maxVerdict = 400;
        return message with
        {
            Verdict = LineFitter.Cut(message.Verdict, maxVerdict),
            Hotspots = [],
            Workers = [],
            Tasks = [],
            SlowPolls = [],
        };
    }

    public ProgressMessage Build(ProfileInputs facts, IReadOnlyList<WorkerState> now, long nowNs)
    {
        NameSome();
        var document = ProfileBuilder.Build(
            facts with
            {
                MaxHotspots = StreamLimits.ProgressHotspots,
            },
            aggregator.WithOpen(),
            stacks,
            attributor,
            exact: false
        );
        double interval = Math.Max(1, nowNs - (_lastNs == 0 ? facts.StartNs : _lastNs));
        _lastNs = nowNs;
        return LineFitter.Cut(
            new ProgressMessage
            {
                ElapsedNs = nowNs - facts.StartNs,
                Summary = document.Summary,
                Verdict = document.Verdict,
                VerdictLevel = document.VerdictLevel,
                Hotspots = document.Hotspots,
                Workers = [.. Now(facts, document, now, nowNs, interval)],
                Tasks = Shown(document.Tasks),
                SlowPolls = NewSlowPolls(document),
                Overhead = document.Overhead with { LevelChanges = [] },
                LostEvents = document.Losses.Events(),
            }
        );
    }

    /// <summary>
    /// Files, lines and inlined functions for the most expensive stacks that have none yet. Debug information can be slow to read, and
    /// the events wait meanwhile: so a little each second, and no more when it has taken its time. The report has them all.
    /// </summary>
    private void NameSome()
    {
        long start = AgentClock.NowNs;
        var wanted = aggregator
            .Hotspots.OrderByDescending(p => p.Value.Durations.TotalNs)
            .SelectMany(p => new[] { p.Key.Stack, p.Key.Holder })
            .Where(stack => !stack.IsNone && !attributor.IsNamed(stack))
            .Distinct();
        foreach (var stack in wanted.Take(MaxNamedEachSecond))
        {
            if (AgentClock.NowNs - start > NamingEachSecondNs || _namingNs + AgentClock.NowNs - start > NamingInAllNs)
                break;
            attributor.Frames(stack, exact: true);
        }

        _namingNs += AgentClock.NowNs - start;
    }

    /// <summary>
    /// Those that waited longest, then those that take most time: who waits is often not who takes it. In that order, because a line that is too
    /// long loses its end.
    /// </summary>
    internal static IReadOnlyList<TaskProfile> Shown(IReadOnlyList<TaskProfile> tasks)
    {
        var waited = tasks.ByWait().Take(StreamLimits.ProgressWaits).ToList();
        return
        [
            .. waited
                .Concat(tasks.Except(waited).OrderByDescending(t => t.TotalNs))
                .Take(StreamLimits.ProgressTasks)
                .Select(t =>
                    t.Waits is { Behind.Count: > StreamLimits.ProgressBehind } waits
                        ? t with
                        {
                            Waits = waits with { Behind = [.. waits.Behind.Take(StreamLimits.ProgressBehind)] },
                        }
                        : t
                ),
        ];
    }

    private List<SlowPoll> NewSlowPolls(ProfileDocument document)
    {
        int fresh = aggregator.Polls.Count - _sent;
        _sent = aggregator.Polls.Count;
        return fresh <= 0
            ? []
            :
            [
                .. document
                    .SlowPolls.OrderByDescending(p => p.StartNs + p.WallNs)
                    .Take(Math.Min(fresh, StreamLimits.ProgressSlowPolls))
                    .OrderBy(p => p.StartNs),
            ];
    }

    private static string StateOf(bool polling, ulong offSinceNs) =>
        !polling
            ? "idle"
            : offSinceNs switch
            {
                0 => "polling",
                Abi.OffRunnable => "queued",
                _ => "blocked",
            };

    private IEnumerable<WorkerNow> Now(
        ProfileInputs facts,
        ProfileDocument document,
        IReadOnlyList<WorkerState> states,
        long nowNs,
        double interval
    )
    {
        foreach (var worker in document.Workers.Take(128))
        {
            var state = states.FirstOrDefault(s => s.Used == 1 && s.Target == worker.Target && s.NsTid == worker.Tid);
            if (state.Used != 1)
                continue;
            bool polling = state.CurrentType < facts.Types.Count;
            var (busyBefore, lostBefore) = _before.GetValueOrDefault(((int)state.Target, worker.Tid));
            long open = polling ? Math.Max(0, nowNs - (long)state.CurrentStartNs) : 0;
            long busy = (long)state.BusyNs,
                lost = worker.LostNs;
            if (_before.Count >= MaxThreads)
                _before.Clear(); // threads that have ended
            _before[((int)state.Target, worker.Tid)] = (busy, lost);
            yield return new WorkerNow
            {
                Target = (int)state.Target,
                Tid = worker.Tid,
                Name = totals.NameOf(targets[(int)state.Target].Pid, worker.Tid),
                Runtime = worker.Runtime,
                State = StateOf(polling, state.OffSinceNs),
                Task = polling ? facts.Types[(int)state.CurrentType].Name : "",
                SinceNs = open,
                BusyPercent = Math.Round(
                    Math.Clamp((busy - busyBefore + Math.Min(open, interval)) * 100 / interval, 0, 100),
                    1
                ),
                LostPercent = Math.Round(Math.Clamp((lost - lostBefore) * 100 / interval, 0, 100), 1),
            };
        }
    }
}
