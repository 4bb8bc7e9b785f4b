using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>From what the task names to a process.</summary>
internal static class TargetFinder
{
    private const int MaxLooks = 4;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

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
        var processes = Staying(
            () => Containers.Find(container, spec.PodUid ?? ""),
            found => found.Count > 1 && !Containers.TryChoose(found, spec.ProcessName, out _, out _),
            static () => Thread.Sleep(BetweenLooks)
        );
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

    /// <summary>
    /// A service that starts other programs has a copy of itself for a moment, and then a child: what is gone at a later look is not what a
    /// session means.
    /// </summary>
    /// <param name="isUnclear">Whether another look could help.</param>
    internal static IReadOnlyList<ContainerProcess> Staying(
        Func<IReadOnlyList<ContainerProcess>> find,
        Func<IReadOnlyList<ContainerProcess>, bool> isUnclear,
        Action wait
    )
    {
        var found = find();
        for (int looks = 1; looks < MaxLooks && isUnclear(found); looks++)
        {
            wait();
            var still = find().Select(p => p.Pid).ToHashSet();
            found = [.. found.Where(p => still.Contains(p.Pid))];
        }

        return found;
    }

    private static RefusedTarget Refused(AgentTarget spec, int pid, Diagnostic problem) =>
        new()
        {
            Spec = spec,
            Pid = pid,
            Problem = problem,
        };
}
