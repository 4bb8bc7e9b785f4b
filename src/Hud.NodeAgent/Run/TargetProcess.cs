using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>One process under observation, or the reason why it cannot be.</summary>
internal sealed class TargetProcess : IDisposable
{
    private readonly List<PollLinks> _links = [];
    private TargetFiles? _files;
    private DateTime _mapsReadAt = DateTime.UtcNow;

    public required int Index { get; init; }
    public required AgentTarget Spec { get; init; }
    public int Pid { get; init; }
    public string Name { get; init; } = "";
    public string Executable { get; init; } = "";
    public string BuildId { get; init; } = "";
    public long StartTicks { get; init; }

    /// <summary>Its executable, or the libraries that have Tokio where the executable has none; <see cref="TaskType.File"/> counts in it.</summary>
    public IReadOnlyList<TokioFile> TokioFiles { get; init; } = [];

    public TokioBinary Tokio { get; init; } = new();
    public Diagnostic? Problem { get; set; }

    /// <summary>Index of its first poll type.</summary>
    public int TypeBase { get; set; }

    /// <summary>In the kernel's first pid namespace.</summary>
    public uint Tgid { get; set; }

    public bool Gone { get; set; }

    /// <summary>False where a return probe could kill it.</summary>
    public bool ReturnProbesAllowed { get; set; } = true;

    public ModuleMap? Modules { get; private set; }

    public IReadOnlyList<string> QuotaFiles { get; init; } = [];
    public IReadOnlyList<CpuQuota> QuotaAtStart { get; set; } = [];
    public IReadOnlyList<CpuQuota> LastQuota { get; set; } = [];
    public long CpuAtStart { get; set; }
    public long LastCpu { get; set; }

    public bool HasProbes => _links.Count > 0;

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
        string name = ProcFs.StatusField(status, "Name"),
            exe = ReadExecutable(pid);
        string exePath = $"/proc/{pid}/exe";
        if (!FileByteSource.TryOpen(exePath, out var source, out string openError))
            return Failed(
                index,
                spec,
                pid,
                new Diagnostic(
                    DiagnosticKinds.UnreadableExecutable,
                    $"the executable of {name} ({pid}) cannot be read: {openError}",
                    "run as root or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; a kernel thread has no executable"
                ),
                name,
                exe
            );
        var opened = ElfFile.Open(source);
        if (opened.File is null)
        {
            bool foreign =
                opened.Problem is ElfProblem.ThirtyTwoBit or ElfProblem.BigEndian or ElfProblem.ForeignMachine;
            return Failed(
                index,
                spec,
                pid,
                foreign
                    ? Foreign(exe, opened.Text)
                    : new Diagnostic(
                        DiagnosticKinds.UnreadableExecutable,
                        $"{exe} is not a usable ELF file: {opened.Text}",
                        "check that the process runs a native program, not a script or an emulator"
                    ),
                name,
                exe
            );
        }

        var elf = opened.File;
        if (elf.Machine != NativeMachine)
            return Failed(
                index,
                spec,
                pid,
                Foreign(exe, $"it is built for {elf.Machine} and this machine is {NativeMachine}"),
                name,
                exe
            );
        var space = TargetFiles.ReadMaps(pid);
        var tokioFiles = Run.TokioFiles.Find(
            pid,
            new TokioFile(exePath, exe, elf.ContentKey, TokioBinary.Discover(elf)),
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
            StartTicks = ProcFs.StartTicks(pid),
            TokioFiles = tokioFiles,
            Tokio = tokio,
            QuotaFiles = CpuQuota.FindFiles(pid),
            Problem = tokio.Types.Count > 0 ? null : NoTypes(tokio, name, pid, exe),
            _files = files,
        };
        target.Modules = files.Modules(pid, space);
        target.QuotaAtStart = target.LastQuota = CpuQuota.Read(target.QuotaFiles);
        target.CpuAtStart = target.LastCpu = ProcFs.CpuTimeNs(pid);
        return target;
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
            $"{name} ({pid}, {exe}) holds no Tokio tasks, nor do its libraries",
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

    /// <summary>Probes its polls, all types but those left out. Detaches what was there.</summary>
    /// <exception cref="BpfException" />
    public void Attach(KernelSide kernel, IReadOnlySet<int> without)
    {
        Detach();
        if (!ReturnProbesAllowed || kernel.Rung == Rung.SchedOnly)
            return;
        foreach (
            var probes in Tokio
                .Types.Select((type, i) => (type.File, type.FileOffset, Type: TypeBase + i))
                .Where(p => !without.Contains(p.Type))
                .GroupBy(p => p.File)
        )
            _links.Add(
                kernel.AttachPolls(
                    TokioFiles[probes.Key].OpenPath,
                    probes.Select(p => p.FileOffset).ToArray(),
                    probes.Select(p => (ulong)p.Type).ToArray(),
                    Pid
                )
            );
    }

    public void Detach()
    {
        foreach (var links in _links)
            links.Dispose();
        _links.Clear();
    }

    /// <summary>True while the process is the one we opened: not gone, not another one with its pid, not ended and waiting for its parent.</summary>
    public bool IsAlive()
    {
        if (Gone)
            return false;
        string stat = ProcFs.ReadText($"/proc/{Pid}/stat");
        return ProcFs.TryParseStat(stat, out long start, out _) && start == StartTicks && !ProcFs.HasEnded(stat);
    }

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
