using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Kernel;

/// <summary>What a run asks of the BPF programs. One implementation loads the programs; tests have one that plays them.</summary>
internal interface IKernelProbes
{
    ProbeMode ProbeMode { get; }

    /// <summary>Poll probes are hit by every process that runs the file.</summary>
    bool ReachesOthers { get; }

    /// <summary>Shared with the programs at once.</summary>
    /// <exception cref="ObjectDisposedException">The programs are unloaded.</exception>
    ref ControlBlock Control { get; }

    /// <summary>Puts the sums to zero: calibrating has counted, too.</summary>
    void StartCounting();

    void SetType(TaskTypeId type, TypeInfo info);

    /// <summary>Whether <see cref="ControlBlock.SampleMask"/> holds for the polls of this type.</summary>
    void SetSampled(TaskTypeId type, bool sampled);

    /// <summary>From here on the programs look at this process.</summary>
    /// <param name="target">What the events name it by; <see cref="Abi.MaxTargets"/> numbers apart are those of one place.</param>
    /// <returns>Its threads; none when it is gone.</returns>
    IReadOnlyList<TaskRecord> AddTarget(int pid, TargetId target);

    /// <summary>From here on they don't: another process may get the pid.</summary>
    void RemoveTarget(uint tgid);

    /// <summary>Gives the slots of a target that has ended to threads that come.</summary>
    /// <returns>What was counted of its threads.</returns>
    IReadOnlyList<WorkerState> FreeWorkers(TargetId target);

    /// <summary>Attaches the scheduler side and the clock; poll probes come on their own.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    void AttachScheduler(int sampleHertz);

    /// <summary>Samples also on CPUs that have come online since.</summary>
    /// <exception cref="BpfException">The kernel refused; the next call tries again.</exception>
    void FollowCpus();

    /// <summary>Probes these functions of one process. Dispose the answer to detach.</summary>
    /// <param name="path">The file, by a descriptor that is open.</param>
    /// <param name="offsets">In the file, one for each type.</param>
    /// <param name="types">Numbers that the events carry.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    PollLinks AttachPolls(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> types, int pid);

    /// <summary>Notes from here on when a blocking task of this process begins: these functions of the file. Dispose the answer to detach.</summary>
    /// <param name="numbers">Of each, in all targets together, from 1.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    PollLinks AttachPool(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<uint> numbers, int pid);

    /// <summary>Notes from here on when tasks of this process are woken, at these places of the file. Dispose the answer to detach.</summary>
    /// <param name="cookies">Where the task's header is at each: <see cref="WakeCookie"/>.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    PollLinks AttachWakes(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> cookies, int pid);

    /// <summary>A type of blocking tasks that goes on as a worker; the programs learn the others by what they do.</summary>
    void LearnLoop(uint number);

    /// <summary>Has the polls that are open recorded.</summary>
    /// <returns>Threads that sleep and of which no stack is known.</returns>
    IReadOnlyList<SleeperRecord> RecordOpenPolls();

    /// <returns>False when there is no place for it.</returns>
    bool SetRole(uint tid, ThreadRole role);

    void LearnFutex(uint tgid, ulong futex, FutexUse use);

    /// <summary>Sum over the CPUs since the run began.</summary>
    long Count(Stat stat);

    /// <summary>Sum over the CPUs.</summary>
    TypeStats ReadType(TaskTypeId type);

    /// <summary>How long tasks of this type waited from a wake to their poll. Sum over the CPUs.</summary>
    WakeStats ReadWakes(TaskTypeId type);

    /// <summary>Of those, the ones from a millisecond on, in finer steps.</summary>
    LongWaits ReadLongWaits(TaskTypeId type);

    /// <summary>The polling threads so far, dead ones included.</summary>
    List<WorkerState> ReadWorkers();

    /// <summary>Times a program was not run because it was running already on that CPU.</summary>
    long ProgramMisses { get; }
}
