using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Frames;

namespace Hud.NodeAgent.Kernel;

/// <summary>Mirror of <c>bpf/hud_abi.h</c>, which is the truth; a test compares sizes, offsets and constants.</summary>
public static class Abi
{
    public const int MaxTargets = 64;
    public const int MaxDepth = 4;
    public const int HistogramSlots = 40;
    public const int LongSlots = LongHistogram.Slots;
    public const int StackBytes = 32768;
    public const int ScratchPerThread = 4;
    public const int Registers = 17;
    public const int KernelFrames = 16;
    public const int CommBytes = 16;
    public const int OffRunnable = 1;
    public const uint None = uint.MaxValue;

    /// <summary>Type of an event about what a thread did outside of the polls that are timed.</summary>
    public const uint Outside = int.MaxValue - 1;

    /// <summary>Of a probe's cookie: above it stands the number of a type of blocking tasks.</summary>
    public const int PoolShift = 32;

    /// <summary>Of a wake probe's cookie: where the task's header is at that place.</summary>
    public const int WakeRegisterMask = 15;

    public const int WakeOnStack = 256;
    public const int WakeChecked = 512;
    public const int WakeOffsetShift = 16;
    public const int WakeOffsetMask = 32767;
    public const int WakeSlotShift = 32;
    public const int WakeSlotMask = 4095;
}

/// <summary><c>enum hud_event_kind</c></summary>
public enum EventKind : uint
{
    Poll = 1,
    Sample = 2,
    Waker = 3,
    OffCpu = 4,
    OnCpu = 5,
    Lifecycle = 6,
    SecondaryStack = 7,
    Wait = 8,
}

/// <summary><c>enum hud_life</c></summary>
public enum LifecycleKind : uint
{
    ThreadBorn = 1,
    ProcessBorn = 2,
    Exec = 3,
    ThreadExit = 4,
    ProcessExit = 5,
    Rename = 6,
}

/// <summary><c>enum hud_event_flags</c></summary>
[Flags]
public enum EventFlags : uint
{
    None = 0,
    Open = 1,
    StackTruncated = 2,
    StackFailed = 4,
    StackBlock = 8,
    StackPreempt = 16,
    StackCpu = 32,
    Stolen = 64,
    Ticked = 128,
    Before = 256,
}

/// <summary><c>enum hud_wait_flags</c></summary>
[Flags]
public enum WaitFlags : uint
{
    None = 0,
    OwnQueue = 1,
}

/// <summary><c>enum hud_role</c></summary>
public enum ThreadRole : uint
{
    Unknown = 0,
    Worker = 1,
    Stranger = 2,
    Pool = 3,
}

/// <summary><c>enum hud_futex</c></summary>
public enum FutexUse : uint
{
    Unknown = 0,
    Park = 1,
    Other = 2,
}

/// <summary><c>enum hud_stat</c></summary>
public enum Stat
{
    Polls = 0,
    SampledOut = 1,
    Slow = 2,
    RateLimited = 3,
    RingDrops = 4,
    NoThreadState = 5,
    DepthOverflow = 6,
    MissedReturns = 7,
    StackFailed = 8,
    NoSlot = 9,
    SamplesLimited = 10,
    WakersLimited = 11,
    TypeOutOfRange = 12,
    ForeignHits = 13,
    Events = 14,
    MissedSwitches = 15,
    PoolTasks = 16,
    Wakes = 17,
    WakesSkipped = 18,
    WakesLost = 19,
    WaitsLimited = 20,
    Count = 21,
}

[InlineArray(Abi.Registers)]
public struct RegisterBlock
{
    private ulong _first;
}

[InlineArray(Abi.KernelFrames)]
public struct KernelBlock
{
    private ulong _first;
}

[InlineArray(Abi.CommBytes)]
public struct CommBlock
{
    private byte _first;
}

[InlineArray(Abi.HistogramSlots)]
public struct HistogramBlock
{
    private ulong _first;
}

[InlineArray(Abi.LongSlots)]
public struct LongBlock
{
    private ulong _first;
}

[InlineArray(64)]
public struct TargetBits
{
    private ulong _first;
}

/// <summary><c>struct hud_event</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct HudEvent
{
    /// <summary>Also <see cref="Abi.Outside"/>; of a lifecycle event it is none, as that field says what happened.</summary>
    public readonly TaskTypeId TaskType => Kind == EventKind.Lifecycle ? TaskTypeId.None : new TaskTypeId((int)Type);

    public readonly TargetId TargetId => new((int)Target);

    public EventKind Kind;
    public EventFlags Flags;
    public uint Target;
    public uint Type;
    public uint Tgid;
    public uint Tid;
    public uint NsTid;
    public uint Slot;
    public ulong TimeNs;
    public ulong StartNs;
    public ulong TaskId;
    public ulong Runtime;
    public ulong WallNs;
    public ulong OffNs;
    public ulong RunDelayNs;
    public ulong ThrottledNs;
    public ulong WorstBlockNs;
    public ulong WorstQueueNs;
    public ulong BlockStartNs;
    public ulong SyscallArg;
    public int Syscall;
    public uint ByTgid;
    public ulong ByNs;
    public CommBlock ByComm;
    public CommBlock Comm;
    public ulong StackBase;
    public uint StackBytes;
    public uint KernelFrames;
    public RegisterBlock Registers;
    public KernelBlock KernelIp;
}

/// <summary><c>struct hud_wait</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct HudWait
{
    public EventKind Kind;
    public WaitFlags Flags;
    public uint Target;
    public uint Type;
    public uint NsTid;
    public uint Weight;
    public ulong WakeNs;
    public ulong PollNs;
    public ulong Runtime;
}

/// <summary><c>struct hud_type_stats</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct TypeStats
{
    public ulong Polls;
    public ulong TotalNs;
    public ulong MaxNs;
    public ulong Slow;
    public ulong SlowNs;
    public HistogramBlock Histogram;
}

/// <summary><c>struct hud_wake_stats</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct WakeStats
{
    public ulong Wakes;
    public ulong TotalNs;
    public ulong MaxNs;
    public HistogramBlock Histogram;
}

/// <summary><c>struct hud_long_waits</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct LongWaits
{
    public LongBlock Histogram;
}

/// <summary><c>struct hud_type_info</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct TypeInfo
{
    public uint TargetBinary;
    public uint TaskIdOffset;
    public uint SchedulerOffset;
    public uint Sampled;
}

/// <summary><c>struct hud_worker</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct WorkerState
{
    public uint Tgid;
    public uint Tid;
    public uint NsTid;
    public uint Target;
    public uint Used;
    public uint CurrentType;
    public ulong CurrentStartNs;
    public ulong Runtime;
    public ulong Polls;
    public ulong Slow;
    public ulong BusyNs;
    public ulong LostNs;
    public ulong QueueNs;
    public ulong QueueMaxNs;
    public ulong OffSinceNs;
    public HistogramBlock Histogram;
}

/// <summary><c>struct hud_control</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct ControlBlock
{
    public ulong ThresholdNs;
    public ulong SchedOnly;
    public uint SampleMask;
    public uint Epoch;
    public uint NsLevel;
    public uint Enabled;
    public uint SlotsUsed;
    public uint WakeRate;
    public uint WakeEpoch;
    public uint Pad;
    public TargetBits TargetBits;
}

/// <summary><c>struct hud_config</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConfigBlock
{
    public uint SlotCount;
    public uint SlowPerSecond;
    public uint SamplesPerSecond;
    public uint HasPrevState;
    public uint OwnPidNamespace;
    public uint Pad;
}

/// <summary><c>struct hud_task_record</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct TaskRecord
{
    public uint Tgid;
    public uint Tid;
    public uint NsTgid;
    public uint NsTid;
    public uint NsLevel;
    public uint Pad;
}

/// <summary><c>struct hud_sleeper</c></summary>
[StructLayout(LayoutKind.Sequential)]
public struct SleeperRecord
{
    public uint Target;
    public uint Tid;
    public uint NsTid;
    public int Syscall;
    public ulong SyscallArg;
    public ulong OffAtNs;
    public ulong Switches;
    public RegisterBlock Registers;
}
