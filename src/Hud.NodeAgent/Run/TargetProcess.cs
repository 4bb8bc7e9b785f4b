using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>One process under observation, or the reason why it cannot be.</summary>
internal sealed class TargetProcess : IDisposable
{
    private const int PoolNumberShift = 16; // no file has as many types
    private readonly List<PollLinks> _links = [];
    private TargetFiles? _files;
    private DateTime _mapsReadAt = DateTime.UtcNow;

    public required int Index { get; init; }
    public required AgentTarget Spec { get; init; }
    public int Pid { get; init; }
    public string Name { get; init; } = "";
    public string Executable { get; init; } = "";
    public string BuildId { get; init; } = "";
    public ProcessIdentity Identity { get; init; }
    public long StartTicks => Identity.StartTicks;

    /// <summary>Its executable, and the libraries that have Tokio; <see cref="TaskType.File"/> counts in it.</summary>
    public IReadOnlyList<TokioFile> TokioFiles { get; internal set; } = [];

    /// <summary>All of them as one.</summary>
    public TokioBinary Tokio { get; internal set; } = new();

    /// <summary>Files with code that were mapped when it was looked at.</summary>
    private HashSet<(uint, uint, ulong)> _looked = [];

    /// <summary>Those of <see cref="TokioFiles"/> that were loaded later: from which of its types on, and what number that one has.</summary>
    private readonly List<(int First, int Number)> _later = [];

    public Diagnostic? Problem { get; set; }

    /// <summary>The number of its first type; the others follow, but for those of libraries that were loaded later.</summary>
    public int TypeBase { get; set; }

    /// <summary>The number that code outside of all polls is counted under: behind those of its types.</summary>
    public int OutsideType => TypeBase + TypesAtStart;

    private int TypesAtStart => _later.Count > 0 ? _later[0].First : Tokio.Types.Count;

    /// <summary>In the kernel's first pid namespace.</summary>
    public uint Tgid { get; set; }

    public bool Gone { get; set; }

    /// <summary>False where a return probe could kill it, or any probe could harm somebody.</summary>
    public bool ReturnProbesAllowed { get; set; } = true;

    /// <summary>Why its probes came off or were never put on, until it is told.</summary>
    public Diagnostic? Refusal { get; set; }

    public ModuleMap? Modules { get; internal set; }

    public IReadOnlyList<string> QuotaFiles { get; init; } = [];
    public IReadOnlyList<CpuQuota> QuotaAtStart { get; set; } = [];
    public IReadOnlyList<CpuQuota> LastQuota { get; set; } = [];
    public long CpuAtStart { get; set; }
    public long LastCpu { get; set; }

    public bool HasProbes => _links.Count > 0;

    /// <summary>A worker that gives its queue away in the middle of a poll (block_in_place) is seen to.</summary>
    public bool SeesHandovers => HasProbes && Tokio.ShowsHandovers;

    /// <summary>Looks at the process and its executable; never throws for what the process is.</summary>
    public static TargetProcess Open(int index, AgentTarget spec, int pid, TargetFiles files)
    {
        string status = ProcFs.ReadText($"/proc/{pid}/status");
        if (status.Length == 0)
            return Failed(
                index,
                spec,
                pid,
                new Diagnostic(
                    DiagnosticKinds.NoSuchProcess,
                    $"there is no process {pid}",
                    "check the pid; pids are those of this machine or, in a node container, of the container"
                )
            );
        // before anything is read of it: what is read later is of this program, or the difference is seen when it is probed
        var identity = ProcessIdentity.Of(pid);
        string name = ProcFs.StatusField(status, "Name"),
            exe = ReadExecutable(pid);
        if (TryOpenExecutable(pid, name, exe, files.Budget, out var problem) is not ({ } source, { } elf))
            return Failed(index, spec, pid, problem!, name, exe);
        var space = TargetFiles.ReadMaps(pid);
        var tokioFiles = Run.TokioFiles.Find(
            pid,
            new TokioFile(source, exe, elf.ContentKey, TokioBinary.Discover(elf)),
            space,
            files
        );
        var tokio = TokioBinary.Join([.. tokioFiles.Select(f => f.Tokio)]);
        var target = new TargetProcess
        {
            Index = index,
            Spec = spec,
            Pid = pid,
            Name = name,
            Executable = exe,
            BuildId = elf.BuildId ?? "",
            Identity = identity,
            TokioFiles = tokioFiles,
            Tokio = tokio,
            QuotaFiles = CpuQuota.FindFiles(pid),
            Problem = tokio.Types.Count > 0 ? null : NoTypes(tokio, name, pid, exe),
            _files = files,
            _looked = [.. Run.TokioFiles.Libraries(space).Select(m => (m.DevMajor, m.DevMinor, m.Inode))],
        };
        // its own code is in nearly every stack: the tables are made here, where reading has its bounds, and not when the first stack comes
        foreach (var code in space.Mappings.ToArray().Where(m => m.Executable && tokioFiles.Any(f => f.Name == m.Path)))
            files.Prepare(pid, code);
        target.Modules = files.Modules(pid, space);
        target.QuotaAtStart = target.LastQuota = CpuQuota.Read(target.QuotaFiles);
        target.CpuAtStart = target.LastCpu = ProcFs.CpuTimeNs(pid);
        return target;
    }

    private static (FileByteSource Source, ElfFile Elf)? TryOpenExecutable(
        int pid,
        string name,
        string exe,
        ReadBudget? budget,
        out Diagnostic? problem
    )
    {
        if (!FileByteSource.TryOpen($"/proc/{pid}/exe", out var source, out string openError, budget))
        {
            problem = new Diagnostic(
                DiagnosticKinds.UnreadableExecutable,
                $"the executable of {name} ({pid}) cannot be read: {openError}",
                "run as root or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; a kernel thread has no executable"
            );
            return null;
        }

        var opened = ElfFile.Open(source);
        problem = opened switch
        {
            { File: { } elf } when elf.Machine != NativeMachine => Foreign(
                exe,
                $"it is built for {elf.Machine} and this machine is {NativeMachine}"
            ),
            { File: not null } => null,
            { Problem: ElfProblem.ThirtyTwoBit or ElfProblem.BigEndian or ElfProblem.ForeignMachine } => Foreign(
                exe,
                opened.Text
            ),
            _ => new Diagnostic(
                DiagnosticKinds.UnreadableExecutable,
                $"{exe} is not a usable ELF file: {opened.Text}",
                "check that the process runs a native program, not a script or an emulator"
            ),
        };
        return problem is null ? (source, opened.File!) : null;
    }

    private static Diagnostic Foreign(string exe, string text) =>
        new(
            DiagnosticKinds.ForeignBinary,
            $"{exe} is not a 64-bit program of this machine: {text}",
            "profile it on a machine of its own architecture, built for 64 bits"
        );

    private static Diagnostic NoTypes(TokioBinary tokio, string name, int pid, string exe)
    {
        if (tokio.Refused.Count > 0)
        {
            var (type, site) = tokio.Refused[0];
            return new Diagnostic(
                DiagnosticKinds.SlowProbeSites,
                $"every poll function of {name} begins with an instruction that a probe would have to single-step (\"{site.Instruction}\" in {type.Name})",
                "build with optimisation (cargo build --release); a debug build cannot be profiled cheaply"
            );
        }

        return new Diagnostic(
            DiagnosticKinds.NotTokio,
            $"{name} ({pid}, {exe}) has no Tokio tasks, in the program or its libraries",
            tokio.HasTokio
                ? "it uses Tokio for blocking work only: there is no async task that could block a worker"
                : "pick the process that runs the async service; Tokio 1.23 and later is found in any build, older ones need v0 symbols"
        );
    }

    public static TargetProcess Failed(
        int index,
        AgentTarget spec,
        int pid,
        Diagnostic problem,
        string name = "",
        string exe = ""
    ) =>
        new()
        {
            Index = index,
            Spec = spec,
            Pid = pid,
            Name = name,
            Executable = exe,
            Problem = problem,
        };

    internal static ElfMachine NativeMachine =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
        == System.Runtime.InteropServices.Architecture.Arm64
            ? ElfMachine.AArch64
            : ElfMachine.X64;

    private static string ReadExecutable(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)?.FullName ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Libraries may be loaded at any time: reads the mappings again, at most once a second.</summary>
    public bool RefreshModules()
    {
        if (_files is null || DateTime.UtcNow - _mapsReadAt < TimeSpan.FromSeconds(1))
            return false;
        _mapsReadAt = DateTime.UtcNow;
        var space = TargetFiles.ReadMaps(Pid);
        if (space.Mappings.Length == 0)
            return false;
        Modules = _files.Modules(Pid, space);
        return true;
    }

    /// <summary>The next library with a Tokio of its own that was loaded since the last look; null when there is none.</summary>
    public TokioFile? FindLateTokio()
    {
        if (_files is null || Problem is not null || !IsAlive())
            return null;
        foreach (var mapping in Run.TokioFiles.Libraries(TargetFiles.ReadMaps(Pid)))
        {
            if (
                _looked.Add((mapping.DevMajor, mapping.DevMinor, mapping.Inode))
                && Run.TokioFiles.Look(Pid, mapping, _files) is { } file
                && TokioFiles.All(f => f.Key != file.Key)
            )
            {
                _files.Prepare(Pid, mapping);
                _mapsReadAt = default;
                RefreshModules();
                return file;
            }
        }

        return null;
    }

    /// <summary>Its types come behind those that are known; <paramref name="number"/> is the number of the first.</summary>
    public void Add(TokioFile file, int number)
    {
        _later.Add((Tokio.Types.Count, number));
        TokioFiles = [.. TokioFiles, file];
        Tokio = TokioBinary.Join([.. TokioFiles.Select(f => f.Tokio)]);
    }

    /// <param name="type">By its place in <see cref="Tokio"/>.</param>
    public int NumberOf(int type)
    {
        int block = _later.FindLastIndex(l => type >= l.First);
        return block < 0 ? TypeBase + type : _later[block].Number + type - _later[block].First;
    }

    /// <returns>The place in <see cref="Tokio"/> of the type with this number; -1 when it has none.</returns>
    public int TypeOf(int number)
    {
        if (number >= TypeBase && number < OutsideType)
            return number - TypeBase;
        for (int i = 0; i < _later.Count; i++)
        {
            int end = i + 1 < _later.Count ? _later[i + 1].First : Tokio.Types.Count;
            int type = _later[i].First + number - _later[i].Number;
            if (number >= _later[i].Number && type < end)
                return type;
        }

        return -1;
    }

    /// <summary>
    /// Probes its polls, all types but those left out. Detaches what was there. Nothing is probed, and <see cref="Refusal"/> says why,
    /// where the process or the code is not what was read.
    /// </summary>
    /// <exception cref="BpfException" />
    public void Attach(IKernelProbes kernel, IReadOnlySet<int> without)
    {
        Detach();
        Probe(kernel, without, file: null);
    }

    /// <summary>Probes the polls of one more of its files, beside what is probed.</summary>
    /// <exception cref="BpfException" />
    public void AttachFile(IKernelProbes kernel, int file) => Probe(kernel, new HashSet<int>(), file);

    private void Probe(IKernelProbes kernel, IReadOnlySet<int> without, int? file)
    {
        if (!ReturnProbesAllowed || kernel.ProbeMode == ProbeMode.SchedOnly)
            return;
        var links = new List<PollLinks>();
        var files = Tokio
            .Types.Select((type, i) => (Type: type, Number: NumberOf(i)))
            .Where(p => (file is null || p.Type.File == file) && !without.Contains(p.Number))
            .GroupBy(p => p.Type.File)
            .ToList();
        var pools = Tokio
            .Pool.Select((type, i) => (Type: type, Number: (uint)(Index << PoolNumberShift | (i + 1))))
            .GroupBy(p => p.Type.File)
            .Where(p => files.Exists(f => f.Key == p.Key))
            .ToList();
        if (!IsUnchanged(kernel))
            return;
        try
        {
            foreach (var probes in files)
                links.Add(
                    kernel.AttachPolls(
                        TokioFiles[probes.Key].OpenPath,
                        probes.Select(p => p.Type.FileOffset).ToArray(),
                        probes.Select(p => (ulong)p.Number).ToArray(),
                        Pid
                    )
                );
            foreach (var (type, number) in pools.SelectMany(p => p))
            {
                if (type.IsWorkerLoop)
                    kernel.LearnLoop(number);
            }

            foreach (var pool in pools)
                links.Add(
                    kernel.AttachPool(
                        TokioFiles[pool.Key].OpenPath,
                        [.. pool.Select(p => p.Type.FileOffset)],
                        [.. pool.Select(p => p.Number)],
                        Pid
                    )
                );
        }
        catch
        {
            links.ForEach(l => l.Dispose());
            throw;
        }

        _links.AddRange(links);
        if (!IsUnchanged(kernel))
            Detach();

        bool IsUnchanged(IKernelProbes kernel) =>
            LooksTheSame()
            && files.TrueForAll(f =>
                SiteCheck.Difference(Pid, TokioFiles[f.Key], Sites(f), kernel.ReachesOthers) is not { } difference
                || Refuse(difference)
            );

        TaskType[] Sites(IGrouping<int, (TaskType Type, int Number)> probed) =>
            [
                .. probed.Select(p => p.Type),
                .. pools.Where(p => p.Key == probed.Key).SelectMany(p => p).Select(p => p.Type),
            ];
    }

    private bool LooksTheSame()
    {
        var presence = Identity.LookAgain(Pid);
        if (presence == Presence.Replaced)
            Refusal = Replaced();
        return presence == Presence.Same;
    }

    private bool Refuse(string difference)
    {
        ReturnProbesAllowed = false;
        Refusal = new Diagnostic(
            DiagnosticKinds.NoReturnProbes,
            $"{Name} ({Pid}) is not probed: {difference}",
            "a breakpoint there could harm a program; only sleeps and samples are seen. Profile it again when its files are in place"
        );
        return false;
    }

    public Diagnostic Replaced() =>
        new(
            DiagnosticKinds.TargetGone,
            $"{Name} ({Pid}) started another program in its place",
            "profile the new program with a session of its own"
        );

    public void Detach()
    {
        foreach (var links in _links)
            links.Dispose();
        _links.Clear();
    }

    /// <summary>
    /// True while the process is the one we opened and runs the same program: not gone, not another one with its pid, not ended
    /// and waiting for its parent.
    /// </summary>
    public bool IsAlive() => !Gone && Identity.LookAgain(Pid) == Presence.Same;

    /// <summary>The process is there, but what it runs was started after we had looked.</summary>
    public bool IsReplaced() => Identity.LookAgain(Pid) == Presence.Replaced;

    public TargetProfile Describe(string? node)
    {
        var quota = CpuQuota.Since(QuotaAtStart, LastQuota);
        return new TargetProfile
        {
            Pid = Pid,
            Process = Name,
            Executable = Executable,
            BuildId = BuildId,
            Pod = Spec.Pod,
            PodUid = Spec.PodUid,
            Container = Spec.Container,
            Node = node,
            State = Problem is null && !Gone ? TargetState.Succeeded : TargetState.Failed,
            Reason =
                Problem is not null ? ReasonOf(Problem.Kind)
                : Gone ? "TargetGone"
                : "",
            Message =
                Problem?.Message ?? (Gone ? "the process ended during the run; what was seen until then is kept" : ""),
            TokioVersion = Tokio.TokioVersion,
            TaskTypes = Tokio.Types.Count,
            CpuNs = Math.Max(0, LastCpu - CpuAtStart),
            ThrottledNs = quota.ThrottledNs,
            ThrottledPeriods = quota.Periods,
        };
    }

    internal static string ReasonOf(DiagnosticKind kind) =>
        kind == DiagnosticKinds.NotTokio ? "NoTokioRuntime"
        : kind == DiagnosticKinds.NoSuchProcess || kind == DiagnosticKinds.TargetGone ? "TargetGone"
        : kind == DiagnosticKinds.SeveralProcesses ? "ProcessAmbiguous"
        : kind == DiagnosticKinds.ForeignBinary ? "ForeignBinary"
        : kind == DiagnosticKinds.UnreadableExecutable ? "UnreadableExecutable"
        : kind == DiagnosticKinds.TooManyTargets ? "TooManyTargets"
        : kind == DiagnosticKinds.SlowProbeSites ? "NoProbeSites"
        : kind.Id;

    public void Dispose() => Detach();
}
