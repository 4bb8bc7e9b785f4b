using System.Runtime.InteropServices;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>A task that waited for a worker for longer than the threshold. Times are CLOCK_MONOTONIC ns.</summary>
public readonly record struct LongWait
{
    public TargetId Target { get; init; }
    public TaskTypeId Type { get; init; }

    /// <summary>The thread that polled it in the end.</summary>
    public int Tid { get; init; }

    /// <summary>Handle of its scheduler, 0 where it is not known.</summary>
    public ulong Runtime { get; init; }

    public long WakeNs { get; init; }
    public long PollNs { get; init; }

    /// <summary>The thread that polled it had also woken it.</summary>
    public bool OwnQueue { get; init; }

    /// <summary>How many waits it stands for.</summary>
    public int Weight { get; init; }
}

/// <summary>Waits, and their time.</summary>
public readonly record struct WaitSum(long Count, long Ns)
{
    public WaitSum Plus(long count, long ns) => new(Count + count, Ns + ns);
}

/// <summary>
/// What long waits were behind, by the raw hotspots of the slow polls that ran meanwhile. A slow poll is known when it is over, so waits are kept until
/// every poll of their time has either been recorded or is known to be open. Bounded everywhere; what finds no room is counted.
/// </summary>
/// <param name="identify">What a raw hotspot means: a wait behind several of one meaning counts once.</param>
public sealed partial class WaitBlame(long thresholdNs, Func<RawKey, HotspotIdentity> identify)
{
    private const int MaxPolls = 32_768;
    private const int MaxWaits = 65_536;
    private const int MaxSums = 20_000;
    private const int MaxThreads = 4096;

    /// <summary>Slow polls looked at in one go, over all waits: a second of work on a machine that has better things to do.</summary>
    private const int MaxSteps = 4_000_000;

    private sealed class Suspect
    {
        public required PollRecord Poll { get; set; }
        public required long EndNs { get; init; }
        public long StartNs => Poll.StartNs;
    }

    private readonly Queue<Suspect> _polls = [];
    private readonly Queue<LongWait> _waits = [];
    private readonly Dictionary<int, Suspect> _lastByThread = [];
    private readonly Dictionary<TaskTypeId, WaitSum> _all = [];
    private readonly Dictionary<(TaskTypeId Waiting, RawKey Behind), WaitSum> _behind = [];

    /// <summary>Of polls that are open: which hotspot they are is known when they are over.</summary>
    private readonly Dictionary<(int Tid, long Start), Dictionary<TaskTypeId, WaitSum>> _behindOpen = [];
    private readonly List<(Suspect Poll, Dictionary<TaskTypeId, WaitSum> Behind)> _closed = [];
    private int _steps;

    /// <summary>Hears what is decided here; null when nobody does.</summary>
    public IPollListener? Listener { get; internal set; }

    /// <summary>Long waits that are in no sum.</summary>
    public long Cut { get; private set; }

    /// <summary>No wait is to be decided on.</summary>
    public bool IsSettled => _waits.Count == 0;

    /// <summary>All long waits by task type.</summary>
    public IReadOnlyDictionary<TaskTypeId, WaitSum> All => _all;

    /// <summary>By the type that waited and what it waited behind. A wait behind several counts for each of them.</summary>
    public IReadOnlyDictionary<(TaskTypeId Waiting, RawKey Behind), WaitSum> Behind
    {
        get
        {
            AddClosed();
            return _behind;
        }
    }

    public void Add(in LongWait wait)
    {
        if (_waits.Count < MaxWaits)
            _waits.Enqueue(wait);
        else
            LeaveOut(wait.Weight);
    }

    private void LeaveOut(long waits)
    {
        Cut += waits;
        Listener?.AddCut(waits);
    }

    /// <summary>A slow poll is over.</summary>
    public void AddPoll(in PollRecord poll)
    {
        var suspect = new Suspect { Poll = poll, EndNs = poll.StartNs + poll.Split.WallNs };
        if (_polls.Count >= MaxPolls)
            _polls.Dequeue();
        _polls.Enqueue(suspect);
        if (_lastByThread.Count >= MaxThreads)
            _lastByThread.Clear(); // threads that have ended
        _lastByThread[poll.Tid] = suspect;
        if (_behindOpen.Remove((poll.Tid, poll.StartNs), out var behind))
            _closed.Add((suspect, behind));
    }

    /// <summary>More is known of the last poll of a thread.</summary>
    public void Replace(in PollRecord poll)
    {
        if (_lastByThread.TryGetValue(poll.Tid, out var last) && last.StartNs == poll.StartNs)
            last.Poll = poll;
    }

    /// <summary>A poll that was open, and is no slow poll.</summary>
    public void Forget(int tid, long startNs) => _behindOpen.Remove((tid, startNs));

    /// <summary>Decides on the waits that were over by then.</summary>
    /// <param name="beforeNs">Slow polls that began before this are over and recorded, or among the open ones.</param>
    public void Settle(long beforeNs, Runtimes runtimes, IEnumerable<PollRecord> open)
    {
        ArgumentNullException.ThrowIfNull(runtimes);
        ArgumentNullException.ThrowIfNull(open);
        AddClosed();
        var due = new List<LongWait>();
        while (_waits.TryPeek(out var wait) && wait.PollNs <= beforeNs)
            due.Add(_waits.Dequeue());
        if (due.Count == 0)
            return;
        var lanes = Lanes(due.Min(w => w.WakeNs), runtimes, open);
        _steps = 0;
        foreach (var wait in due)
        {
            if (_steps > MaxSteps)
                LeaveOut(wait.Weight);
            else
                Decide(wait, runtimes, lanes);
        }
    }

    /// <summary>The sums so far, for a report before the end.</summary>
    public void CopyTo(WaitBlame copy)
    {
        ArgumentNullException.ThrowIfNull(copy);
        foreach (var (type, sum) in _all)
            copy._all[type] = sum;
        foreach (var (key, sum) in Behind)
            copy._behind[key] = sum;
        CopyOpenTo(copy);
        copy.Cut = Cut;
    }

    /// <summary>What was decided of waits behind polls that are open.</summary>
    public void CopyOpenTo(WaitBlame copy)
    {
        ArgumentNullException.ThrowIfNull(copy);
        foreach (var (poll, behind) in _behindOpen)
            copy._behindOpen[poll] = behind;
    }

    /// <summary>Slow polls that were not over before, by runtime and thread. Those of one thread follow one another.</summary>
    private Dictionary<(TargetId, int Runtime), List<List<Suspect>>> Lanes(
        long afterNs,
        Runtimes runtimes,
        IEnumerable<PollRecord> open
    )
    {
        var lanes = new Dictionary<(TargetId, int Runtime), List<List<Suspect>>>();
        foreach (
            var lane in _polls
                .Where(p => p.EndNs > afterNs)
                .Concat(open.Select(p => new Suspect { Poll = p, EndNs = long.MaxValue }))
                .GroupBy(p => (p.Poll.Target, p.Poll.Tid))
        )
        {
            if (runtimes.Find(lane.Key.Target, lane.Key.Tid, lane.First().Poll.Runtime) is not { } runtime)
                continue;
            ref var ofRuntime = ref CollectionsMarshal.GetValueRefOrAddDefault(
                lanes,
                (lane.Key.Target, runtime),
                out _
            );
            (ofRuntime ??= []).Add([.. lane.OrderBy(p => p.EndNs)]);
        }

        return lanes;
    }

    private void Decide(
        in LongWait wait,
        Runtimes runtimes,
        Dictionary<(TargetId, int Runtime), List<List<Suspect>>> lanes
    )
    {
        int weight = wait.Weight;
        long ns = (wait.PollNs - wait.WakeNs) * weight;
        Add(_all, wait.Type, weight, ns);
        Listener?.AddWait(wait.Type, new WaitSum(weight, ns));
        if (
            runtimes.Find(wait.Target, wait.Tid, wait.Runtime) is not { } runtime
            || !lanes.TryGetValue((wait.Target, runtime), out var ofRuntime)
        )
            return;
        var during = new List<Suspect>();
        foreach (var lane in ofRuntime)
        {
            for (int i = FirstAfter(lane, wait.WakeNs); i < lane.Count && lane[i].StartNs < wait.PollNs; i++)
                during.Add(lane[i]);
        }

        _steps += ofRuntime.Count + during.Count;
        long[] shares = WaitShares.Of(
            wait.WakeNs,
            wait.PollNs,
            [.. during.Select(p => new SlowSpan(p.Poll.Tid, p.StartNs, p.EndNs))],
            wait.OwnQueue ? wait.Tid : null
        );
        var counted = new HashSet<HotspotIdentity>();
        for (int i = 0; i < shares.Length; i++)
        {
            if (shares[i] > 0)
                Blame(during[i], wait.Type, weight, shares[i] * weight, counted);
        }
    }

    private void Blame(Suspect poll, TaskTypeId waiting, int weight, long ns, HashSet<HotspotIdentity> counted)
    {
        if (poll.EndNs < long.MaxValue)
        {
            AddParts(poll.Poll, waiting, ns, key => counted.Add(identify(key)) ? weight : 0);
            return;
        }

        ref var behind = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _behindOpen,
            (poll.Poll.Tid, poll.StartNs),
            out _
        );
        Add(behind ??= [], waiting, weight, ns);
    }

    internal void AddClosed()
    {
        foreach (var (poll, behind) in _closed)
        {
            foreach (var (waiting, sum) in behind)
                AddParts(poll.Poll, waiting, sum.Ns, _ => sum.Count);
        }

        _closed.Clear();
    }

    /// <summary>A poll is counted for several causes where each cost more than the threshold: those who waited, waited for each in proportion.</summary>
    private void AddParts(in PollRecord poll, TaskTypeId waiting, long ns, Func<RawKey, long> count)
    {
        var parts = poll.Split.Parts(thresholdNs);
        double all = Math.Max(1, parts.Sum(p => (double)p.Ns));
        foreach (var (cause, part) in parts)
        {
            var key = (Waiting: waiting, Behind: PollAggregator.KeyOf(poll, cause));
            var sum = new WaitSum(count(key.Behind), (long)Math.Round(ns * (part / all)));
            if (_behind.ContainsKey(key) || _behind.Count < MaxSums)
                Add(_behind, key, sum.Count, sum.Ns);
            Listener?.AddBehind(waiting, key.Behind, sum);
        }
    }

    private static int FirstAfter(List<Suspect> lane, long ns)
    {
        int low = 0,
            high = lane.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (lane[middle].EndNs > ns)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private static void Add<T>(Dictionary<T, WaitSum> sums, T key, long count, long ns)
        where T : notnull => sums[key] = sums.GetValueOrDefault(key).Plus(count, ns);
}
