using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Operator.LookBack;
using Hud.Operator.Resources;

namespace Hud.Operator.Reconcile;

/// <summary>
/// Decides about a session whose targets are pinned: what to make, what to stop, what the status says. Pure: the same observation
/// gives the same decision, whoever asks and however often.
/// </summary>
public static class SessionDecider
{
    /// <summary>After a gap in our view of the cluster nothing is judged late for so long: an agent may have started meanwhile.</summary>
    public static readonly TimeSpan ViewSettles = TimeSpan.FromSeconds(20);

    public static Decision Decide(Observation o)
    {
        var agents = o.Agents.Select(a => (Agent: a, View: AgentView.Of(a, Seen(o.Status, a.Node), o.Now))).ToList();
        var late = agents.Where(a => IsLate(o, a.View)).ToList();
        var targets = o.Status.Targets.Select(t => Target(o, t, agents, late)).ToList();
        var missing = agents.Where(a => a.View.Phase == AgentPhase.Missing && !late.Contains(a)).ToList();

        var stop = new List<string>();
        var delete = late.Where(a => a.Agent is { Pod: not null, Asked: null }).Select(a => a.Agent.Name).ToList();
        var create = new List<string>();
        if (o.Spec.Suspend)
        {
            // what measures is asked to end and report; what has not begun will not
            stop.AddRange(
                agents
                    .Where(a =>
                        a.View.Phase == AgentPhase.Measuring && a.Agent.Pod?.Spec.ActiveDeadlineSeconds is null or > 1
                    )
                    .Select(a => a.Agent.Name)
            );
            var idle = agents.Where(a => a.View.Phase is AgentPhase.Missing or AgentPhase.Starting).ToList();
            delete.AddRange(idle.Where(a => a.Agent.Pod is not null).Select(a => a.Agent.Name));
            late.AddRange(idle);
            targets =
            [
                .. targets.Select(t =>
                    idle.Exists(a => a.Agent.Node == t.Node)
                        ? TargetProgress.Fail(t, "Suspended", "the session was suspended before the agent had begun")
                        : t
                ),
            ];
        }
        else
        {
            create.AddRange(missing.Select(a => a.Agent.Node));
        }

        var waiting = agents.Exists(a => a.View.Phase != AgentPhase.Ended && !late.Contains(a));
        var conditions = new ConditionSet(o.Status.Conditions, o.Generation, o.Now);
        Schedule(conditions, agents, targets);
        LookBackCondition.Set(conditions, o, [.. agents.Select(a => a.Agent)]);
        var status = o.Status with
        {
            Targets = targets,
            TargetCounts = Counts(o.Status, targets),
            TargetsReady = $"{targets.Count(t => t.State == TargetState.Succeeded)}/{targets.Count}",
        };
        if (!waiting)
            return TerminalStatus.Finish(o, status, conditions, [.. agents.Select(a => a.Agent)]);
        return new Decision
        {
            Status = StatusSizeLimiter.Fit(
                Progress(o, status with { Targets = ShownTargets.Of(targets) }, conditions, agents)
            ),
            Targets = targets,
            Create = create,
            Stop = stop,
            Delete = delete,
            RequeueAfter = Pause(o, agents),
        };
    }

    /// <summary>An agent that watches already is heard from when its time is over.</summary>
    private static TimeSpan Pause(Observation o, List<(AgentObservation Agent, AgentView View)> agents)
    {
        var pause = TimeSpan.FromSeconds(agents.TrueForAll(a => a.View.Phase == AgentPhase.Measuring) ? 5 : 1);
        var left = agents
            .Where(a => a.View.Phase == AgentPhase.Measuring && a.Agent.Asked is not null)
            .Select(a => a.Agent.Asked!.Until - o.Now + TimeSpan.FromMilliseconds(5));
        return left.Prepend(pause).Min();
    }

    /// <summary>An agent was there, or there is nothing on the node that one could be made for.</summary>
    private static bool Seen(ProfilingSessionStatus status, string node)
    {
        var here = status.Targets.Where(t => t.Node == node).ToList();
        return here.Exists(t => t.State is TargetState.Running or TargetState.Succeeded)
            || here.TrueForAll(t => t.State == TargetState.Failed);
    }

    private static bool IsLate(Observation o, AgentView view)
    {
        if (
            view.Phase == AgentPhase.Ended
            || o.Status.StartTime is not { } start
            || o.CurrentFor is not { } current
            || current < ViewSettles
        )
            return false;
        var startBy = start + o.Spec.StartDeadline.ToTimeSpan();
        var endBy = startBy + o.Spec.Duration.ToTimeSpan() + AgentPod.FinishGrace;
        return view.Phase is AgentPhase.Missing or AgentPhase.Starting ? o.Now > startBy : o.Now > endBy;
    }

    private static TargetStatus Target(
        Observation o,
        TargetStatus target,
        List<(AgentObservation Agent, AgentView View)> agents,
        List<(AgentObservation Agent, AgentView View)> late
    )
    {
        var (agent, view) = agents.Find(a => a.Agent.Node == target.Node);
        if (agent is null)
            return target;
        var index = o
            .Status.Targets.Where(t => t.Node == target.Node)
            .TakeWhile(t => t.PodUid != target.PodUid)
            .Count();
        var now = TargetProgress.Update(target, index, agent, view);
        if (!late.Exists(l => l.Agent.Node == target.Node))
            return now;
        // the reason of the wait is the reason of the failure; "still attaching" is none
        return view.Reason is "ImagePull" or "PodRejected" or "Unschedulable" or "NodeNotReady"
            ? TargetProgress.Fail(now, view.Reason, view.Message)
            : TargetProgress.Fail(
                now,
                "Timeout",
                view.Phase is AgentPhase.Missing or AgentPhase.Starting
                        ? $"the agent on {target.Node} did not begin within {o.Spec.StartDeadline}"
                    : agent.Stream.Trouble.Length > 0
                        ? $"the log of the agent on {target.Node} could not be read: {agent.Stream.Trouble}"
                    : $"the agent on {target.Node} did not end in time"
            );
    }

    private static void Schedule(
        ConditionSet conditions,
        List<(AgentObservation Agent, AgentView View)> agents,
        List<TargetStatus> targets
    )
    {
        var stuck = agents
            .FirstOrDefault(a => a.View.Reason is "ImagePull" or "PodRejected" or "Unschedulable" or "NodeNotReady")
            .View;
        if (stuck is not null)
            conditions.Set(ConditionTypes.AgentsScheduled, status: false, stuck.Reason, stuck.Message);
        else if (
            agents.TrueForAll(a => a.View.Phase is AgentPhase.Measuring or AgentPhase.Draining or AgentPhase.Ended)
        )
            conditions.Set(
                ConditionTypes.AgentsScheduled,
                status: true,
                "Running",
                $"{agents.Count} agent{(agents.Count == 1 ? "" : "s")} for {targets.Count} pod{(targets.Count == 1 ? "" : "s")}"
            );
        else
            conditions.Set(
                ConditionTypes.AgentsScheduled,
                status: null,
                "Scheduling",
                agents.FirstOrDefault(a => a.View.Message.Length > 0).View?.Message ?? "agent pods are being made"
            );
    }

    private static ProfilingSessionStatus Progress(
        Observation o,
        ProfilingSessionStatus status,
        ConditionSet conditions,
        List<(AgentObservation Agent, AgentView View)> agents
    )
    {
        var (phase, reason, message) =
            agents.Exists(a => a.View.Phase == AgentPhase.Measuring)
                ? (SessionPhase.Profiling, "Profiling", $"profiling for {o.Spec.Duration}")
            : agents.Exists(a => a.View.Phase == AgentPhase.Draining)
                ? (
                    SessionPhase.Collecting,
                    "Collecting",
                    agents.Find(a => a.View is { Phase: AgentPhase.Draining, Message.Length: > 0 }).View?.Message
                        ?? "reading the agents' reports"
                )
            : agents.Exists(a => a.View.Reason == "Attaching")
                ? (SessionPhase.Scheduling, "Attaching", "attaching to the targets")
            : (SessionPhase.Scheduling, "Scheduling", "starting agents");
        conditions.Set(ConditionTypes.Reconciling, status: true, reason, message);
        conditions.Set(
            ConditionTypes.Ready,
            status: false,
            phase == SessionPhase.Scheduling ? "Pending" : "Profiling",
            message
        );
        var progress = agents
            .Where(a => a.Agent.Stream.Progress is not null)
            .Select(a => a.Agent.Stream.Progress!)
            .ToList();
        if (progress.Count > 0)
        {
            // the same sums as the final report's, over what the agents say now
            var merged = ProfileMerge.Merge([
                .. progress.Select(p => new ProfileDocument
                {
                    Summary = p.Summary,
                    Verdict = p.Verdict,
                    VerdictLevel = p.VerdictLevel,
                    Hotspots = p.Hotspots,
                }),
            ]);
            status = status with
            {
                Verdict = StatusSizeLimiter.Cut(merged.Verdict, 1024),
                Summary = StatusProjection.Summary(merged.Summary, progress.SelectMany(p => p.Tasks)),
                Hotspots = StatusProjection.Hotspots(merged.Hotspots, Math.Min(5, o.Spec.Output.TopHotspots)),
            };
        }
        return status with { Phase = phase, Conditions = conditions.ToList() };
    }

    private static TargetCounts Counts(ProfilingSessionStatus status, List<TargetStatus> targets) =>
        new()
        {
            Matched = status.TargetCounts.Matched,
            Selected = targets.Count,
            Running = targets.Count(t => t.State == TargetState.Running),
            Succeeded = targets.Count(t => t.State == TargetState.Succeeded),
            Failed = targets.Count(t => t.State == TargetState.Failed),
        };
}
