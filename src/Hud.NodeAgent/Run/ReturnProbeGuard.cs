using Hud.Core.Diagnostics;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>Decides which targets a return probe could kill; those are watched through the scheduler and the clock only.</summary>
internal sealed class ReturnProbeGuard(BpfProbes kernel, uint calibrationType, bool pretendUnsafe)
{
    private bool? _survives = pretendUnsafe ? false : null;

    public void Check(IEnumerable<TargetProcess> targets, Action<Diagnostic> warn)
    {
        if (kernel.ProbeMode == ProbeMode.SchedOnly)
            return;
        foreach (var target in targets.Where(t => t.Problem is null))
        {
            string status = ProcFs.ReadText($"/proc/{target.Pid}/status");
            bool confined = ProcFs.StatusField(status, "Seccomp") == "2";
            bool shadowStack = ProcFs
                .StatusField(status, "x86_Thread_features")
                .Contains("shstk", StringComparison.Ordinal);
            if (shadowStack && KernelVersion.Current < new Version(6, 11))
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
            else if (
                confined && !(_survives ??= Calibration.SurvivesSeccomp(kernel, calibrationType, Abi.MaxTargets - 1))
            )
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
