using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Interop;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Bpf;

/// <summary>What the programs need to know before they are loaded.</summary>
internal sealed record KernelSettings
{
    public ProbeMode ProbeMode { get; init; }
    public int Types { get; init; } = 1;
    public int Slots { get; init; } = 64;
    public int RingKiB { get; init; } = 4096;
    public long ThresholdNs { get; init; } = 5_000_000;
    public int SlowPerSecond { get; init; } = 2000;
    public int SamplesPerSecond { get; init; } = 1000;
}

/// <summary>The loaded programs and their maps. Everything detaches when this is disposed or the process dies.</summary>
internal sealed unsafe class BpfProbes : IKernelProbes, IDisposable
{
    /// <summary>The bitmap of targets has 4096 bits.</summary>
    private const uint TargetBitsMask = 4095;

    private static readonly string[] AlwaysPrograms =
    [
        "hud_sched_switch",
        "hud_sched_waking",
        "hud_sample",
        "hud_fork",
        "hud_exec",
        "hud_exit",
        "hud_rename",
        "hud_resolve",
        "hud_open_polls",
    ];

    private static readonly string[] Tracepoints =
    [
        "hud_sched_switch",
        "hud_sched_waking",
        "hud_fork",
        "hud_exec",
        "hud_exit",
        "hud_rename",
    ];

    private readonly BpfObject _object;
    private readonly List<BpfLink> _links = [];
    private readonly int _cpus = Math.Max(1, Libbpf.libbpf_num_possible_cpus());
    private CpuClock? _clock;
    private readonly ulong[] _statValues;
    private readonly TypeStats[] _typeValues;
    private readonly WakeStats[] _wakeValues;
    private readonly ControlBlock* _control;
    private readonly HashSet<uint> _tgids = [];
    private readonly long[] _countBase = new long[(int)Stat.Count];

    private BpfProbes(BpfObject opened, KernelSettings settings)
    {
        _object = opened;
        Settings = settings;
        _statValues = new ulong[_cpus];
        _typeValues = new TypeStats[_cpus];
        _wakeValues = new WakeStats[_cpus];
        _control = opened.Map(".bss").Share<ControlBlock>(); // libbpf shares it by itself only for skeletons
    }

    public KernelSettings Settings { get; }

    public ProbeMode ProbeMode => Settings.ProbeMode;

    /// <summary>Poll probes are hit by every process that runs the file: the kernel cannot keep them to one.</summary>
    public bool ReachesOthers =>
        ProbeMode == ProbeMode.Perf
        || (ProbeMode == ProbeMode.Multi && UprobeMulti.FilterPid(KernelVersion.Current, 1) == 0);

    /// <summary>Shared with the programs at once.</summary>
    /// <exception cref="ObjectDisposedException">The memory is unmapped.</exception>
    public ref ControlBlock Control
    {
        get
        {
            ObjectDisposedException.ThrowIf(_object.IsClosed, this);
            return ref *_control;
        }
    }

    public BpfMap Events => _object.Map("events");

    /// <summary>What the programs know of each thread.</summary>
    internal BpfMap Threads => _object.Map("threads");

    /// <exception cref="BpfException">The kernel refused.</exception>
    public static BpfProbes Load(KernelSettings settings)
    {
        var opened = BpfObject.OpenEmbedded();
        try
        {
            var wanted = AlwaysPrograms.Concat(settings.ProbeMode.PollPrograms()).ToHashSet(StringComparer.Ordinal);
            foreach (var program in opened.Programs)
                program.SetAutoload(wanted.Contains(program.Name));
            foreach (string name in settings.ProbeMode.PollPrograms())
                opened.Program(name).SetExpectedAttachType(settings.ProbeMode.AttachType(name));

            int cpus = Math.Max(1, Libbpf.libbpf_num_possible_cpus());
            opened.Map("types").SetMaxEntries((uint)TypeMemory.Places(settings.Types, cpus));
            opened.Map("wake_stats").SetMaxEntries((uint)TypeMemory.Places(settings.Types, cpus));
            opened.Map("long_waits").SetMaxEntries((uint)TypeMemory.Places(settings.Types, cpus));
            opened.Map("type_info").SetMaxEntries((uint)Math.Max(1, settings.Types));
            opened.Map("workers").SetMaxEntries((uint)settings.Slots);
            opened.Map("free_slots").SetMaxEntries((uint)settings.Slots);
            opened.Map("scratch").SetMaxEntries((uint)(settings.Slots * Abi.ScratchPerThread));
            opened.Map("cpu_scratch").SetMaxEntries((uint)cpus);
            opened.Map("events").SetMaxEntries((uint)settings.RingKiB * 1024);

            ref var config = ref opened.Map(".rodata").InitialValue<ConfigBlock>();
            config.SlotCount = (uint)settings.Slots;
            config.SlowPerSecond = (uint)settings.SlowPerSecond;
            config.SamplesPerSecond = (uint)settings.SamplesPerSecond;
            config.HasPrevState = KernelVersion.Current >= new Version(5, 18) ? 1u : 0u;
            config.OwnPidNamespace = Proc.ProcFs.PidNamespace("self");

            opened.Load();
            var side = new BpfProbes(opened, settings);
            side.Control.ThresholdNs = (ulong)settings.ThresholdNs;
            return side;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Makes a process a target: from now on its switches are looked at. Returns its threads, or none when it is gone.</summary>
    public IReadOnlyList<TaskRecord> AddTarget(int pid, TargetId target)
    {
        var wanted = _object.Map("wanted");
        wanted.Set((uint)pid, (uint)target.Index);
        try
        {
            var threads = ResolveThreads();
            if (threads.Count == 0)
                return threads;
            uint tgid = threads[0].Tgid;
            Control.NsLevel = threads[0].NsLevel;
            _object.Map("targets").Set(tgid, (uint)target.Index);
            _tgids.Add(tgid);
            Control.TargetBits[(int)(tgid >> 6 & 63)] |= 1UL << (int)(tgid & 63);
            return threads;
        }
        finally
        {
            wanted.Remove((uint)pid);
        }
    }

    public void RemoveTarget(uint tgid)
    {
        _object.Map("targets").Remove(tgid);
        _tgids.Remove(tgid);
        if (!_tgids.Any(other => (other & TargetBitsMask) == (tgid & TargetBitsMask)))
            Control.TargetBits[(int)(tgid >> 6 & 63)] &= ~(1UL << (int)(tgid & 63));
    }

    public IReadOnlyList<WorkerState> FreeWorkers(TargetId target)
    {
        var freed = new List<WorkerState>();
        uint used = Math.Min(Control.SlotsUsed, (uint)Settings.Slots);
        BpfMap workers = _object.Map("workers"),
            free = _object.Map("free_slots");
        for (uint slot = 0; slot < used; slot++)
        {
            if (
                !workers.TryGet(slot, out WorkerState worker)
                || worker.Used == 0
                || worker.Target != (uint)target.Index
            )
                continue;
            workers.Set(slot, default(WorkerState));
            free.TryPush(slot);
            freed.Add(worker);
        }

        return freed;
    }

    private List<TaskRecord> ResolveThreads()
    {
        var records = new List<TaskRecord>();
        byte[] bytes = RunIterator("hud_resolve");
        foreach (var record in RecordsOf<TaskRecord>(bytes))
            records.Add(record);
        return records;
    }

    private static ReadOnlySpan<T> RecordsOf<T>(byte[] bytes)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes.AsSpan(0, bytes.Length / sizeof(T) * sizeof(T)));

    /// <summary>
    /// Makes a record of every poll that is over the threshold and still open, and of what threads do outside of polls. Looks at
    /// the targets' threads, too, and takes over the roles that were set.
    /// </summary>
    /// <returns>Threads that have slept since they were first looked at: the programs have no stack of theirs.</returns>
    public IReadOnlyList<SleeperRecord> RecordOpenPolls() =>
        RecordsOf<SleeperRecord>(RunIterator("hud_open_polls")).ToArray();

    /// <summary>What a thread's stack says it is; takes effect at the next look at the open polls.</summary>
    /// <returns>False when there is no place for it now: it can be set again.</returns>
    public bool SetRole(uint tid, ThreadRole role) => _object.Map("roles").TrySet(tid, (uint)role);

    private byte[] RunIterator(string name)
    {
        using var link = _object.Program(name).AttachIterator();
        int fd = Libbpf.bpf_iter_create(link.Fd);
        if (fd < 0)
            throw BpfException.FromErrno($"run {name}", Marshal.GetLastPInvokeError());
        try
        {
            using var all = new MemoryStream();
            byte[] buffer = new byte[16384];
            while (all.Length < 1 << 24)
            {
                nint read;
                fixed (byte* at = buffer)
                    read = Libc.read(fd, at, (nuint)buffer.Length);
                if (read <= 0)
                    return all.ToArray();
                all.Write(buffer, 0, (int)read);
            }

            return all.ToArray();
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>Attaches the scheduler side and the clock; poll probes come on their own.</summary>
    /// <exception cref="BpfException" />
    public void AttachScheduler(int sampleHertz)
    {
        foreach (string name in Tracepoints)
            _links.Add(_object.Program(name).Attach());
        if (sampleHertz > 0)
            _clock = CpuClock.Start(_object.Program("hud_sample"), sampleHertz);
    }

    public void FollowCpus() => _clock?.Follow();

    /// <summary>CPUs whose clock runs the sampler.</summary>
    internal IEnumerable<int> ClockedCpus => _clock?.Cpus ?? [];

    /// <summary>Probes these functions of one process. Dispose the answer to detach.</summary>
    /// <exception cref="BpfException" />
    public PollLinks AttachPolls(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> types, int pid)
    {
        switch (ProbeMode)
        {
            case ProbeMode.Session:
                return new PollLinks([
                    UprobeMulti.Attach(
                        _object.Program("hud_poll_session"),
                        UprobeMulti.AttachTypeSession,
                        false,
                        path,
                        offsets,
                        types,
                        pid
                    ),
                ]);
            case ProbeMode.Multi:
                var returns = AttachMulti("hud_poll_return", isReturn: true, path, offsets, types, pid);
                try
                {
                    return new PollLinks([
                        returns,
                        AttachMulti("hud_poll_entry", isReturn: false, path, offsets, types, pid),
                    ]);
                }
                catch
                {
                    returns.Dispose();
                    throw;
                }
            case ProbeMode.Perf:
                return AttachPerf(path, offsets, types);
            default:
                return new PollLinks([]);
        }
    }

    /// <summary>Entries alone: a return probe would stand at the root of a worker's stack for as long as it lives.</summary>
    public PollLinks AttachPool(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<uint> numbers, int pid)
    {
        ulong[] cookies = new ulong[numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
            cookies[i] = (ulong)numbers[i] << Abi.PoolShift;
        switch (ProbeMode)
        {
            case ProbeMode.Session:
                return AttachPolls(path, offsets, cookies, pid); // its entry says that no return is wanted
            case ProbeMode.Multi:
                return new PollLinks([AttachMulti("hud_poll_entry", isReturn: false, path, offsets, cookies, pid)]);
            case ProbeMode.Perf:
                return AttachPerfEntries("hud_poll_entry", path, offsets, cookies);
            default:
                return new PollLinks([]);
        }
    }

    public PollLinks AttachWakes(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> cookies, int pid) =>
        ProbeMode switch
        {
            ProbeMode.Session or ProbeMode.Multi => new PollLinks([
                AttachMulti(ProbeModes.Wake, isReturn: false, path, offsets, cookies, pid),
            ]),
            ProbeMode.Perf => AttachPerfEntries(ProbeModes.Wake, path, offsets, cookies),
            _ => new PollLinks([]),
        };

    private PollLinks AttachPerfEntries(
        string program,
        string path,
        ReadOnlySpan<ulong> offsets,
        ReadOnlySpan<ulong> cookies
    )
    {
        var links = new List<BpfLink>();
        try
        {
            for (int i = 0; i < offsets.Length; i++)
                links.Add(_object.Program(program).AttachPerfUprobe(path, offsets[i], cookies[i], isReturn: false));
            return new PollLinks(links);
        }
        catch
        {
            new PollLinks(links).Dispose();
            throw;
        }
    }

    public void LearnLoop(uint number) => _object.Map("worker_loops").TrySet(number, 1u);

    private BpfLink AttachMulti(
        string program,
        bool isReturn,
        string path,
        ReadOnlySpan<ulong> offsets,
        ReadOnlySpan<ulong> types,
        int pid
    ) => UprobeMulti.Attach(_object.Program(program), UprobeMulti.AttachTypeMulti, isReturn, path, offsets, types, pid);

    /// <summary>The same with the program that skips every return: what a sampled-out poll costs.</summary>
    public PollLinks AttachSkipping(string path, ReadOnlySpan<ulong> offsets, int pid) =>
        ProbeMode == ProbeMode.Session
            ? new PollLinks([
                UprobeMulti.Attach(
                    _object.Program("hud_poll_skip"),
                    UprobeMulti.AttachTypeSession,
                    false,
                    path,
                    offsets,
                    new ulong[offsets.Length],
                    pid
                ),
            ])
            : new PollLinks([]);

    private PollLinks AttachPerf(string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> types)
    {
        var links = new List<BpfLink>();
        try
        {
            for (int i = 0; i < offsets.Length; i++)
            {
                links.Add(
                    _object.Program("hud_poll_return").AttachPerfUprobe(path, offsets[i], types[i], isReturn: true)
                );
                links.Add(
                    _object.Program("hud_poll_entry").AttachPerfUprobe(path, offsets[i], types[i], isReturn: false)
                );
            }

            return new PollLinks(links);
        }
        catch
        {
            new PollLinks(links).Dispose();
            throw;
        }
    }

    public void SetType(TaskTypeId type, TypeInfo info) => _object.Map("type_info").Set((uint)type.Number, info);

    public void SetSampled(TaskTypeId type, bool sampled)
    {
        var map = _object.Map("type_info");
        map.TryGet((uint)type.Number, out TypeInfo info);
        info.Sampled = sampled ? 1u : 0;
        map.Set((uint)type.Number, info);
    }

    public void LearnFutex(uint tgid, ulong futex, FutexUse use) =>
        _object.Map("futexes").TrySet((ulong)tgid << 32 | (uint)futex, (uint)use);

    /// <summary>Sum over the CPUs since <see cref="StartCounting"/>.</summary>
    public long Count(Stat stat)
    {
        if (!_object.Map("stats").TryGetPerCpu((uint)stat, _statValues))
            return 0;
        ulong sum = 0;
        foreach (ulong value in _statValues)
            sum += value;
        return (long)sum - _countBase[(int)stat];
    }

    /// <summary>Forgets what calibration left: its counts and its thread.</summary>
    public void StartCounting()
    {
        Array.Clear(_countBase);
        for (int i = 0; i < _countBase.Length; i++)
            _countBase[i] = Count((Stat)i);
        var workers = _object.Map("workers");
        for (uint slot = 0; slot < Math.Min(Control.SlotsUsed, (uint)Settings.Slots); slot++)
            workers.Set(slot, default(WorkerState));
        Control.SlotsUsed = 0;
    }

    /// <summary>Sum over the CPUs.</summary>
    public TypeStats ReadType(TaskTypeId type)
    {
        var sum = default(TypeStats);
        if (!_object.Map("types").TryGetPerCpu((uint)type.Number, _typeValues))
            return sum;
        foreach (ref var value in _typeValues.AsSpan())
        {
            sum.Polls += value.Polls;
            sum.TotalNs += value.TotalNs;
            sum.MaxNs = Math.Max(sum.MaxNs, value.MaxNs);
            sum.Slow += value.Slow;
            sum.SlowNs += value.SlowNs;
            for (int i = 0; i < Abi.HistogramSlots; i++)
                sum.Histogram[i] += value.Histogram[i];
        }

        return sum;
    }

    /// <summary>Sum over the CPUs.</summary>
    public WakeStats ReadWakes(TaskTypeId type)
    {
        var sum = default(WakeStats);
        if (!_object.Map("wake_stats").TryGetPerCpu((uint)type.Number, _wakeValues))
            return sum;
        foreach (ref var value in _wakeValues.AsSpan())
        {
            sum.Wakes += value.Wakes;
            sum.TotalNs += value.TotalNs;
            sum.MaxNs = Math.Max(sum.MaxNs, value.MaxNs);
            for (int i = 0; i < Abi.HistogramSlots; i++)
                sum.Histogram[i] += value.Histogram[i];
        }

        return sum;
    }

    public LongWaits ReadLongWaits(TaskTypeId type) =>
        _object.Map("long_waits").TryGet((uint)type.Number, out LongWaits waits) ? waits : default;

    /// <summary>The polling threads so far, dead ones included.</summary>
    public List<WorkerState> ReadWorkers()
    {
        var workers = new List<WorkerState>();
        uint used = Math.Min(Control.SlotsUsed, (uint)Settings.Slots);
        var map = _object.Map("workers");
        for (uint slot = 0; slot < used; slot++)
        {
            if (map.TryGet(slot, out WorkerState worker))
                workers.Add(worker);
        }

        return workers;
    }

    /// <summary>Run time and runs of a program; zero unless kernel.bpf_stats_enabled is set.</summary>
    public (long Nanoseconds, long Runs, long Misses) RunStats(string program)
    {
        ProgramInfo info = default;
        uint length = (uint)sizeof(ProgramInfo);
        int fd = _object.Program(program).Fd;
        return fd >= 0 && Libbpf.bpf_obj_get_info_by_fd(fd, &info, &length) == 0
            ? ((long)info.RunTimeNs, (long)info.RunCount, (long)info.RecursionMisses)
            : default;
    }

    public long ProgramMisses => LoadedPrograms.Sum(p => RunStats(p).Misses);

    public IEnumerable<string> LoadedPrograms => AlwaysPrograms.Concat(ProbeMode.PollPrograms());

    /// <summary><c>struct bpf_prog_info</c>, up to recursion_misses.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 232)]
    private struct ProgramInfo
    {
        [FieldOffset(192)]
        public ulong RunTimeNs;

        [FieldOffset(200)]
        public ulong RunCount;

        [FieldOffset(208)]
        public ulong RecursionMisses;
    }

    public void Dispose()
    {
        if (_object.IsClosed)
            return;
        Control.Enabled = 0;
        _clock?.Dispose();
        foreach (var link in _links)
            link.Dispose();
        _links.Clear();
        _object.Dispose(); // first: from here on the programs cannot reach the memory
        _ = Libc.munmap((nint)_control, (nuint)sizeof(ControlBlock));
    }
}

/// <summary>The probes on one process's polls.</summary>
internal sealed class PollLinks(IReadOnlyList<IDisposable> links) : IDisposable
{
    public void Dispose()
    {
        // entries first: a poll that was seen to begin shall be seen to end
        foreach (var link in links.Reverse())
            link.Dispose();
    }
}
