using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.Frames;
using Hud.NodeAgent.Proc;
using Hud.Tokio;

namespace Hud.NodeAgent.Run;

/// <summary>From a process to what can be probed of it, or why nothing can.</summary>
internal static class TargetInspector
{
    /// <summary>Looks at the process and its executable; never throws for what the process is.</summary>
    public static Target Inspect(TargetId id, AgentTarget spec, int pid, TargetFiles files)
    {
        string status = ProcFs.ReadText($"/proc/{pid}/status");
        if (status.Length == 0)
            return Refused(
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
            return Refused(problem!, name, exe);
        var space = TargetFiles.ReadMaps(pid);
        var tokioFiles = TokioFiles.Find(
            pid,
            new TokioFile(source, exe, elf.ContentKey, TokioBinary.Discover(elf)),
            space,
            files
        );
        var tokio = TokioBinary.Join([.. tokioFiles.Select(f => f.Tokio)]);
        if (tokio.Types.Count == 0)
            return Refused(NoTypes(tokio, name, pid, exe), name, exe);
        var target = new TargetProcess(files, TokioFiles.Libraries(space))
        {
            Id = id,
            Spec = spec,
            Pid = pid,
            Name = name,
            Executable = exe,
            BuildId = elf.BuildId ?? "",
            Identity = identity,
            TokioFiles = tokioFiles,
            Tokio = tokio,
            QuotaFiles = CpuQuota.FindFiles(pid),
        };
        // its own code is in nearly every stack: the tables are made here, where reading has its bounds, and not when the first stack comes
        foreach (var code in space.Mappings.ToArray().Where(m => m.Executable && tokioFiles.Any(f => f.Name == m.Path)))
            files.Prepare(pid, code);
        target.Modules = files.Modules(pid, space);
        target.QuotaAtStart = target.LastQuota = CpuQuota.Read(target.QuotaFiles);
        target.CpuAtStart = target.LastCpu = ProcFs.CpuTimeNs(pid);
        return target;

        RefusedTarget Refused(Diagnostic problem, string name = "", string executable = "") =>
            new()
            {
                Spec = spec,
                Pid = pid,
                Name = name,
                Executable = executable,
                Problem = problem,
            };
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
}
