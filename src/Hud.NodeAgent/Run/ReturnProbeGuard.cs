using Hud.Core.Diagnostics;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>Decides which targets a return probe could kill; those are watched through the scheduler and the clock only.</summary>
/// <param name="version">The kernel's.</param>
/// <param name="status">A process's /proc/PID/status.</param>
/// <param name="reached">The processes that this kernel's probes of a target reach; null when they could not all be looked at.</param>
/// <param name="survivesSeccomp">Whether a confined child of ours lives on after a return probe; asked at most once.</param>
internal sealed class ReturnProbeGuard(
    ProbeMode mode,
    Version version,
    Func<int, string> status,
    Func<TargetProcess, IReadOnlyList<int>?> reached,
    Func<bool> survivesSeccomp
)
{
    private bool? _survives;

    /// <summary>Asks now, for targets that come while others are observed: the answer takes a child and stops all probes for a moment.</summary>
    public void AskBefore()
    {
        if (mode != ProbeMode.SchedOnly)
            _survives ??= survivesSeccomp();
    }

    public void Check(IEnumerable<TargetProcess> targets, Action<Diagnostic> warn)
    {
        if (mode == ProbeMode.SchedOnly)
            return;
        foreach (var target in targets)
        {
            // where probes reach all processes that run the file, a return probe could kill one that isn't a target
            var pids = reached(target);
            var statuses = (pids ?? [target.Pid]).Select(status).ToList();
            bool confined = pids is null || statuses.Exists(s => ProcFs.StatusField(s, "Seccomp") == "2");
            bool shadowStack = statuses.Exists(s =>
                ProcFs.StatusField(s, "x86_Thread_features").Contains("shstk", StringComparison.Ordinal)
            );
            string who = pids is { Count: 1 } ? target.Name : $"{target.Name}, or another process that runs its file,";
            if (shadowStack && version < new Version(6, 11))
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
            else if (confined && !(_survives ??= survivesSeccomp()))
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
