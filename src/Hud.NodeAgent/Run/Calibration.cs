using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>What probes cost on this machine, measured on a child of the agent with the very programs the target gets.</summary>
internal static class Calibration
{
    /// <summary>Where no child can be started: the figures of a virtual machine, on the high side.</summary>
    internal static readonly ProbeCost Assumed = new(2000, 1000);

    /// <summary>
    /// What a service pays beyond the child: between its polls it works for longer, and more of the caches is its own by then. Of two
    /// programs on one CPU the watched one lost 1.2 times what the child says (<c>Hud.Bench twin 6 10</c>).
    /// </summary>
    private const double Margin = 1.2;

    /// <summary>What an untimed poll costs of a timed one where both of its probes fire.</summary>
    private const double NotTimed = 0.9;

    /// <summary>Some 15 ms. One run differs from the next by some 50 ns of 1,500, less than what the margin is for.</summary>
    private const byte Hundreds = 6;

    /// <param name="type">A poll type of its own, so that the target's counts stay clean.</param>
    /// <exception cref="BpfException">The kernel refuses the links of this probe mode: the next one is tried.</exception>
    public static ProbeCost Measure(BpfProbes kernel, TaskTypeId type, TargetId target)
    {
        if (kernel.ProbeMode == ProbeMode.SchedOnly)
            return new ProbeCost(0, 0);
        using var child = SelfTestChild.Start("cost");
        if (child is null)
            return Assumed;
        var threads = kernel.AddTarget(child.Pid, target);
        kernel.Control.Enabled = 1;
        var links = new List<PollLinks>();
        try
        {
            links.Add(kernel.AttachPolls(child.Path, [child.Offset], [(ulong)type.Number], child.Pid));
            child.Cost(3); // its caches, the predictors, and the kernel's first return probe of a thread
            double? timed = child.Cost(Hundreds),
                skipped = null;
            if (kernel.ProbeMode == ProbeMode.Session)
            {
                links.Add(kernel.AttachSkipping(child.Path, [child.SkipOffset], child.Pid));
                skipped = child.Cost(Hundreds, leftOut: true);
            }

            // with the polls: what ends a wait is a part of what a wake costs
            kernel.SetType(type, new TypeInfo { TaskIdOffset = SelfTestChild.TaskIdOffset });
            kernel.Control.WakeRate = 1;
            links.Add(kernel.AttachWakes(child.Path, [child.Offset], [WakeCookie.Of(SelfTestChild.Wake)], child.Pid));
            double? wake = child.Cost(Hundreds) - timed;
            return Of(timed, skipped, wake);
        }
        finally
        {
            kernel.Control.Enabled = 0;
            kernel.Control.WakeRate = 0;
            if (threads.Count > 0)
                kernel.RemoveTarget(threads[0].Tgid);
            // the kernel waits for its readers before it lets go of a probe; the target need not wait for that too
            ThreadPool.QueueUserWorkItem(static links => links.ForEach(link => link.Dispose()), links, false);
        }
    }

    /// <summary>What two answers of the child mean for a target.</summary>
    /// <param name="timed">ns; null when the child did not answer in time, as on a machine with far too much to do.</param>
    /// <param name="skipped">Null also in modes in which the return probe fires whether its poll is timed or not.</param>
    /// <param name="wake">What a wake adds to its poll.</param>
    internal static ProbeCost Of(double? timed, double? skipped, double? wake = null)
    {
        if (timed is not > 0)
            return Assumed;
        double all = timed.Value * Margin;
        var cost = new ProbeCost(all, Math.Max(0, skipped * Margin ?? all * NotTimed));
        return wake is > 0 ? cost with { WakeNs = wake.Value * Margin } : cost;
    }

    /// <summary>
    /// Since 6.11 a return probe enters the kernel by a system call of its own, and a seccomp filter without that call kills
    /// the process unless the kernel lets it pass; versions do not show it, because fixes are backported. So a confined child goes first.
    /// </summary>
    public static bool SurvivesSeccomp(BpfProbes kernel, TaskTypeId type, TargetId target)
    {
        if (kernel.ProbeMode == ProbeMode.SchedOnly)
            return true;
        using var child = SelfTestChild.Start("seccomp");
        if (child?.Run(1) is null)
            return false; // nothing is known, so nothing is risked
        var threads = kernel.AddTarget(child.Pid, target);
        kernel.Control.Enabled = 1;
        try
        {
            using (kernel.AttachPolls(child.Path, [child.Offset], [(ulong)type.Number], child.Pid))
                return child.Run(1) is not null;
        }
        finally
        {
            kernel.Control.Enabled = 0;
            if (threads.Count > 0)
                kernel.RemoveTarget(threads[0].Tgid);
        }
    }
}
