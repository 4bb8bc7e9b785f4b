using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>
/// What threads do outside of the polls that are timed: in a poll that began before the probes were there, in the future of
/// <c>block_on</c>, in hooks and drivers' callbacks. The BPF programs report the time, and the stack says which of these it was.
/// </summary>
internal sealed class OutsidePolls(
    IReadOnlyList<TargetProcess> targets,
    StackStore stacks,
    StackAttributor attributor,
    TaskTypeResolver types,
    long thresholdNs
)
{
    private const int MaxStrangers = 100_000;

    /// <summary>A tick may come where a stack can't be walked well, so it takes several to settle what a thread is.</summary>
    private const int StrangerAfter = 3;

    private readonly record struct Sleep(int Tid, ulong OffAtNs);

    private readonly Dictionary<Sleep, StackId> _asleep = [];
    private readonly Dictionary<int, (ulong StartNs, StackId Stack)> _sampled = [];
    private readonly Dictionary<(TargetId Target, int Tid), ThreadActivity> _threads = [];
    private readonly Dictionary<(TargetId Target, int Tid), int> _strange = [];
    private readonly HashSet<(TargetId Target, int Tid)> _inPollBefore = [];
    private readonly Dictionary<(TargetId Target, int Tid), WorkerFacts> _parked = [];

    /// <summary>Sets what a thread is for the BPF programs.</summary>
    public Func<uint, ThreadRole, bool>? SetRole { get; set; }

    /// <summary>Sets for the BPF programs what a futex is waited on for.</summary>
    public Action<uint, ulong, FutexUse>? LearnFutex { get; set; }

    /// <summary>When the first look at the targets' threads was over: what had begun by then had begun before the run.</summary>
    public ulong FirstLookNs { get; set; } = ulong.MaxValue;

    /// <summary>Workers that were seen asleep and waiting for work.</summary>
    public IEnumerable<WorkerFacts> Parked => _parked.Values;

    /// <summary>Threads whose stack says nothing.</summary>
    public IEnumerable<(TargetId Target, int Tid)> Unclear =>
        _threads.Where(t => t.Value == ThreadActivity.Unknown).Select(t => t.Key);

    public IEnumerable<StackId> StacksInUse() => _asleep.Values.Concat(_sampled.Values.Select(s => s.Stack));

    /// <summary>Another process has this row: its threads may have the numbers of those before.</summary>
    public void Forget(TargetId row)
    {
        var tids = _threads.Keys.Concat(_strange.Keys).Concat(_parked.Keys).Where(k => k.Target == row).ToHashSet();
        foreach (var thread in tids)
        {
            _threads.Remove(thread);
            _strange.Remove(thread);
            _parked.Remove(thread);
            _inPollBefore.Remove(thread);
            _sampled.Remove(thread.Tid);
        }

        foreach (var sleep in _asleep.Keys.Where(s => tids.Contains((row, s.Tid))).ToList())
            _asleep.Remove(sleep);
    }

    public bool IsKnown(in SleeperRecord sleeper) =>
        _asleep.ContainsKey(new Sleep((int)sleeper.NsTid, sleeper.OffAtNs));

    /// <summary>The stack of a thread that slept all the while, as the agent read it; none when it could not be.</summary>
    /// <param name="words">The stack's own words, as far as it was read.</param>
    public void AddSleeper(in SleeperRecord sleeper, StackId stack, IReadOnlyList<ulong> words)
    {
        _asleep[new Sleep((int)sleeper.NsTid, sleeper.OffAtNs)] = stack;
        var target = targets[(int)sleeper.Target];
        string syscall = Name(sleeper.Syscall);
        var activity = ActivityOf(target.Id, stack, syscall);
        Learn(target, sleeper.Tid, (int)sleeper.NsTid, activity, syscall, sleeper.SyscallArg);
        if (activity == ThreadActivity.Parked)
            _parked[(target.Id, (int)sleeper.NsTid)] = new WorkerFacts
            {
                Target = target.Id,
                Tid = (int)sleeper.NsTid,
                Name = ProcFs.ThreadName(target.Pid, (int)sleeper.NsTid),
                Histogram = new long[Abi.HistogramSlots],
                Idle = true,
                StackWords = words,
                Alone = ThreadActivities.IsAlone(attributor.Frames(stack, exact: false)),
            };
    }

    /// <summary>A sample says what its thread is, long before the stretch is over.</summary>
    /// <returns>The stack, as far as the poll where there is one.</returns>
    public StackId AddSample(in HudEvent sample, StackId stack)
    {
        var target = targets[(int)sample.Target];
        var activity = ActivityOf(target.Id, stack, "", Polls(sample));
        Learn(target, sample.Tid, (int)sample.NsTid, activity, "", 0);
        if (activity is ThreadActivity.InPoll or ThreadActivity.OutsidePolls)
            _sampled[(int)sample.NsTid] = (sample.StartNs, stack);
        return activity == ThreadActivity.InPoll ? ToPoll(target, stack) : stack;
    }

    private StackId ToPoll(TargetProcess target, StackId stack) =>
        types.FindPoll(target.Id, stack) is { Frame: >= 0 } poll ? stacks.Cut(stack, poll.Frame) : stack;

    /// <summary>The record of a stretch as the slow poll that it was, or nothing when no worker lost time in it.</summary>
    /// <param name="fact">As it came, with the stack in its place.</param>
    public PollRecord? Judge(in HudEvent header, PollRecord fact)
    {
        var target = targets[(int)header.Target];
        if (
            fact.BlockStack.IsNone
            && fact.CpuStack.IsNone
            && header.WorstBlockNs > 0
            && _asleep.TryGetValue(new Sleep((int)header.NsTid, header.BlockStartNs), out var read)
        )
            fact = fact with { BlockStack = read };
        // what the clock saw of it, or else where it was when it had to leave the CPU
        if (
            fact.BlockStack.IsNone
            && fact.CpuStack.IsNone
            && _sampled.TryGetValue((int)header.NsTid, out var sampled)
            && sampled.StartNs == header.StartNs
        )
            fact = fact with { CpuStack = sampled.Stack };
        if (fact.BlockStack.IsNone && fact.CpuStack.IsNone)
            fact = fact with { CpuStack = fact.QueueStack };
        var stack = fact.BlockStack.IsNone ? fact.CpuStack : fact.BlockStack;
        string syscall = fact.BlockStack.IsNone ? "" : fact.Syscall;
        var activity = ActivityOf(target.Id, stack, syscall, Polls(header));
        Learn(target, header.Tid, (int)header.NsTid, activity, syscall, header.SyscallArg);
        fact = fact with { Before = IsBefore(header) };
        if (activity == ThreadActivity.OutsidePolls)
        {
            // a futex is reported however short the wait, and a wait for a CPU alone is not code at work
            bool isSlow = fact.Split.OnCpuNs + fact.Split.BlockedNs > thresholdNs;
            return isSlow ? fact with { Outside = true, Type = target.Numbers.Outside } : null;
        }

        // a thread that was first looked at later is in a poll that was left out to keep the budget; of one that is followed all polls
        // are timed but the one that began before, and a wait on an unknown futex cut that in two
        var thread = (target.Id, (int)header.NsTid);
        bool isBefore = fact.Before || (Polls(header) && _inPollBefore.Contains(thread));
        if (
            activity != ThreadActivity.InPoll
            || !isBefore
            || fact.Split.OnCpuNs + fact.Split.BlockedNs + fact.Split.RunQueueNs <= thresholdNs
        )
            return null;
        _inPollBefore.Add(thread);
        fact = fact with { Before = true };
        var type = types.OrFirst(target.Id, types.Find(target.Id, stack, attributor.Frames(stack, exact: false)));
        return fact.BlockStack.IsNone
            ? fact with
            {
                Type = type,
                CpuStack = ToPoll(target, stack),
            }
            : fact with
            {
                Type = type,
                BlockStack = ToPoll(target, stack),
            };
    }

    /// <summary>The first stretch that is known of a thread, and the run had not begun.</summary>
    private bool IsBefore(in HudEvent header) =>
        (header.Flags & EventFlags.Before) != EventFlags.None
        && header.StartNs <= Math.Max(FirstLookNs, targets[(int)header.Target].FirstLookNs);

    /// <summary>Only of threads that poll tasks do the BPF programs follow a second stretch.</summary>
    private static bool Polls(in HudEvent header) => (header.Flags & EventFlags.Before) == EventFlags.None;

    private ThreadActivity ActivityOf(TargetId target, StackId stack, string syscall, bool polls = false)
    {
        if (stack.IsNone)
            return ThreadActivity.Unknown;
        return ThreadActivities.Of(
            attributor.Frames(stack, exact: false),
            !types.FindPoll(target, stack).Type.IsNone,
            syscall,
            stacks[stack] is { Stop: StopReason.EndOfStack, Quality: var quality }
                && (quality & (UnwindQuality.FramePointer | UnwindQuality.Scan)) == UnwindQuality.None,
            polls
        );
    }

    private void Learn(
        TargetProcess target,
        uint tid,
        int nsTid,
        ThreadActivity activity,
        string syscall,
        ulong syscallArg
    )
    {
        if (
            activity is ThreadActivity.Parked or ThreadActivity.OutsidePolls or ThreadActivity.InPoll
            && syscall.StartsWith("futex", StringComparison.Ordinal)
        )
            LearnFutex?.Invoke(
                target.Tgid,
                syscallArg,
                activity == ThreadActivity.Parked ? FutexUse.Park : FutexUse.Other
            );
        bool known = _threads.TryGetValue((target.Id, nsTid), out var before);
        if (activity == ThreadActivity.Elsewhere)
        {
            if (known && before is not (ThreadActivity.Unknown or ThreadActivity.Elsewhere))
                return;
            // in a syscall a stack is walked from a call, and well
            if (
                syscall.Length == 0
                && ++CollectionsMarshal.GetValueRefOrAddDefault(_strange, (target.Id, nsTid), out _) < StrangerAfter
            )
                activity = ThreadActivity.Unknown;
        }

        var role = activity switch
        {
            ThreadActivity.Unknown => ThreadRole.Unknown,
            ThreadActivity.Elsewhere => ThreadRole.Stranger,
            _ => ThreadRole.Worker,
        };
        if (role == ThreadRole.Unknown && known)
            return;
        if (_threads.Count < MaxStrangers || known)
            _threads[(target.Id, nsTid)] = activity;
        if (role != ThreadRole.Unknown && (!known || before != activity || role == ThreadRole.Stranger))
            SetRole?.Invoke(tid, role);
    }

    internal static string Name(int syscall) =>
        syscall < 0 ? "" : SyscallNames.Name(TargetInspector.NativeMachine, syscall);
}
