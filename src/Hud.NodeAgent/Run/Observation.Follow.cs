using Hud.Analysis;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>Targets that come and go while the others are observed.</summary>
internal sealed partial class Observation : ILateTargets
{
    private bool _toldWaiting;

    /// <summary>A target has a row that was not there, or that another process had.</summary>
    public Action<TargetProcess>? Came { get; init; }

    /// <summary>Nothing is watched now; null while something is, or where the run ends then.</summary>
    public WaitingFor? Waiting(long nowNs) =>
        Follower is null || _targets.Watched.Any()
            ? null
            : new WaitingFor
            {
                Name = Follower.Name,
                ForNs = Math.Max(0, nowNs - WaitingFromNs),
                HadOne = _targets.All.Count > 0,
            };

    private long WaitingFromNs => _targets.All.Select(t => t.ToNs).Append(_startNs).Max();

    /// <summary>A run without end makes room for others by ending: whoever started it starts the next.</summary>
    private bool LacksRoom(long nowNs) => _neverEnds && nowNs - _startNs >= MinNs && Follower is { LacksRoom: true };

    private void Follow(long nowNs)
    {
        Follower?.Look(nowNs, this);
        if (_toldWaiting || Waiting(nowNs) is not { } waiting)
            return;
        _toldWaiting = true;
        string who = waiting.Name.Length > 0 ? $"process {waiting.Name}" : "process of the list";
        _log.Warn(
            new Diagnostic(
                DiagnosticKinds.TargetGone,
                waiting.HadOne ? $"no {who} is left: the run waits for the next one" : $"there is no {who} yet",
                "the run goes on when there is one; Ctrl-C, or the end of its time, brings the report"
            )
        );
    }

    bool ILateTargets.TakeIn(TargetProcess late, string key)
    {
        if (!_targets.TryTakeIn(late, key, EndRow))
            return false;
        long now = AgentClock.NowNs;
        (late.FromNs, late.CpuAtStart, late.LastCpu) = (now, ProcFs.CpuTimeNs(late.Pid), ProcFs.CpuTimeNs(late.Pid));
        Totals.GrowTo(_targets.Types);
        Attachment.SetTypes(_kernel, late, first: 0);
        Watch(late);
        if (late.Gone)
            return true;
        _waits.Add(new CpuWaits(late, now));
        Came?.Invoke(late);
        return true;
    }

    /// <summary>The last of a process before another one has its row.</summary>
    /// <returns>The time of its workers.</returns>
    private long EndRow(TargetProcess ended)
    {
        long now = AgentClock.NowNs;
        long workers = Workers()
            .Count(w => w.Target == ended.Id && (w.Polls > 0 || w.Idle) && _workerNames.IsWorker(w.Name));
        _ = Totals.Types; // their names are this process's to give
        Aggregator.CloseOpen(ended.Id);
        _sink.Outside.Forget(ended.Id);
        _parked.RemoveAll(w => w.Target == ended.Id);
        _waits.RemoveAll(w => w.Target == ended.Id);
        Totals.ForgetWorkers(ended.Id);
        return workers * (WatchedNs(ended, now) ?? now - _startNs);
    }

    /// <summary>From here on the programs know the process, its polls are timed, and those that are open are known.</summary>
    private void Watch(TargetProcess target)
    {
        if (!Attachment.TryAdd(_kernel, target))
        {
            (target.Gone, target.ToNs) = (true, AgentClock.NowNs);
            return;
        }

        try
        {
            Budget.TakeIn(target);
        }
        catch (BpfException e)
        {
            AgentLog.Write($"{target.Name} ({target.Pid}): {e.Message}", e.Log);
            target.Probes.Detach();
            target.ReturnProbesAllowed = false;
            Budget.NeverProbe(target);
            _log.Warn(
                new Diagnostic(
                    DiagnosticKinds.NoReturnProbes,
                    $"{target.Name} ({target.Pid}) is not probed: {e.Message}",
                    "only its sleeps and samples are seen; the agent's log has the kernel's answer"
                )
            );
        }

        _targets.ReportRefusal(target);
        _sleepers.Look();
        target.FirstLookNs = (ulong)AgentClock.NowNs;
    }

    void ILateTargets.Settle(TargetProcess ended)
    {
        _events.Drain();
        Totals.Read(_sink.Weights);
        Budget.Keep(Totals.Settle(ended));
        if (!_targets.Watched.Any(t => t.Tgid == ended.Tgid))
            _kernel.RemoveTarget(ended.Tgid); // another process may get its pid
        ended.IsSettled = true;
    }

    void ILateTargets.LetGo(TargetProcess target)
    {
        RunTargets.LetGo(target);
        _kernel.RemoveTarget(target.Tgid);
    }

    void ILateTargets.TakeBack(TargetProcess target)
    {
        (target.Gone, target.ToNs) = (false, 0);
        Watch(target);
    }

    /// <summary>Null for the whole run.</summary>
    private long? WatchedNs(TargetProcess target, long nowNs) =>
        target.MayEnd && (target.FromNs > 0 || target.ToNs > 0)
            ? Math.Max(0, (target.ToNs > 0 ? target.ToNs : nowNs) - Math.Max(target.FromNs, _startNs))
            : null;
}
