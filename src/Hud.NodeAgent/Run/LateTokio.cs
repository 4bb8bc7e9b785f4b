using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>A library with a Tokio of its own that a target loaded in mid-run.</summary>
/// <param name="TimedFromNs">Since the start of the run; null where its tasks are not timed.</param>
internal sealed record LateLibrary(TargetProcess Target, string Name, long? TimedFromNs);

/// <summary>
/// A plugin may bring a Tokio of its own: its types get numbers from the room that is kept for such, and its polls are timed from then on.
/// </summary>
internal sealed class LateTokio(
    RunTargets targets,
    IKernelProbes kernel,
    RunTotals totals,
    BudgetKeeper budget,
    long startNs
)
{
    /// <summary>Each of a run that follows its targets may load the same ones.</summary>
    private const int MaxSeen = 100;

    private readonly List<LateLibrary> _seen = [];

    public IReadOnlyList<LateLibrary> Seen => _seen;

    public void Look(long nowNs)
    {
        foreach (var (target, file) in Found())
            Keep(new LateLibrary(target, NameOf(file), TryTime(target, file) ? nowNs - startNs : null));
    }

    private void Keep(LateLibrary late)
    {
        if (_seen.Count < MaxSeen)
            _seen.Add(late);
    }

    /// <summary>The last look: it is too late to time anything.</summary>
    public void LookOnce()
    {
        foreach (var (target, file) in Found())
            Keep(new LateLibrary(target, NameOf(file), TimedFromNs: null));
    }

    private IEnumerable<(TargetProcess Target, TokioFile File)> Found()
    {
        foreach (var target in targets.Watched.ToList())
        {
            while (target.FindLateTokio() is { } file)
                yield return (target, file);
        }
    }

    private static string NameOf(TokioFile file) => Path.GetFileName(file.Name);

    private bool TryTime(TargetProcess target, TokioFile file)
    {
        int first = target.Tokio.Types.Count;
        if (kernel.ProbeMode == ProbeMode.SchedOnly || !target.ReturnProbesAllowed || !targets.TryAdd(target, file))
            return false;
        totals.GrowTo(targets.Types);
        Attachment.SetTypes(kernel, target, first);
        try
        {
            return budget.AttachFile(target, target.TokioFiles.Count - 1) && target.ReturnProbesAllowed && !target.Gone;
        }
        catch (BpfException e)
        {
            AgentLog.Write($"{file.Name}: {e.Message}", e.Log);
            return false;
        }
    }
}
