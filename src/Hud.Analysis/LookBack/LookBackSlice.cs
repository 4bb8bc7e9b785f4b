using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// A part of the recent past: slow polls one by one, and long waits in sums. Bounded: where it becomes too many, the shorter polls are summed up
/// by their stacks, so that totals stay whole and the longest keep their place in time.
/// </summary>
/// <param name="before">The kernel's sums when it began; null for the beginning of the run.</param>
internal sealed class LookBackSlice(StackAttributor attributor, long thresholdNs, int maxPolls, ProfileInputs? before)
{
    /// <summary>The last ones are not summed up: their second stack may be on its way.</summary>
    private const int StillChanging = 256;

    private const int MaxHotspots = 1000;
    private const int MaxDurations = 128;
    private const int MaxSums = 4096;
    private readonly List<PollRecord> _polls = [];
    private readonly Dictionary<TaskTypeId, WaitSum> _waits = [];
    private readonly Dictionary<(TaskTypeId Waiting, RawKey Behind), WaitSum> _behind = [];
    private PollAggregator? _summedUp;
    private long _cut;

    public ProfileInputs? Before => before;

    public IReadOnlyList<PollRecord> Polls => _polls;

    public void Add(in PollRecord poll)
    {
        if (_polls.Count >= maxPolls)
            SumUpShorter();
        _polls.Add(poll);
    }

    /// <returns>False when the thread's last poll is not here.</returns>
    public bool Replace(in PollRecord poll)
    {
        for (int i = _polls.Count - 1; i >= Math.Max(0, _polls.Count - StillChanging); i--)
        {
            if (_polls[i].Tid != poll.Tid)
                continue;
            if (_polls[i].StartNs != poll.StartNs)
                return false;
            _polls[i] = poll;
            return true;
        }

        return false;
    }

    public void AddWait(TaskTypeId waiting, WaitSum sum) =>
        _waits[waiting] = _waits.GetValueOrDefault(waiting).Plus(sum.Count, sum.Ns);

    public void AddBehind(TaskTypeId waiting, RawKey behind, WaitSum sum)
    {
        var key = (waiting, behind);
        if (_behind.ContainsKey(key) || _behind.Count < MaxSums)
            _behind[key] = _behind.GetValueOrDefault(key).Plus(sum.Count, sum.Ns);
        else
            AddCut(sum.Count);
    }

    public void AddCut(long waits) => _cut += waits;

    /// <summary>Takes over the polls of the slice before it that ended after that.</summary>
    public void TakeLater(LookBackSlice earlier, long afterNs)
    {
        _polls.AddRange(earlier._polls.Where(p => p.EndNs > afterNs));
        earlier._polls.RemoveAll(p => p.EndNs > afterNs);
    }

    /// <param name="poll">What is to be counted of a poll; null for nothing.</param>
    public void AddTo(PollAggregator sum, Func<PollRecord, PollRecord?> poll)
    {
        if (_summedUp is not null)
            sum.Add(_summedUp);
        foreach (var kept in _polls)
        {
            if (poll(kept) is { } counted)
                sum.AddDecided(counted);
        }

        sum.Waits.Add(_waits, _behind, _cut);
    }

    /// <summary>What it refers to.</summary>
    public IEnumerable<StackId> Stacks() =>
        _polls
            .SelectMany(p => PollAggregator.StacksOf(p))
            .Concat(_summedUp?.Stacks() ?? [])
            .Concat(_behind.Keys.SelectMany(k => new[] { k.Behind.Stack, k.Behind.Holder }));

    /// <summary>Half of those that change no more. What the kernel's totals lack stays: it is added to them poll by poll.</summary>
    private void SumUpShorter()
    {
        _summedUp ??= new PollAggregator(
            attributor,
            thresholdNs,
            maxPolls: 0,
            maxHotspots: MaxHotspots,
            maxDurations: MaxDurations
        );
        int settled = Math.Max(0, _polls.Count - StillChanging),
            wanted = Math.Max(1, settled / 2),
            kept = 0;
        long[] lengths = [.. _polls.Take(settled).Select(p => p.Split.WallNs).Order()];
        long longest = lengths.Length > 0 ? lengths[wanted - 1] : long.MaxValue;
        for (int i = 0; i < _polls.Count; i++)
        {
            var poll = _polls[i];
            if (i < settled && wanted > 0 && poll.Split.WallNs <= longest && !poll.IsUncounted)
            {
                _summedUp.AddDecided(poll);
                wanted--;
            }
            else
            {
                _polls[kept++] = poll;
            }
        }

        _polls.RemoveRange(kept, _polls.Count - kept);
        // all of them are such as cannot be summed up: the oldest goes, and is counted
        if (_polls.Count >= maxPolls)
        {
            _summedUp.AddDecided(_polls[0]);
            _polls.RemoveAt(0);
        }
    }
}
