using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>First stage of a run: the programs learn what to look at, and the probes go on. Nothing counts before Enabled is set.</summary>
internal static class Attachment
{
    /// <exception cref="BpfException">The kernel refused, and not because the process is gone.</exception>
    public static void Make(IKernelProbes kernel, RunTargets targets, int sampleHertz)
    {
        kernel.StartCounting();
        foreach (var target in targets.All)
            SetTypes(kernel, target, first: 0);
        foreach (var target in targets.All)
        {
            if (!TryAdd(kernel, target))
                targets.Lose(
                    target,
                    RunTargets.Ended(target, "while the agent attached", "profile the process that took its place")
                );
        }

        kernel.AttachScheduler(sampleHertz);
        foreach (var target in targets.Watched.ToList())
        {
            try
            {
                target.Probes.Attach(kernel, new HashSet<TaskTypeId>());
                target.Probes.AttachWakes(kernel);
                targets.ReportRefusal(target);
            }
            catch (BpfException) when (!target.IsAlive())
            {
                (target.Gone, target.ToNs) = (true, AgentClock.NowNs);
            }
        }
    }

    /// <returns>False when it is gone.</returns>
    public static bool TryAdd(IKernelProbes kernel, TargetProcess target)
    {
        var threads = kernel.AddTarget(target.Pid, new TargetId((int)target.Number));
        if (threads.Count == 0)
            return false;
        target.Tgid = threads[0].Tgid;
        return true;
    }

    /// <summary>Where a task keeps its id and its scheduler's handle: the handle's address identifies the runtime.</summary>
    /// <param name="first">From which of its types on.</param>
    public static void SetTypes(IKernelProbes kernel, TargetProcess target, int first)
    {
        if (target.Tokio.FromSymbols)
            return;
        for (int i = first; i < target.Tokio.Types.Count; i++)
        {
            var vtable = target.Tokio.Types[i].Vtable;
            kernel.SetType(
                target.Numbers.NumberOf(i),
                new TypeInfo
                {
                    TargetBinary = (uint)target.Id.Index,
                    TaskIdOffset = vtable.TaskIdOffset,
                    SchedulerOffset = vtable.SchedulerOffset,
                }
            );
        }
    }
}
