namespace Hud.Analysis;

/// <summary>Sums from elsewhere, and which stacks are referred to.</summary>
public sealed partial class WaitBlame
{
    /// <summary>Adds what was decided elsewhere.</summary>
    public void Add(
        IReadOnlyDictionary<TaskTypeId, WaitSum> all,
        IReadOnlyDictionary<(TaskTypeId Waiting, RawKey Behind), WaitSum> behind,
        long cut
    )
    {
        ArgumentNullException.ThrowIfNull(all);
        ArgumentNullException.ThrowIfNull(behind);
        Cut += cut;
        foreach (var (type, sum) in all)
            Add(_all, type, sum.Count, sum.Ns);
        foreach (var (key, sum) in behind)
            Add(_behind, key, sum.Count, sum.Ns);
    }

    /// <summary>Every stack that a report or a later decision may ask for; some several times.</summary>
    internal IEnumerable<StackId> Stacks() =>
        _behind
            .Keys.SelectMany(k => new[] { k.Behind.Stack, k.Behind.Holder })
            .Concat(_polls.SelectMany(p => PollAggregator.StacksOf(p.Poll)))
            .Concat(_closed.SelectMany(c => PollAggregator.StacksOf(c.Poll.Poll)));

    /// <summary>What was behind a hotspot whose stacks are gone is behind what has none.</summary>
    /// <param name="asCounted">A poll with the stacks of those hotspots that it is counted under.</param>
    internal void LetStacksGo(IReadOnlySet<RawKey> gone, Func<PollRecord, PollRecord> asCounted)
    {
        AddClosed();
        foreach (var suspect in _polls)
            suspect.Poll = asCounted(suspect.Poll);
        foreach (var (key, sum) in _behind.Where(p => gone.Contains(p.Key.Behind)).ToList())
        {
            _behind.Remove(key);
            Add(_behind, (key.Waiting, PollAggregator.WithoutStacks(key.Behind)), sum.Count, sum.Ns);
        }
    }
}
