using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>Records from the ring buffer: decoded, unwound, and handed to the aggregator.</summary>
internal sealed class EventSink
{
    private readonly EventDecoder _decoder = new();
    private readonly IReadOnlyList<TargetProcess> _targets;
    private readonly StackStore _stacks;
    private readonly StackAttributor _attributor;
    private readonly PollAggregator _aggregator;
    private readonly TaskTypeResolver _types;

    public EventSink(
        IReadOnlyList<TargetProcess> targets,
        StackStore stacks,
        StackAttributor attributor,
        PollAggregator aggregator
    )
    {
        (_targets, _stacks, _attributor, _aggregator) = (targets, stacks, attributor, aggregator);
        _types = new TaskTypeResolver(stacks, targets);
        Ticks = new SampleRunCoalescer(attributor, aggregator, _types);
        Outside = new OutsidePolls(targets, stacks, attributor, _types, aggregator.ThresholdNs);
    }

    /// <summary>Stacks that later events may ask for.</summary>
    public IEnumerable<StackId> StacksInUse() => Outside.StacksInUse().Concat(Ticks.StacksInUse());

    /// <summary>What was remembered of stacks that are kept no longer.</summary>
    public void ForgetGoneStacks() => _types.ForgetGone();

    public UnwindStatistics Unwinding { get; } = new();

    public SampleRunCoalescer Ticks { get; }

    public OutsidePolls Outside { get; }

    public long DecodeErrors => _decoder.Errors;

    public PollWeights Weights { get; } = new();

    /// <summary>Futexes found to be parks while poll probes are off; the BPF programs skip them from now on.</summary>
    public Action<uint, ulong, FutexUse>? LearnFutex { get; set; }

    /// <summary>Threads of a target came, went or changed their name.</summary>
    public Action<HudEvent>? Lifecycle { get; set; }

    /// <summary>Says of a record whether its thread counts; null when all do.</summary>
    public Func<HudEvent, bool>? Counts { get; set; }

    /// <summary>Says of a thread whether it counts; null when all do.</summary>
    public Func<TargetId, int, bool>? IsWorker { get; set; }

    /// <summary>What may be said of who had the CPU; null when all may.</summary>
    public Neighbours? Neighbours { get; set; }

    public void Accept(ReadOnlySpan<byte> record)
    {
        if (EventDecoder.IsWait(record))
        {
            AcceptWait(record);
            return;
        }

        if (!_decoder.TryDecode(record, out var header, out var slice) || _targets.RowOf(header.Target) is not { } row)
            return;
        header.Target = (uint)row;
        if (Counts is not null && header.Kind != EventKind.Lifecycle && !Counts(header))
            return;
        switch (header.Kind)
        {
            case EventKind.Poll:
                AcceptPoll(header, Unwind(header, slice));
                break;
            case EventKind.SecondaryStack:
                _aggregator.AddSecondaryStack(
                    (int)header.NsTid,
                    (long)header.StartNs,
                    Has(header, EventFlags.StackBlock),
                    Unwind(header, slice)
                );
                break;
            case EventKind.Sample:
                var sample = Unwind(header, slice);
                if (header.Type == Abi.Outside)
                    sample = Outside.AddSample(header, sample);
                _aggregator.AddSample((int)header.NsTid, (long)header.StartNs, sample);
                break;
            case EventKind.Waker:
                _aggregator.AddWaker(
                    (int)header.NsTid,
                    (long)header.BlockStartNs,
                    Unwind(header, slice),
                    EventDecoder.Comm(header.ByComm)
                );
                break;
            case EventKind.OffCpu:
                AcceptSleep(header, Unwind(header, slice));
                break;
            case EventKind.OnCpu:
                Ticks.Add(header, Unwind(header, slice));
                break;
            case EventKind.Lifecycle:
                Lifecycle?.Invoke(header);
                break;
        }
    }

    private static bool Has(in HudEvent header, EventFlags flag) => (header.Flags & flag) != EventFlags.None;

    private void AcceptWait(ReadOnlySpan<byte> record)
    {
        if (!_decoder.TryDecodeWait(record, out var wait) || _targets.RowOf(wait.Target) is not { } row)
            return;
        var target = new TargetId(row);
        if (IsWorker is not null && !IsWorker(target, (int)wait.NsTid))
            return;
        _aggregator.Waits.Add(
            new LongWait
            {
                Target = target,
                Type = new TaskTypeId((int)wait.Type),
                Tid = (int)wait.NsTid,
                Runtime = wait.Runtime,
                WakeNs = (long)wait.WakeNs,
                PollNs = (long)wait.PollNs,
                OwnQueue = (wait.Flags & WaitFlags.OwnQueue) != WaitFlags.None,
                Weight = (int)wait.Weight,
            }
        );
    }

    private void AcceptPoll(in HudEvent header, StackId stack)
    {
        bool stolen = Has(header, EventFlags.Stolen);
        var (rival, rivalPid) = stolen ? (PollAggregator.NotTheGuest, 0) : Rival(header);
        var fact = Fact(header) with
        {
            Type = header.TaskType,
            Runtime = header.Runtime,
            TaskId = header.TaskId,
            BlockStack = Has(header, EventFlags.StackBlock) ? stack : StackId.None,
            CpuStack = Has(header, EventFlags.StackCpu) ? stack : StackId.None,
            // where it was preempted is not where the host took its CPU
            QueueStack = Has(header, EventFlags.StackPreempt) && !stolen ? stack : StackId.None,
            Ticked = Has(header, EventFlags.Ticked),
            WorstQueueNs = (long)header.WorstQueueNs,
            PreemptedBy = rival,
            PreemptedByPid = rivalPid,
            PreemptedByNs = (long)header.ByNs,
            Open = Has(header, EventFlags.Open),
            HandoversSeen = _targets[(int)header.Target].SeesHandovers,
            Weight = Weights.Of(header.TaskType),
        };
        if (header.Type == Abi.Outside)
        {
            if (Outside.Judge(header, fact) is not { } judged)
                return;
            fact = judged;
        }

        if (fact.Open)
            _aggregator.SetOpen(fact);
        else
            _aggregator.AddPoll(fact);
    }

    /// <summary>A sleep or a wait for a CPU seen without poll probes: it counts inside a poll only; else it was a park, or not a worker's.</summary>
    private void AcceptSleep(in HudEvent header, StackId stack)
    {
        if (stack.IsNone)
            return;
        var frames = _attributor.Frames(stack, exact: false);
        if (StackClassifier.IsIdleWorker(frames))
        {
            if (
                SyscallNames
                    .Name(TargetInspector.NativeMachine, header.Syscall)
                    .StartsWith("futex", StringComparison.Ordinal)
            )
                LearnFutex?.Invoke(header.Tgid, header.SyscallArg, FutexUse.Park);
            return;
        }

        if (StackClassifier.PollIndex(frames) < 0 || StackClassifier.OnBlockingPool(frames))
            return;
        bool preempted = Has(header, EventFlags.StackPreempt);
        var fact = Fact(header) with
        {
            Type = _types.OrFirst(header.TargetId, _types.Find(header.TargetId, stack, frames)),
        };
        if (preempted && fact.Syscall == "sched_yield")
        {
            // it gave the CPU away itself: the code goes in circles
            _aggregator.AddPoll(
                fact with
                {
                    Split = PollSplit.From((long)header.WallNs, 0, 0, 0),
                    CpuStack = stack,
                    Ticked = true,
                    Syscall = "",
                }
            );
            return;
        }

        var (rival, rivalPid) = Rival(header);
        _aggregator.AddPoll(
            fact with
            {
                BlockStack = preempted ? StackId.None : stack,
                QueueStack = preempted ? stack : StackId.None,
                WorstQueueNs = (long)header.WorstQueueNs,
                PreemptedBy = rival,
                PreemptedByPid = rivalPid,
                PreemptedByNs = (long)header.ByNs,
            }
        );
    }

    private (string Name, int Pid) Rival(in HudEvent header)
    {
        string name = EventDecoder.Comm(header.ByComm);
        return Neighbours?.Of((int)header.ByTgid, name) ?? (name, (int)header.ByTgid);
    }

    internal static PollRecord Fact(in HudEvent header) =>
        new()
        {
            Target = header.TargetId,
            Tid = (int)header.NsTid,
            StartNs = (long)header.StartNs,
            Split = PollSplit.From(
                (long)header.WallNs,
                (long)header.OffNs,
                (long)header.RunDelayNs,
                (long)header.ThrottledNs
            ),
            Syscall = header.Syscall < 0 ? "" : SyscallNames.Name(TargetInspector.NativeMachine, header.Syscall),
            BlockStartNs = (long)header.BlockStartNs,
            PreemptedBy = "",
            Weight = 1,
        };

    private StackId Unwind(in HudEvent header, ReadOnlySpan<byte> slice)
    {
        var target = _targets[(int)header.Target];
        if (slice.IsEmpty || target.Modules is null)
            return StackId.None;
        var registers = UserRegisters.FromX64(header.Registers);
        var end = Has(header, EventFlags.StackTruncated) ? CaptureEnd.Anywhere : CaptureEnd.Poll;
        var unwound = Unwinder.Unwind(registers, slice, target.Modules, end);
        if (unwound.MissedMapping && target.RefreshModules())
            unwound = Unwinder.Unwind(registers, slice, target.Modules, end);
        // what the BPF programs cut of a capture that is never used is not a loss
        Unwinding.Count(
            unwound,
            cut: end == CaptureEnd.Anywhere
                && header.Type != Abi.Outside
                && header.Kind is EventKind.Poll or EventKind.SecondaryStack or EventKind.Sample
        );
        ReadOnlySpan<ulong> kernel = header.KernelIp;
        kernel = kernel[..(int)Math.Min(header.KernelFrames, Abi.KernelFrames)];
        return Intern(target, unwound, kernel);
    }

    /// <summary>A stack that the agent itself read of a thread that sleeps.</summary>
    public StackId Keep(TargetProcess target, UserRegisters registers, ReadOnlySpan<byte> slice)
    {
        if (target.Modules is null)
            return StackId.None;
        var unwound = Unwinder.Unwind(registers, slice, target.Modules, CaptureEnd.Anywhere);
        Unwinding.Count(unwound, cut: false);
        return Intern(target, unwound);
    }

    /// <param name="kernel">Where in the kernel the thread slept, leaf first: before the frames of its own.</param>
    private StackId Intern(TargetProcess target, UnwoundStack unwound, ReadOnlySpan<ulong> kernel = default)
    {
        ulong[] addresses =
            unwound.Frames.Length == 0 ? [] : [.. kernel, .. unwound.Frames.Select(f => f.LookupAddress)];
        if (target is { Space: { } space, Modules: { } modules })
            addresses = space.Rebase(addresses, modules);
        return _stacks.Intern(target.Id, addresses, unwound.Quality, unwound.Reason);
    }
}
