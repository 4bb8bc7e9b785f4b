using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Kernel probes that report what a test has put into them, and remember what was set.</summary>
internal sealed class PlayedKernel : IKernelProbes
{
    private ControlBlock _control;

    public ProbeMode ProbeMode { get; init; } = ProbeMode.Session;

    public bool ReachesOthers { get; init; }

    public ref ControlBlock Control => ref _control;

    /// <summary>What each further look at the sleepers finds; the last one is found again and again.</summary>
    public Queue<IReadOnlyList<SleeperRecord>> Sleepers { get; } = new();

    public Dictionary<Stat, long> Counts { get; } = [];

    public Dictionary<uint, TypeStats> Types { get; } = [];

    public List<WorkerState> Workers { get; } = [];

    public int Looks { get; private set; }

    public int TypesRead { get; private set; }

    public List<(string Path, int Pid, ulong[] Types)> Attached { get; } = [];

    public long ProgramMisses { get; set; }

    public PollLinks AttachPolls(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> types, int pid)
    {
        Asked.Add("attach polls");
        Attached.Add((path, pid, types.ToArray()));
        return new PollLinks([]);
    }

    public PollLinks AttachPool(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<uint> numbers, int pid)
    {
        Asked.Add("attach pool");
        Pools.Add((path, pid, offsets.ToArray()));
        return new PollLinks([]);
    }

    public PollLinks AttachWakes(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> cookies, int pid)
    {
        Asked.Add("attach wakes");
        if (RefusesWakes)
            throw new Hud.NodeAgent.Bpf.BpfException("probe wakes", 22, []);
        Wakes.Add((path, pid, offsets.ToArray(), cookies.ToArray()));
        return new PollLinks([]);
    }

    public bool RefusesWakes { get; init; }

    public List<(string Path, int Pid, ulong[] Offsets, ulong[] Cookies)> Wakes { get; } = [];

    public Dictionary<uint, WakeStats> Waits { get; } = [];

    public WakeStats ReadWakes(TaskTypeId type) => Waits.GetValueOrDefault((uint)type.Number);

    public Dictionary<uint, LongWaits> LongWaits { get; } = [];

    public LongWaits ReadLongWaits(TaskTypeId type) => LongWaits.GetValueOrDefault((uint)type.Number);

    public List<uint> Loops { get; } = [];

    public void LearnLoop(uint number) => Loops.Add(number);

    public List<(string Path, int Pid, ulong[] Offsets)> Pools { get; } = [];

    public IReadOnlyList<SleeperRecord> RecordOpenPolls()
    {
        Looks++;
        return Sleepers.Count > 1 ? Sleepers.Dequeue()
            : Sleepers.Count == 1 ? Sleepers.Peek()
            : [];
    }

    /// <summary>The threads of each process; one that is not here is gone.</summary>
    public Dictionary<int, IReadOnlyList<TaskRecord>> Threads { get; } = [];

    public Dictionary<uint, TypeInfo> TypeInfos { get; } = [];

    /// <summary>What it was asked for, in order.</summary>
    public List<string> Asked { get; } = [];

    public void StartCounting() => Asked.Add("start counting");

    public void SetType(TaskTypeId type, TypeInfo info)
    {
        Asked.Add("set type");
        TypeInfos[(uint)type.Number] = info;
    }

    public HashSet<uint> Sampled { get; } = [];

    public void SetSampled(TaskTypeId type, bool sampled)
    {
        if (sampled)
            Sampled.Add((uint)type.Number);
        else
            Sampled.Remove((uint)type.Number);
    }

    /// <summary>Numbers of the targets that were added, in order.</summary>
    public List<int> Added { get; } = [];

    public List<uint> Removed { get; } = [];

    public void RemoveTarget(uint tgid) => Removed.Add(tgid);

    public IReadOnlyList<WorkerState> FreeWorkers(TargetId target)
    {
        List<WorkerState> freed = [.. Workers.Where(w => w.Target == (uint)target.Index)];
        Workers.RemoveAll(w => w.Target == (uint)target.Index);
        return freed;
    }

    public IReadOnlyList<TaskRecord> AddTarget(int pid, TargetId target)
    {
        Asked.Add("add target");
        Added.Add(target.Index);
        return Threads.GetValueOrDefault(pid) ?? [];
    }

    public void AttachScheduler(int sampleHertz) => Asked.Add("attach scheduler");

    /// <summary>What it answers when it shall follow the CPUs; null: well.</summary>
    public BpfException? NoClock { get; set; }

    public int Followed { get; private set; }

    public void FollowCpus()
    {
        Followed++;
        if (NoClock is not null)
            throw NoClock;
    }

    public bool SetRole(uint tid, ThreadRole role) => true;

    public void LearnFutex(uint tgid, ulong futex, FutexUse use) { }

    public long Count(Stat stat) => Counts.GetValueOrDefault(stat);

    public TypeStats ReadType(TaskTypeId type)
    {
        TypesRead++;
        return Types.GetValueOrDefault((uint)type.Number);
    }

    public List<WorkerState> ReadWorkers() => Workers;
}
