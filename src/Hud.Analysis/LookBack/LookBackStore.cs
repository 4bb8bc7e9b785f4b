using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// The last while of a run, however long that runs. The kernel's sums only grow, so what they grew by is the difference to a reading of then; slow
/// polls and long waits are kept for as long as they may be asked for. Both in slices: a new one begins each quarter of a look-back, and the
/// oldest goes once the one behind it is old enough, so that what is kept is between 1 and 1.25 look-backs.
/// </summary>
/// <param name="lengthNs">The least that a look-back reaches back, as soon as the run is that old.</param>
/// <param name="maxPolls">Slow polls of each slice that are kept one by one.</param>
public sealed class LookBackStore(StackAttributor attributor, long thresholdNs, long lengthNs, int maxPolls = 2048)
    : IPollListener
{
    private const int SlicesOfOne = 4;

    /// <summary>Oldest first; the last one is being filled.</summary>
    private readonly List<LookBackSlice> _slices = [new(attributor, thresholdNs, maxPolls, before: null)];

    public long LengthNs => lengthNs;

    /// <summary>The first moment that can be asked for.</summary>
    public long KeptFromNs(ProfileInputs facts) => FromNs(_slices[0], facts);

    /// <summary>Polls that are kept one by one.</summary>
    public int Polls => _slices.Sum(s => s.Polls.Count);

    public void Add(in PollRecord poll) => _slices[^1].Add(poll);

    public void Replace(in PollRecord poll)
    {
        if (!_slices[^1].Replace(poll) && _slices.Count > 1)
            _slices[^2].Replace(poll);
    }

    public void AddWait(TaskTypeId waiting, WaitSum sum) => _slices[^1].AddWait(waiting, sum);

    public void AddBehind(TaskTypeId waiting, RawKey behind, WaitSum sum) =>
        _slices[^1].AddBehind(waiting, behind, sum);

    public void AddCut(long waits) => _slices[^1].AddCut(waits);

    /// <summary>Time goes on.</summary>
    /// <param name="facts">The sums as they are now; every slow poll that is in them was heard of.</param>
    public void Look(ProfileInputs facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        if (facts.EndNs - FromNs(_slices[^1], facts) >= lengthNs / SlicesOfOne)
        {
            var next = new LookBackSlice(attributor, thresholdNs, maxPolls, Reading(facts));
            next.TakeLater(_slices[^1], facts.EndNs);
            _slices.Add(next);
        }

        while (_slices.Count > 1 && facts.EndNs - FromNs(_slices[1], facts) >= lengthNs)
            _slices.RemoveAt(0);
    }

    /// <summary>
    /// What the report of the last while is made of. A poll that began before it counts from its beginning on, as one that had begun before
    /// the run does.
    /// </summary>
    /// <param name="facts">Of the run, as of now.</param>
    /// <param name="run">The aggregator of the run: what it has decided was heard of here; it knows which polls are open.</param>
    /// <param name="now">The time of day at <see cref="ProfileInputs.EndNs"/>.</param>
    /// <param name="fromNs">How far back it has to reach; it begins there or up to a quarter of a look-back before. Null: all that is kept.</param>
    public LookBackFacts Take(ProfileInputs facts, PollAggregator run, DateTimeOffset now, long? fromNs = null)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(run);
        // so that what is known by now of those waits is heard of
        run.Waits.AddClosed();
        int first = fromNs is { } wanted ? Math.Max(0, _slices.FindLastIndex(s => FromNs(s, facts) <= wanted)) : 0;
        var oldest = _slices[first];
        long from = FromNs(oldest, facts),
            cutAt = oldest.Before is null ? long.MinValue : from;
        var taken = new PollAggregator(attributor, thresholdNs);
        var early = new List<PollRecord>();
        foreach (var slice in _slices.Skip(first))
            slice.AddTo(taken, poll => From(poll, cutAt, early));
        run.Waits.CopyOpenTo(taken.Waits);
        foreach (var open in run.OpenDecided())
        {
            if (From(open, cutAt, early) is not { } poll)
                continue;
            taken.AddDecided(poll);
            taken.Waits.AddPoll(poll with { StartNs = open.StartNs });
        }

        var since = FactsSince.Of(facts, oldest.Before, early, taken.Polls);
        return new LookBackFacts(
            since with
            {
                StartedAt = now - TimeSpan.FromTicks((facts.EndNs - from) / TimeSpan.NanosecondsPerTick),
            },
            taken
        );
    }

    /// <summary>What is referred to here.</summary>
    public IEnumerable<StackId> Stacks() => _slices.SelectMany(s => s.Stacks());

    private static long FromNs(LookBackSlice slice, ProfileInputs facts) => slice.Before?.EndNs ?? facts.StartNs;

    /// <summary>Lists that change as the run goes on are copied.</summary>
    private static ProfileInputs Reading(ProfileInputs facts) =>
        facts with
        {
            Targets = [.. facts.Targets],
            Types = [.. facts.Types],
            Workers = [.. facts.Workers],
            CpuWaits = [.. facts.CpuWaits],
            Warnings = [],
        };

    /// <summary>The part of a poll that lies behind a moment; null where that is not a slow one.</summary>
    /// <param name="early">Takes those that began before it.</param>
    private PollRecord? From(PollRecord poll, long fromNs, List<PollRecord> early)
    {
        if (poll.StartNs >= fromNs)
            return poll;
        // a stretch of samples is known to have ended when the next one begins
        if (poll.EndNs <= fromNs)
            return null;
        early.Add(poll);
        var cut = poll with { StartNs = fromNs, Split = poll.Split.Last(poll.EndNs - fromNs), Before = true };
        return cut.Split.WallNs > thresholdNs ? cut : null;
    }
}

/// <summary>What the report of the last while of a run is made of.</summary>
public sealed record LookBackFacts(ProfileInputs Facts, PollAggregator Aggregator);
