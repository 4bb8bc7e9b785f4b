using System.Runtime.InteropServices;
using Hud.Core.Diagnostics;
using Hud.Elf;
using Hud.NodeAgent.Interop;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Confine;

/// <summary>The agent gives up what it does not need.</summary>
internal static class Confinement
{
    /// <returns>Null when it is done; what the user must know when this kernel will not do it. The run goes on then.</returns>
    public static Diagnostic? Enter(bool network)
    {
        var machine =
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ElfMachine.AArch64 : ElfMachine.X64;
        int result = Libc.Confine([.. SeccompFilter.Build(machine, network)]);
        return result == 0
            ? null
            : new Diagnostic(
                DiagnosticKinds.Unconfined,
                result > 0
                    ? $"the agent could not give up the network and other rights: its thread {result} has a filter of its own"
                    : $"the agent could not give up the network and other rights: {Marshal.GetPInvokeErrorMessage(-result)}",
                "use a kernel with CONFIG_SECCOMP_FILTER=y; the report is as good without"
            );
    }

    /// <summary>
    /// For who serves metrics, after it has a socket that listens: root becomes nobody, and what is left of rights is given up as the agent does it.
    /// Anybody may talk to it, so it does not serve with rights of its own.
    /// </summary>
    /// <returns>Null when it is done, else why not.</returns>
    public static string? EnterServer()
    {
        if (Libc.IsRoot)
            Libc.BecomeUser(HelperSandbox.Nobody);
        if (Libc.IsRoot)
            return $"root's rights could not be given up; run it as another user, such as {HelperSandbox.Nobody}";
        if (HasCapability())
            return "it has capabilities; run it without any (in Kubernetes: securityContext.capabilities.drop: [ALL])";
        var machine =
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ElfMachine.AArch64 : ElfMachine.X64;
        return Libc.Confine([.. SeccompFilter.Build(machine, network: false, Environment.ProcessId)]) == 0
            ? null
            : "its system calls could not be bounded; use a kernel with CONFIG_SECCOMP_FILTER=y";
    }

    /// <summary>Any thread of this process has one, or could take it.</summary>
    private static bool HasCapability() =>
        Directory
            .EnumerateDirectories("/proc/self/task")
            .Any(thread =>
                ProcFs.StatusField(ProcFs.ReadText($"{thread}/status"), "CapPrm").Any(digit => digit != '0')
            );

    /// <summary>For `hud doctor`: enters, and tries what is forbidden then. Nothing that needs a socket can follow.</summary>
    public static PreflightCheck Try()
    {
        if (Enter(network: false) is { } problem)
            return new()
            {
                Name = "confinement",
                Detail = problem.Message,
                NextStep = problem.NextStep,
            };
        var (internet, machine) = (Libc.TrySocket(2), Libc.TrySocket(1));
        bool refused = internet == -SeccompFilter.Refused && machine == -SeccompFilter.Refused;
        return new()
        {
            Name = "confinement",
            Ok = refused,
            Detail = refused
                ? "the agent gives up sockets of every kind, and other system calls that it does not need"
                : $"a socket was not refused (AF_INET {internet}, AF_UNIX {machine})",
            NextStep = refused
                ? ""
                : "report this kernel and its container runtime; keep agents from the network by other means meanwhile",
        };
    }
}
