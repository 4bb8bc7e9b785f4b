using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>From what the task names to a process.</summary>
internal static class TargetFinder
{
    /// <summary>The first ones are watched: the BPF programs have a bit for each, and the last bit is the agent's own child.</summary>
    public static (IReadOnlyList<AgentTarget> Watched, IReadOnlyList<AgentTarget> TooMany) Share(
        IReadOnlyList<AgentTarget> all
    ) => ([.. all.Take(Abi.MaxTargets - 1)], [.. all.Skip(Abi.MaxTargets - 1)]);

    public static Target Find(TargetId id, AgentTarget spec, TargetFiles files)
    {
        if (spec.Pid is { } pid)
            return TargetInspector.Inspect(id, spec, pid, files);
        if (spec.ContainerId is { Length: > 0 } container)
            return InContainer(id, spec, container, files);
        return Refused(
            spec,
            0,
            new Diagnostic(
                DiagnosticKinds.NoSuchProcess,
                "the task names neither a pid nor a container",
                "this is a bug in Hud; please report it"
            )
        );
    }

    private static Target InContainer(TargetId id, AgentTarget spec, string container, TargetFiles files)
    {
        var processes = Containers.Find(container, spec.PodUid ?? "");
        if (processes.Count == 0)
        {
            return Refused(
                spec,
                0,
                new Diagnostic(
                    DiagnosticKinds.TargetGone,
                    $"container {spec.Container} of pod {spec.Pod} no longer has a process on this node",
                    "the pod was deleted or its container restarted before the agent attached; create a new session"
                )
            );
        }

        if (!Containers.TryChoose(processes, spec.ProcessName, out var chosen, out string problem))
            return Refused(
                spec,
                0,
                new Diagnostic(
                    DiagnosticKinds.SeveralProcesses,
                    problem,
                    "set target.processName to the process that runs Tokio"
                )
            );
        var target = TargetInspector.Inspect(id, spec, chosen.Pid, files);
        // a pid that was given to another process between the two looks is not the container's
        return Containers.IsMember(ProcFs.ReadText($"/proc/{chosen.Pid}/cgroup", 1 << 16), container, spec.PodUid ?? "")
            ? target
            : Refused(
                spec,
                chosen.Pid,
                new Diagnostic(
                    DiagnosticKinds.TargetGone,
                    $"{chosen.Name} ended while the agent attached",
                    "create a new session"
                )
            );
    }

    private static RefusedTarget Refused(AgentTarget spec, int pid, Diagnostic problem) =>
        new()
        {
            Spec = spec,
            Pid = pid,
            Problem = problem,
        };
}
