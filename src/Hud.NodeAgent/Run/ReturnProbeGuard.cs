using Hud.Core.Diagnostics;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;
using Hud.Profiling.Events;

namespace Hud.NodeAgent.Run;

/// <summary>Decides which targets a return probe could kill; those are watched through the scheduler and the clock only.</summary>
internal sealed class ReturnProbeGuard(KernelSide kernel, uint calibrationType, bool pretendUnsafe)
{
    private const long FindWithinNs = 5_000_000_000;
    private bool? _survives = pretendUnsafe ? false : null;

    public void Check(IEnumerable<TargetProcess> targets, Action<Diagnostic> warn)
    {
        if (kernel.Rung == Rung.SchedOnly)
            return;
        foreach (var target in targets.Where(t => t.Problem is null))
        {
            // where probes reach everybody who runs the file, a return probe could kill a process that nobody asked about
            var reached = FileSharers.Reached(target, kernel.ReachesOthers, AgentClock.NowNs + FindWithinNs);
            var statuses = (reached ?? [target.Pid]).Select(pid => ProcFs.ReadText($"/proc/{pid}/status")).ToList();
            bool confined = reached is null || statuses.Exists(s => ProcFs.StatusField(s, "Seccomp") == "2");
            bool shadowStack = statuses.Exists(s =>
                ProcFs.StatusField(s, "x86_Thread_features").Contains("shstk", StringComparison.Ordinal)
            );
            string who = statuses.Count == 1 ? target.Name : $"{target.Name}, or another process that runs its file,";
            if (shadowStack && KernelVersion.Current < new Version(6, 11))
            {
                target.ReturnProbesAllowed = false;
                warn(
                    new Diagnostic(
                        DiagnosticKinds.NoReturnProbes,
                        $"{who} runs with a shadow stack, and this kernel's return probes would kill it",
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
                        $"{who} is confined by seccomp, and a confined child of ours did not survive a return probe on this kernel",
                        "update the kernel: current ones let the probe's system call pass; until then polls are not timed, only sleeps and samples are seen"
                    )
                );
            }
        }
    }
}
