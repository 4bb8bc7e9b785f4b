using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>A target that was looked into, and what is to be said of it.</summary>
internal sealed record OpenedTarget(Target Target, IReadOnlyList<Diagnostic> Warnings);

/// <summary>What the run does with targets that come and go.</summary>
internal interface ILateTargets
{
    /// <summary>Watches it from here on.</summary>
    /// <returns>False when there is no place for it.</returns>
    bool TakeIn(TargetProcess late, string key);

    /// <summary>Reads what a process left that is gone; its place is free afterwards.</summary>
    void Settle(TargetProcess ended);

    /// <summary>It lives, and is no longer watched.</summary>
    void LetGo(TargetProcess target);

    /// <summary>One that was let go of is wanted again.</summary>
    void TakeBack(TargetProcess target);
}

/// <summary>
/// Follows the wanted targets of a run as they come and go. Their files are read on other threads, so that the records of those that stay are
/// read meanwhile.
/// </summary>
/// <param name="open">Looks into a target; called on another thread.</param>
/// <param name="neverEnds">The run goes on until it is stopped: nothing is given up that is wanted, and nothing kept of what was.</param>
internal sealed class TargetFollower(
    IWantedTargets wanted,
    RunTargets targets,
    Func<AgentTarget, OpenedTarget> open,
    Action<Diagnostic> warn,
    bool neverEnds = false
)
{
    /// <summary>All records of a process are in the buffer by then, and are read.</summary>
    public const long SettleAfterNs = 1_000_000_000;

    private readonly FollowPlan _plan = new(neverEnds);
    private readonly Dictionary<string, Task<OpenedTarget>> _opening = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withoutRow = new(StringComparer.Ordinal);
    private bool _toldNoPlace;
    private bool _toldNoRow;

    /// <summary>What a process must be called to be wanted; empty where a list decides.</summary>
    public string Name => wanted.Name;

    /// <summary>A target that was looked into waits to be taken in.</summary>
    public bool HasOpened => _opening.Values.Any(t => t.IsCompleted);

    /// <summary>A process is wanted for which this run has no row or no numbers; another run would have them from its start.</summary>
    public bool LacksRoom => _withoutRow.Count > 0;

    /// <summary>Files of a target are being read, or wait to be.</summary>
    internal bool IsOpening => _opening.Count > 0;

    /// <summary>Opens those that are wanted at the start, one after the other.</summary>
    public void OpenFirst(long nowNs)
    {
        var list = wanted.Look(nowNs);
        while (Decide(nowNs, list) is { Count: > 0 } due)
        {
            foreach (var target in due)
            {
                var opened = Open(target.Spec);
                targets.Add(opened.Target, target.Key);
                _plan.Opened(target.Key, opened.Target is TargetProcess, nowNs);
            }
        }
    }

    /// <summary>Once a second.</summary>
    public void Look(long nowNs, ILateTargets run)
    {
        Settle(run, nowNs - SettleAfterNs);
        TakeInOpened(nowNs, run);
        var due = Decide(nowNs, wanted.Look(nowNs), run);
        foreach (var target in due)
        {
            if (
                targets.All.FirstOrDefault(t => t.Gone && !t.IsSettled && t.Key == target.Key && IsThere(t)) is
                { } known
            )
            {
                run.TakeBack(known);
                _plan.Opened(target.Key, isWatched: true, nowNs);
            }
            else
                _opening[target.Key] = Task.Factory.StartNew(
                    () => Open(target.Spec),
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                );
        }
    }

    public void TakeInOpened(long nowNs, ILateTargets run)
    {
        foreach (var (key, task) in _opening.Where(o => o.Value.IsCompleted).ToList())
        {
            _opening.Remove(key);
            _plan.Opened(key, TakeIn(key, task, run), nowNs);
        }
    }

    private bool TakeIn(string key, Task<OpenedTarget> task, ILateTargets run)
    {
        if (task.IsFaulted)
        {
            AgentLog.Write($"a target could not be looked into: {task.Exception?.InnerException?.Message}", []);
            return false;
        }

        var (target, warnings) = task.Result;
        if (target is RefusedTarget refused)
        {
            targets.Refuse(refused, key);
            return false;
        }

        var late = (TargetProcess)target;
        if (!late.IsAlive())
            return false;
        // what it comes after may have ended since the last look
        targets.Look();
        Settle(run, long.MaxValue);
        if (!run.TakeIn(late, key))
        {
            if (targets.FreePlaces > 0)
                _withoutRow.Add(key);
            if (!_toldNoRow)
                warn(
                    new Diagnostic(
                        DiagnosticKinds.TooManyTargets,
                        $"{late.Name} ({late.Pid}) is not watched: the run has had {targets.All.Count} processes of other programs, and has room for no further one",
                        neverEnds
                            ? "the run ends by itself for that, once it is a minute old, and the next one has room for all that is wanted"
                            : "start another run; a program that was watched before is taken in all the same"
                    )
                );
            _toldNoRow = true;
            return false;
        }

        _withoutRow.Remove(key);
        foreach (var warning in warnings)
            warn(warning);
        return true;
    }

    private OpenedTarget Open(AgentTarget spec) => open(spec);

    private IReadOnlyList<WantedTarget> Decide(long nowNs, IReadOnlyList<WantedTarget> list, ILateTargets? run = null)
    {
        var watched = targets.Watched.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        var (due, letGo, noPlace) = _plan.Decide(nowNs, list, watched, targets.FreePlaces);
        foreach (var target in targets.Watched.Where(t => letGo.Contains(t.Key)).ToList())
            run?.LetGo(target);
        if (_withoutRow.Count > 0)
            _withoutRow.IntersectWith(list.Select(t => t.Key));
        if (neverEnds)
            targets.ForgetRefused(_plan.IsKnown);
        if (noPlace > 0 && !_toldNoPlace)
        {
            _toldNoPlace = true;
            warn(
                new Diagnostic(
                    DiagnosticKinds.TooManyTargets,
                    $"{noPlace} of {list.Count} processes are not watched: one agent watches {RunTargets.Places} at one time",
                    "choose fewer pods (target.maxPods), or use several sessions; they are taken in when others end"
                )
            );
        }

        return due;
    }

    /// <param name="endedBefore">Ended by then.</param>
    private void Settle(ILateTargets run, long endedBefore)
    {
        foreach (
            var ended in targets
                .All.Where(t => t is { Gone: true, IsSettled: false } && t.ToNs <= endedBefore && !IsThere(t))
                .ToList()
        )
            run.Settle(ended);
    }

    private static bool IsThere(TargetProcess target) => target.Identity.LookAgain(target.Pid) == Presence.Same;
}
