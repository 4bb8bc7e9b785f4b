using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Sums of another aggregator, and which stacks are referred to.</summary>
public sealed partial class PollAggregator
{
    /// <summary>Hotspots whose stacks were let go, to have room for those of others.</summary>
    public long StacksLetGo { get; private set; }

    /// <summary>Adds the sums of polls that another aggregator has counted; its polls one by one are counted as cut.</summary>
    public void Add(PollAggregator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        PollsCut += other.PollsCut + other.Polls.Count;
        PollsWithoutStack += other.PollsWithoutStack;
        BlockInPlace += other.BlockInPlace;
        SlowPolls += other.SlowPolls;
        WorstNs = Math.Max(WorstNs, other.WorstNs);
        OnCpuNs += other.OnCpuNs;
        BlockedNs += other.BlockedNs;
        RunQueueNs += other.RunQueueNs;
        ThrottledNs += other.ThrottledNs;
        foreach (var (type, count) in other.RecordedByType)
            RecordedByType[type] = RecordedByType.GetValueOrDefault(type) + count;
        foreach (var (key, hotspot) in other.Hotspots)
            Merge(key, hotspot);
    }

    /// <summary>Every stack that a report or a later event may ask for; some several times.</summary>
    public IEnumerable<StackId> Stacks() =>
        Hotspots
            .Keys.SelectMany(k => new[] { k.Stack, k.Holder })
            .Concat(_polls.SelectMany(p => StacksOf(p)))
            .Concat(_lastByThread.Values.SelectMany(p => StacksOf(p)))
            .Concat(_open.Values.SelectMany(o => StacksOf(o.Poll)))
            .Concat(_samples.Values.SelectMany(s => s))
            .Concat(_wakers.Values.Select(w => w.Stack))
            .Concat(Waits.Stacks());

    internal static StackId[] StacksOf(in PollRecord poll) =>
        [poll.BlockStack, poll.CpuStack, poll.QueueStack, poll.HolderStack];

    /// <summary>
    /// Lets the stacks of the cheapest hotspots go until no more than <paramref name="most"/> hotspots have one: their time is counted with
    /// what has no stack. A run of hours meets more stacks than there is room for.
    /// </summary>
    public void LetStacksGo(int most)
    {
        var with = Hotspots.Where(p => !p.Key.Stack.IsNone || !p.Key.Holder.IsNone).ToList();
        if (with.Count <= most)
            return;
        var gone = with.OrderBy(p => p.Value.Durations.TotalNs)
            .ThenBy(p => p.Key.Stack.Number)
            .Take(with.Count - most)
            .Select(p => p.Key)
            .ToHashSet();
        foreach (var key in gone)
        {
            Hotspots.Remove(key, out var hotspot);
            _shared.Remove(key);
            Merge(WithoutStacks(key), hotspot!);
        }

        for (int i = 0; i < _polls.Count; i++)
            _polls[i] = AsCounted(_polls[i]);
        Waits.LetStacksGo(gone, AsCounted);
        StacksLetGo += gone.Count;
    }

    /// <summary>With the stacks of those hotspots that it is counted under.</summary>
    private PollRecord AsCounted(PollRecord poll)
    {
        bool Counts(HotspotCause cause) => Hotspots.ContainsKey(KeyOf(poll, cause));
        bool blocked = Counts(HotspotCause.BlockingCall);
        return poll with
        {
            CpuStack = Counts(HotspotCause.OnCpu) ? poll.CpuStack : StackId.None,
            BlockStack = blocked ? poll.BlockStack : StackId.None,
            HolderStack = blocked ? poll.HolderStack : StackId.None,
            QueueStack =
                Counts(HotspotCause.RunQueue) || Counts(HotspotCause.Throttled) ? poll.QueueStack : StackId.None,
        };
    }

    private void Merge(RawKey key, RawHotspot hotspot)
    {
        if (!Hotspots.TryGetValue(key, out var known))
            Hotspots[key] = known = new RawHotspot(maxDurations);
        else if (_shared.Remove(key))
            Hotspots[key] = known = known.Copy();
        known.Add(hotspot);
    }
}
