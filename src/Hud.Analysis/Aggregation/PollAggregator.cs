using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>One slow poll as the agent hands it over: numbers, and stacks by id.</summary>
public readonly record struct PollRecord
{
    public TargetId Target { get; init; }
    public TaskTypeId Type { get; init; }
    public int Tid { get; init; }
    public ulong Runtime { get; init; }
    public ulong TaskId { get; init; }

    /// <summary>CLOCK_MONOTONIC</summary>
    public long StartNs { get; init; }
    public PollSplit Split { get; init; }
    public string Syscall { get; init; }
    public StackId BlockStack { get; init; }
    public StackId CpuStack { get; init; }
    public StackId QueueStack { get; init; }

    /// <summary>A clock tick met it computing, even if no stack could be kept.</summary>
    public bool Ticked { get; init; }

    /// <summary>Who ended its longest futex wait; the aggregator fills it in.</summary>
    public StackId HolderStack { get; init; }

    /// <summary>When the longest sleep began: joins it with its waker.</summary>
    public long BlockStartNs { get; init; }
    public long WorstQueueNs { get; init; }
    public string PreemptedBy { get; init; }
    public int PreemptedByPid { get; init; }

    /// <summary>How long that one ran meanwhile, as far as it was seen: never more than it used.</summary>
    public long PreemptedByNs { get; init; }

    /// <summary>It had not returned.</summary>
    public bool Open { get; init; }

    /// <summary>It had begun before the run did, and its time counts from there.</summary>
    public bool Before { get; init; }

    /// <summary>No task's poll: code that a worker ran outside of any.</summary>
    public bool Outside { get; init; }

    /// <summary>The kernel's totals by type and by worker know only polls that were seen to begin and to return.</summary>
    public bool IsUncounted => Open || Before || Outside;

    /// <summary>
    /// The BPF programs see a worker hand its queue over in the middle of a poll, and leave out what follows. Names would excuse all of
    /// the poll, so they are asked only where it cannot see.
    /// </summary>
    public bool HandoversSeen { get; init; }

    internal bool GoesByNames => Before || Outside || Open || !HandoversSeen;

    /// <summary>How many polls it stands for.</summary>
    public int Weight { get; init; }

    /// <summary>The worker had handed its queue over (block_in_place): no slow poll, and counted as such.</summary>
    public bool HandedOver { get; init; }

    internal long EndNs => StartNs + Split.WallNs;
}

/// <summary>What raw hotspots are kept by, before names merge them.</summary>
public readonly record struct RawKey(
    TargetId Target,
    HotspotCause Cause,
    TaskTypeId Type,
    StackId Stack,
    StackId Holder,
    string Syscall
);

/// <param name="maxDurations">Of how many of its polls the percentiles are made.</param>
public sealed class RawHotspot(int maxDurations = DurationSet.MaxKept)
{
    public DurationSet Durations { get; } = new(maxDurations);

    internal const int MaxCulprits = 64;

    /// <summary>Times by who ran instead.</summary>
    public Dictionary<(string Name, int Pid), long> Culprits { get; } = [];

    /// <summary>Polls that had no stack of their own and were counted with the most expensive stack of their type.</summary>
    public long Borrowed { get; set; }

    /// <summary>Polls that had begun before the run did.</summary>
    public long Before { get; set; }

    /// <summary>Polls that had not returned when it ended.</summary>
    public long NotReturned { get; set; }

    public RawHotspot Copy()
    {
        var copy = new RawHotspot();
        copy.Add(this);
        return copy;
    }

    public void Add(RawHotspot other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Borrowed += other.Borrowed;
        Before += other.Before;
        NotReturned += other.NotReturned;
        Durations.Add(other.Durations);
        foreach (var (who, ns) in other.Culprits)
        {
            if (Culprits.Count < MaxCulprits || Culprits.ContainsKey(who))
                Culprits[who] = Culprits.GetValueOrDefault(who) + ns;
        }
    }
}

/// <summary>Keeps the facts of a run: slow polls, their parts by stack, who ended their waits. Bounded everywhere.</summary>
/// <param name="clockPeriodNs">Time between two on-CPU samples; 0 when there are none.</param>
/// <param name="maxHotspots">Polls of further ones go without their stacks.</param>
/// <param name="maxDurations">Of how many of its polls the percentiles of a hotspot are made.</param>
public sealed partial class PollAggregator(
    StackAttributor attributor,
    long thresholdNs,
    int maxPolls = 20_000,
    long clockPeriodNs = 0,
    int maxHotspots = 50_000,
    int maxDurations = DurationSet.MaxKept
)
{
    /// <summary>Who ran instead when the CPU itself stood still or served interrupts.</summary>
    public const string NotTheGuest = "hypervisor or interrupts";

    private const int TicksThatCannotAllMiss = 3;
    private const int MostTimeOffCpu = 10; // a tenth
    private const int MaxPending = 4096;
    private readonly Dictionary<(int Tid, long Start), List<StackId>> _samples = [];
    private readonly Dictionary<(int Tid, long Start), (StackId Stack, string Name)> _wakers = [];
    private readonly Dictionary<(int Tid, long Start), (PollRecord Poll, int Look)> _open = [];
    private int _look;
    private readonly List<PollRecord> _polls = [];
    private readonly HashSet<TaskTypeId> _blockInPlaceTypes = [];
    private readonly Dictionary<int, PollRecord> _lastByThread = [];

    /// <summary>Hotspots of another aggregator, to be copied before they change.</summary>
    private readonly HashSet<RawKey> _shared = [];

    public long ThresholdNs => thresholdNs;

    /// <summary>Hears what is decided here; null when nobody does.</summary>
    public IPollListener? Listener
    {
        get;
        init
        {
            field = value;
            Waits.Listener = value;
        }
    }

    /// <summary>What tasks waited behind.</summary>
    public WaitBlame Waits { get; } =
        new(
            thresholdNs,
            // of a poll that only waited for a CPU, the type is all that it means
            key =>
                attributor
                    .Attribute(key.Stack, key.Cause, key.Syscall, key.Type.ToString() ?? "", exact: false)
                    .Identity
        );

    public Dictionary<RawKey, RawHotspot> Hotspots { get; } = [];

    public IReadOnlyList<PollRecord> Polls => _polls;

    /// <summary>
    /// Where there are too many polls to be kept one by one the latest are kept and not the first: for a run that goes on for days. The sums are those of
    /// all.
    /// </summary>
    public bool KeepsLatest { get; init; }

    /// <summary>When the last poll ended that was not kept for the sake of later ones.</summary>
    public long ForgottenUntilNs { get; private set; } = long.MinValue;

    public long PollsCut { get; private set; }

    public long PollsWithoutStack { get; private set; }

    /// <summary>Slow polls left out because their worker had handed its queue over (block_in_place).</summary>
    public long BlockInPlace { get; private set; }

    public long SlowPolls { get; private set; }

    public long WorstNs { get; private set; }

    public long OnCpuNs { get; private set; }

    public long BlockedNs { get; private set; }

    public long RunQueueNs { get; private set; }

    public long ThrottledNs { get; private set; }

    /// <summary>Slow polls recorded one by one, by type: compared with the kernel's count they show what the token bucket left out.</summary>
    public Dictionary<TaskTypeId, long> RecordedByType { get; } = [];

    /// <summary>An on-CPU sample of a poll that is already slow and not over.</summary>
    public void AddSample(int tid, long pollStartNs, StackId stack)
    {
        if (stack.IsNone)
            return;
        if (!_samples.TryGetValue((tid, pollStartNs), out var list))
        {
            if (_samples.Count >= MaxPending)
                _samples.Clear(); // polls whose end was lost
            _samples[(tid, pollStartNs)] = list = [];
        }

        if (list.Count < 256)
            list.Add(stack);
    }

    /// <summary>Who ended a long futex wait: it comes before the record of the poll that waited.</summary>
    public void AddWaker(int tid, long blockStartNs, StackId stack, string name)
    {
        if (_wakers.Count >= MaxPending)
            _wakers.Clear();
        _wakers[(tid, blockStartNs)] = (stack, name);
    }

    /// <summary>
    /// The second stack of a poll whose record is already in: its part was counted without a stack and is moved to this one, or
    /// taken back when it shows that the worker had handed its queue over.
    /// </summary>
    public void AddSecondaryStack(int tid, long pollStartNs, bool asleep, StackId stack)
    {
        if (stack.IsNone || !_lastByThread.TryGetValue(tid, out var poll) || poll.StartNs != pollStartNs)
            return;
        var cause = asleep ? HotspotCause.BlockingCall : HotspotCause.OnCpu;
        long ns = asleep ? poll.Split.BlockedNs : poll.Split.OnCpuNs;
        var bare = KeyOf(poll, cause);
        if (!bare.Stack.IsNone || !Hotspots.TryGetValue(bare, out var raw) || !raw.Durations.Take(ns, poll.Weight))
            return;
        if (raw.Durations.Count == 0)
            Hotspots.Remove(bare);
        if (!asleep)
            PollsWithoutStack -= poll.Weight;
        if (poll.GoesByNames && attributor.InBlockInPlace(stack))
        {
            TakeBack(poll, asleep, ns);
            return;
        }

        poll = asleep
            ? poll with
            {
                BlockStack = stack,
                HolderStack = TakeHolder(poll),
            }
            : poll with
            {
                CpuStack = stack,
            };
        Add(KeyOf(poll, cause), ns, poll.Weight);
        _lastByThread[tid] = poll;
        Waits.Replace(poll);
        Listener?.Replace(poll);
        if (
            _polls.Count > 0
            && _polls.FindLastIndex(p => p.Tid == tid) is >= 0 and var at
            && _polls[at].StartNs == pollStartNs
        )
            _polls[at] = poll;
    }

    /// <summary>The poll itself stays: its other part was worth a record.</summary>
    private void TakeBack(in PollRecord poll, bool asleep, long ns)
    {
        _blockInPlaceTypes.Add(poll.Type);
        if (asleep)
            BlockedNs -= ns * poll.Weight;
        else
            OnCpuNs -= ns * poll.Weight;
        var split = asleep ? poll.Split with { BlockedNs = 0 } : poll.Split with { OnCpuNs = 0 };
        split = split with { WallNs = split.OnCpuNs + split.BlockedNs + split.RunQueueNs };
        Listener?.Replace(poll with { Split = split, HandedOver = split.WallNs <= thresholdNs });
    }

    /// <summary>The raw hotspot that a poll's part is counted under.</summary>
    public static RawKey KeyOf(in PollRecord poll, HotspotCause cause) =>
        cause switch
        {
            HotspotCause.OnCpu => new RawKey(poll.Target, cause, poll.Type, poll.CpuStack, StackId.None, ""),
            HotspotCause.BlockingCall => new RawKey(
                poll.Target,
                cause,
                poll.Type,
                poll.BlockStack,
                poll.HolderStack,
                poll.Syscall
            ),
            _ => new RawKey(poll.Target, cause, poll.Type, poll.QueueStack, StackId.None, ""),
        };

    private StackId TakeHolder(in PollRecord poll) =>
        _wakers.Remove((poll.Tid, poll.BlockStartNs), out var waker) ? waker.Stack : StackId.None;

    /// <summary>A poll that has not returned: kept apart, as its end brings the full record.</summary>
    public void SetOpen(in PollRecord poll) => _open[(poll.Tid, poll.StartNs)] = (poll, _look);

    /// <summary>From here on the BPF programs report all polls that are open.</summary>
    public void NextLook() => _look++;

    /// <summary>
    /// An open poll that is no longer reported has ended without a record. Where the process itself has ended, its polls never
    /// returned: they count as far as they were seen.
    /// </summary>
    public void ForgetUnseen(Func<TargetId, bool> isAlive)
    {
        ArgumentNullException.ThrowIfNull(isAlive);
        foreach (var (key, (poll, look)) in _open)
        {
            if (look != _look && isAlive(poll.Target))
            {
                _open.Remove(key);
                Waits.Forget(key.Tid, key.Start);
            }
        }
    }

    public IEnumerable<PollRecord> OpenPolls => _open.Values.Select(o => o.Poll);

    /// <summary>What the report would be if the run ended now; this aggregator stays as it is.</summary>
    public PollAggregator WithOpen()
    {
        if (_open.Count == 0)
            return this;
        var copy = new PollAggregator(attributor, thresholdNs, maxPolls, clockPeriodNs)
        {
            KeepsLatest = KeepsLatest,
            ForgottenUntilNs = ForgottenUntilNs,
            PollsCut = PollsCut,
            PollsWithoutStack = PollsWithoutStack,
            BlockInPlace = BlockInPlace,
            SlowPolls = SlowPolls,
            WorstNs = WorstNs,
            OnCpuNs = OnCpuNs,
            BlockedNs = BlockedNs,
            RunQueueNs = RunQueueNs,
            ThrottledNs = ThrottledNs,
        };
        foreach (var (key, raw) in Hotspots)
            copy.Hotspots[key] = raw;
        copy._shared.UnionWith(Hotspots.Keys);
        copy._polls.AddRange(_polls);
        copy._blockInPlaceTypes.UnionWith(_blockInPlaceTypes);
        foreach (var (type, count) in RecordedByType)
            copy.RecordedByType[type] = count;
        foreach (var (key, list) in _samples)
            copy._samples[key] = list;
        foreach (var (key, waker) in _wakers)
            copy._wakers[key] = waker;
        foreach (var (key, poll) in _open)
            copy._open[key] = poll;
        Waits.CopyTo(copy.Waits);
        copy.CloseOpen();
        return copy;
    }

    /// <summary>At the end of the run what is still open counts as far as it went.</summary>
    public void CloseOpen()
    {
        foreach (var poll in OpenPolls.OrderBy(p => p.StartNs).ToList())
            AddPoll(poll);
        _open.Clear();
    }

    /// <summary>The same of a process that has ended, when another one has its row.</summary>
    public void CloseOpen(TargetId target)
    {
        foreach (var poll in OpenPolls.Where(p => p.Target == target).OrderBy(p => p.StartNs).ToList())
            AddPoll(poll);
    }

    public void AddPoll(in PollRecord seen)
    {
        _open.Remove((seen.Tid, seen.StartNs));
        _samples.Remove((seen.Tid, seen.StartNs), out var samples);
        var poll = Decide(seen, samples);
        if (poll.HandedOver)
        {
            _blockInPlaceTypes.Add(poll.Type);
            Waits.Forget(poll.Tid, poll.StartNs);
        }
        else
        {
            // without a stack of its own the waker waits for the record that brings it
            poll = poll with
            {
                HolderStack = poll.BlockStack.IsNone ? StackId.None : TakeHolder(poll),
            };
            if (_lastByThread.Count >= MaxPending)
                _lastByThread.Clear(); // threads that have ended
            _lastByThread[poll.Tid] = poll;
            Waits.AddPoll(poll);
        }

        AddDecided(poll);
        Listener?.Add(poll);
    }

    /// <summary>What would be recorded of the polls that are open if they ended now.</summary>
    public IEnumerable<PollRecord> OpenDecided()
    {
        foreach (var (key, (open, _)) in _open)
        {
            var poll = Decide(open, _samples.GetValueOrDefault(key));
            yield return poll.BlockStack.IsNone
                ? poll
                : poll with
                {
                    HolderStack = _wakers.GetValueOrDefault((poll.Tid, poll.BlockStartNs)).Stack,
                };
        }
    }

    /// <summary>Whether it is a slow poll, and what its time went into.</summary>
    /// <param name="samples">Where the clock met it; null for nowhere.</param>
    private PollRecord Decide(in PollRecord seen, List<StackId>? samples)
    {
        var cpuStacks = samples ?? (seen.CpuStack.IsNone ? [] : [seen.CpuStack]);
        var poll = cpuStacks.Count == 0 && !seen.Ticked && TicksCannotHaveMissed(seen.Split) ? Stolen(seen) : seen;
        if (
            poll.GoesByNames
            && (
                attributor.InBlockInPlace(poll.BlockStack)
                || attributor.InBlockInPlace(poll.QueueStack)
                || cpuStacks.Exists(attributor.InBlockInPlace)
                || (poll.BlockStack.IsNone && cpuStacks.Count == 0 && _blockInPlaceTypes.Contains(poll.Type))
            )
        )
            return poll with { HandedOver = true };
        return poll with { CpuStack = MostExpensiveCpuStack(cpuStacks) };
    }

    /// <summary>Counts a poll that another aggregator has decided on.</summary>
    public void AddDecided(in PollRecord poll)
    {
        if (poll.HandedOver)
        {
            BlockInPlace += poll.Weight;
            return;
        }

        SlowPolls += poll.Weight;
        RecordedByType[poll.Type] = RecordedByType.GetValueOrDefault(poll.Type) + poll.Weight;
        WorstNs = Math.Max(WorstNs, poll.Split.WallNs);
        if (KeepsLatest && _polls.Count >= maxPolls)
            ForgetEarlier();
        if (_polls.Count < maxPolls)
            _polls.Add(poll);
        else
            PollsCut++;
        foreach (var (cause, ns) in poll.Split.Parts(thresholdNs))
            AddPart(poll, cause, ns);
    }

    /// <summary>Half of them. What the kernel's totals lack stays as long as it can: it is added to them poll by poll.</summary>
    private void ForgetEarlier()
    {
        int wanted = Math.Max(1, maxPolls / 2),
            forgotten = 0;
        _polls.RemoveAll(poll => !poll.IsUncounted && forgotten < wanted && Forget(poll));
        if (forgotten < wanted)
            _polls.RemoveAll(poll => forgotten < wanted && Forget(poll));

        bool Forget(in PollRecord poll)
        {
            forgotten++;
            ForgottenUntilNs = Math.Max(ForgottenUntilNs, poll.EndNs);
            return true;
        }
    }

    /// <summary>
    /// Of a poll that had the CPU nearly all the time. One that computed for 30 ms in slices of 3 ms between those of others was
    /// met by none of the dozen ticks that came meanwhile.
    /// </summary>
    private bool TicksCannotHaveMissed(in PollSplit split) =>
        clockPeriodNs > 0
        && split.OnCpuNs > TicksThatCannotAllMiss * clockPeriodNs
        && (split.WallNs - split.OnCpuNs) * MostTimeOffCpu < split.OnCpuNs;

    /// <summary>
    /// On a CPU for several ticks of the clock, and no tick found it there: the virtual CPU was not running (steal), or it
    /// served interrupts. That is waiting, not computing.
    /// </summary>
    private static PollRecord Stolen(in PollRecord poll) =>
        poll with
        {
            Split = poll.Split with { OnCpuNs = 0, RunQueueNs = poll.Split.RunQueueNs + poll.Split.OnCpuNs },
            PreemptedBy = NotTheGuest,
            PreemptedByPid = 0,
            PreemptedByNs = poll.Split.OnCpuNs,
            WorstQueueNs = poll.Split.OnCpuNs,
        };

    private void AddPart(in PollRecord poll, HotspotCause cause, long ns)
    {
        var raw = Add(KeyOf(poll, cause), ns, poll.Weight);
        raw.Before += poll.Before ? poll.Weight : 0;
        raw.NotReturned += poll.Open ? poll.Weight : 0;
        switch (cause)
        {
            case HotspotCause.OnCpu:
                OnCpuNs += ns * poll.Weight;
                if (poll.CpuStack.IsNone)
                    PollsWithoutStack += poll.Weight;
                break;
            case HotspotCause.BlockingCall:
                BlockedNs += ns * poll.Weight;
                break;
            case HotspotCause.Throttled:
                ThrottledNs += ns * poll.Weight;
                break;
            default:
                RunQueueNs += ns * poll.Weight;
                if (
                    poll.PreemptedBy.Length > 0
                    && poll.PreemptedByNs > 0
                    && raw.Culprits.Count < RawHotspot.MaxCulprits
                )
                {
                    var who = (poll.PreemptedBy, poll.PreemptedByPid);
                    raw.Culprits[who] = raw.Culprits.GetValueOrDefault(who) + poll.PreemptedByNs;
                }

                break;
        }
    }

    /// <summary>A poll counts once, with the stack that most of its samples share; ties go to the earlier one: the last may be what follows the work.</summary>
    private StackId MostExpensiveCpuStack(List<StackId> cpuStacks)
    {
        var stack = StackId.None;
        int most = 0;
        foreach (
            var group in cpuStacks.GroupBy(s =>
                attributor.Attribute(s, HotspotCause.OnCpu, "", "", exact: false).Identity
            )
        )
        {
            int count = group.Count();
            if (count > most)
                (stack, most) = (group.Last(), count);
        }

        return stack;
    }

    private RawHotspot Add(RawKey key, long ns, int weight)
    {
        if (!Hotspots.TryGetValue(key, out var raw))
        {
            if (Hotspots.Count >= maxHotspots)
                key = WithoutStacks(key);
            if (!Hotspots.TryGetValue(key, out raw))
                Hotspots[key] = raw = new RawHotspot(maxDurations);
        }

        if (_shared.Remove(key))
            Hotspots[key] = raw = raw.Copy();

        raw.Durations.Add(ns, weight);
        return raw;
    }

    internal static RawKey WithoutStacks(in RawKey key) => key with { Stack = StackId.None, Holder = StackId.None };
}
