using Hud.Analysis;
using Hud.Core.Diagnostics;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Tokio;

namespace Hud.NodeAgent.Run;

/// <summary>The probes on the polls of one target.</summary>
internal sealed class TargetProbes(TargetProcess target) : IDisposable
{
    private const int PoolNumberShift = 16; // no file has as many types
    private readonly List<PollLinks> _links = [];
    private readonly List<PollLinks> _wakes = [];

    public bool Any => _links.Count > 0;

    public bool OnWakes => _wakes.Count > 0;

    /// <summary>
    /// Probes its polls, all types but those left out. Detaches what was there. Nothing is probed, and <see cref="TargetProcess.Refusal"/> says why,
    /// where the process or the code is not what was read.
    /// </summary>
    /// <exception cref="BpfException" />
    public void Attach(IKernelProbes kernel, IReadOnlySet<TaskTypeId> without)
    {
        Detach();
        Probe(kernel, without, file: null);
    }

    /// <summary>Probes the polls of one more of its files, beside what is probed.</summary>
    /// <exception cref="BpfException" />
    public void AttachFile(IKernelProbes kernel, int file) => Probe(kernel, new HashSet<TaskTypeId>(), file);

    private void Probe(IKernelProbes kernel, IReadOnlySet<TaskTypeId> without, int? file)
    {
        if (!target.ReturnProbesAllowed || kernel.ProbeMode == ProbeMode.SchedOnly)
            return;
        var links = new List<PollLinks>();
        var files = target
            .Tokio.Types.Select((type, i) => (Type: type, Number: target.Numbers.NumberOf(i)))
            .Where(p => (file is null || p.Type.File == file) && !without.Contains(p.Number))
            .GroupBy(p => p.Type.File)
            .ToList();
        var pools = target
            .Tokio.Pool.Select((type, i) => (Type: type, Number: (uint)(target.Id.Index << PoolNumberShift | (i + 1))))
            .GroupBy(p => p.Type.File)
            .Where(p => files.Exists(f => f.Key == p.Key))
            .ToList();
        if (!IsUnchanged(kernel))
            return;
        try
        {
            foreach (var probes in files)
                links.Add(
                    kernel.AttachPolls(
                        target.TokioFiles[probes.Key].OpenPath,
                        probes.Select(p => p.Type.FileOffset).ToArray(),
                        probes.Select(p => (ulong)p.Number.Number).ToArray(),
                        target.Pid
                    )
                );
            foreach (var (type, number) in pools.SelectMany(p => p))
            {
                if (type.IsWorkerLoop)
                    kernel.LearnLoop(number);
            }

            foreach (var pool in pools)
                links.Add(
                    kernel.AttachPool(
                        target.TokioFiles[pool.Key].OpenPath,
                        [.. pool.Select(p => p.Type.FileOffset)],
                        [.. pool.Select(p => p.Number)],
                        target.Pid
                    )
                );
        }
        catch
        {
            links.ForEach(l => l.Dispose());
            throw;
        }

        _links.AddRange(links);
        if (!IsUnchanged(kernel))
            Detach();

        bool IsUnchanged(IKernelProbes kernel) =>
            LooksTheSame()
            && files.TrueForAll(f =>
                SiteCheck.Difference(target.Pid, target.TokioFiles[f.Key], Sites(f), kernel.ReachesOthers)
                    is not { } difference
                || Refuse(difference)
            );

        IProbedCode[] Sites(IGrouping<int, (TaskType Type, TaskTypeId Number)> probed) =>
            [
                .. probed.Select(p => p.Type),
                .. pools.Where(p => p.Key == probed.Key).SelectMany(p => p).Select(p => p.Type),
            ];
    }

    /// <summary>
    /// Probes the wakes of its tasks. Where that can't be, <see cref="TargetProcess.WakesNotTimed"/> says why, and the polls are timed all the same.
    /// </summary>
    public void AttachWakes(IKernelProbes kernel)
    {
        DetachWakes();
        if (!Any || target.Gone)
            return;
        var files = target.Tokio.Wakes.GroupBy(w => w.File).ToList();
        try
        {
            if (!AreUnchanged())
                return;
            foreach (var file in files)
                _wakes.Add(
                    kernel.AttachWakes(
                        target.TokioFiles[file.Key].OpenPath,
                        file.Select(w => w.FileOffset).ToArray(),
                        file.Select(WakeCookie.Of).ToArray(),
                        target.Pid
                    )
                );
            if (!AreUnchanged())
                DetachWakes();
        }
        catch (BpfException e)
        {
            DetachWakes();
            if (target.IsAlive())
                target.WakesNotTimed = $"the kernel refused the probe: {e.Message}";
        }

        bool AreUnchanged()
        {
            foreach (var file in files)
            {
                if (
                    SiteCheck.Difference(target.Pid, target.TokioFiles[file.Key], [.. file], kernel.ReachesOthers) is
                    { } difference
                )
                {
                    target.WakesNotTimed = difference;
                    return false;
                }
            }

            return true;
        }
    }

    public void DetachWakes()
    {
        foreach (var links in _wakes)
            links.Dispose();
        _wakes.Clear();
    }

    private bool LooksTheSame()
    {
        var presence = target.Identity.LookAgain(target.Pid);
        if (presence == Presence.Replaced)
            target.Refusal = target.Replaced();
        return presence == Presence.Same;
    }

    private bool Refuse(string difference)
    {
        target.ReturnProbesAllowed = false;
        target.Refusal = new Diagnostic(
            DiagnosticKinds.NoReturnProbes,
            $"{target.Name} ({target.Pid}) is not probed: {difference}",
            "a breakpoint there could harm a program; only sleeps and samples are seen. Profile it again when its files are in place"
        );
        return false;
    }

    /// <summary>Wakes go with the polls: without these, nothing ends a wait.</summary>
    public void Detach()
    {
        DetachWakes();
        foreach (var links in _links)
            links.Dispose();
        _links.Clear();
    }

    public void Dispose() => Detach();
}
