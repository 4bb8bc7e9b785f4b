using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Frames;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>
/// On-CPU samples while poll probes are off. A clock cannot see where a poll begins, so ticks of one thread that follow
/// one another in the same task and user function are taken for one long stretch, and the report calls it an estimate.
/// Types that are known to be polled very often are left out: their polls are short, however many ticks they get.
/// </summary>
internal sealed class SampleRunCoalescer(StackAttributor attributor, PollAggregator aggregator, TaskTypeResolver types)
{
    private sealed record Stretch(
        HudEvent First,
        StackId Stack,
        TaskTypeId Type,
        HotspotIdentity? Identity,
        ulong Last,
        int Ticks
    );

    private const double PeriodsOfOneStretch = 2.5; // one tick may be missed, and no tick comes on the dot
    private long _thresholdNs;
    private ulong _maxGapNs;
    private readonly Dictionary<uint, Stretch> _open = [];

    public long Count { get; private set; }

    /// <summary>Types whose polls are known to be short.</summary>
    public HashSet<TaskTypeId> Hot { get; } = [];

    /// <param name="thresholdNs">A shorter stretch is not a slow poll.</param>
    /// <param name="sampleHertz">Ticks a second while a thread is on a CPU.</param>
    public void Watch(long thresholdNs, int sampleHertz)
    {
        _thresholdNs = thresholdNs;
        _maxGapNs = (ulong)(PeriodsOfOneStretch * 1_000_000_000 / Math.Max(1, sampleHertz));
    }

    public void Add(in HudEvent tick, StackId stack)
    {
        Count++;
        var frames = attributor.Frames(stack, exact: false);
        var type = types.Find(tick.TargetId, stack, frames);
        bool counts =
            !stack.IsNone
            && StackClassifier.PollIndex(frames) >= 0
            && !StackClassifier.OnBlockingPool(frames)
            && !Hot.Contains(type);
        HotspotIdentity? identity = counts
            ? attributor.Attribute(stack, HotspotCause.OnCpu, "", "", exact: false).Identity
            : null;
        if (
            _open.TryGetValue(tick.NsTid, out var stretch)
            && (stretch.Identity != identity || tick.TimeNs - stretch.Last > _maxGapNs)
        )
        {
            Close(stretch);
            _open.Remove(tick.NsTid);
            stretch = null;
        }

        if (!counts)
            return;
        _open[tick.NsTid] = stretch is null
            ? new Stretch(tick, stack, types.OrFirst(tick.TargetId, type), identity, tick.TimeNs, 1)
            : stretch with
            {
                Last = tick.TimeNs,
                Ticks = stretch.Ticks + 1,
            };
    }

    public IEnumerable<StackId> StacksInUse() => _open.Values.Select(s => s.Stack);

    public void Flush()
    {
        foreach (var stretch in _open.Values)
            Close(stretch);
        _open.Clear();
    }

    /// <summary>Ticks bound a stretch from below by the time between them; a single one says nothing about length.</summary>
    private void Close(Stretch stretch)
    {
        long ns = (long)(stretch.Last - stretch.First.TimeNs);
        if (stretch.Ticks < 2 || ns <= _thresholdNs)
            return;
        aggregator.AddPoll(
            EventSink.Fact(stretch.First) with
            {
                Type = stretch.Type,
                StartNs = (long)stretch.First.TimeNs,
                Split = PollSplit.From(ns, 0, 0, 0),
                CpuStack = stretch.Stack,
            }
        );
    }
}
