using Hud.Core.Diagnostics;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>Decides which targets a return probe could kill; those are watched through the scheduler and the clock only.</summary>
/// <param name="version">The kernel's.</param>
/// <param name="status">A process's /proc/PID/status.</param>
/// <param name="survivesSeccomp">Whether a confined child of ours lives on after a return probe; asked at most once.</param>
internal sealed class ReturnProbeGuard(
    ProbeMode mode,
    Version version,
    Func<int, string> status,
    Func<bool> survivesSeccomp
)
{
    private bool? _survives;

    public void Check(IEnumerable<TargetProcess> targets, Action<Diagnostic> warn)
    {
        if (mode == ProbeMode.SchedOnly)
            return;
        foreach (var target in targets.Where(t => t.Problem is null))
        {
            string fields = status(target.Pid);
            bool confined = ProcFs.StatusField(fields, "Seccomp") == "2";
            bool shadowStack = ProcFs
                .StatusField(fields, "x86_Thread_features")
                .Contains("shstk", StringComparison.Ordinal);
            if (shadowStack && version < new Version(6, 11))
            {
                target.ReturnProbesAllowed = false;
                warn(
                    new Diagnostic(
                        DiagnosticKinds.NoReturnProbes,
                        $"{target.Name} runs with a shadow stack, and this kernel's return probes would kill it",
                        "use Linux 6.11 or later; until then polls are not timed, only sleeps and samples are seen"
                    )
                );
            }
            else if (confined && !(_survives ??= survivesSeccomp()))
            {
                target.ReturnProbesAllowed = false;
                warn(
                    new Diagnostic(
                        DiagnosticKinds.NoReturnProbes,
                        $"{target.Name} is confined by seccomp, and a confined child of ours did not survive a return probe on this kernel",
                        "update the kernel: current ones let the probe's system call pass; until then polls are not timed, only sleeps and samples are seen"
                    )
                );
            }
        }
    }
}
