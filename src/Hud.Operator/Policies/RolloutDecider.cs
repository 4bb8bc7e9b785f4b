using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>
/// Decides about the newest rollout of a policy's target: whether a session of it is to be made, and whether it is worse than the revision before. Pure.
/// What was made is what the sessions say that the policy owns, by their names, never the status.
/// </summary>
public static class RolloutDecider
{
    /// <summary>
    /// A rollout that ended longer ago, and that nobody saw, makes no session: what was rolled out while no operator ran is told. But for the first of
    /// a workload, whatever its age: something has to be compared with.
    /// </summary>
    public static readonly TimeSpan Oldest = TimeSpan.FromHours(1);

    /// <summary>A session that was just made may not be in view yet.</summary>
    private static readonly TimeSpan ViewPause = TimeSpan.FromSeconds(15);

    public static RolloutDecision Decide(RolloutObservation o)
    {
        var status = new RolloutStatus { Workload = o.Sight.Workload, WorkloadGeneration = o.Sight.Generation };
        if (o.Sight.Target is not { } target)
            return new RolloutDecision
            {
                Finding = new RolloutFinding(IsWorse: null, Reason(o.Sight.State), Message(o.Sight), status),
                Memory = o.Memory,
            };
        var rollout = target.Rollout;
        status = status with { Revision = rollout.Revision };
        var name = PolicyNames.RolloutSession(o.Policy.Name, o.Policy.Uid, rollout);
        var runs = RolloutRun.OfWorkload(o.Policy, o.Runs, rollout);
        if (runs.Find(r => r.Run.Name == name) is { } there)
        {
            var (finding, notice) = RolloutVerdict.Of(o, there, runs, status);
            return new RolloutDecision
            {
                Finding = finding,
                Notices = notice is null ? [] : [notice],
                Memory = o.Memory with { Wanted = name },
            };
        }
        return Missing(o, target, name, runs, status);
    }

    /// <summary>The revision has no session.</summary>
    private static RolloutDecision Missing(
        RolloutObservation o,
        RolloutTarget target,
        string name,
        List<RolloutRun> runs,
        RolloutStatus status
    )
    {
        var rollout = target.Rollout;
        if (o.Memory.Made.LastOrDefault(m => m.Name == name) is { } own)
            return o.Now - own.At < ViewPause
                ? Wait(PolicyReasons.SessionInProgress, $"the session of {rollout.Described}, {name}, has been made")
                : Wait(
                    PolicyReasons.SessionDeleted,
                    $"the session of {rollout.Described}, {name}, is not there any more"
                );
        // one that this leader waits for does not become too old by that
        if (runs.Count > 0 && o.Memory.Wanted != name && o.Now - o.Sight.NewestPod > Oldest)
        {
            var missed =
                $"{rollout.Described} was rolled out by {PolicyNames.Time(o.Sight.NewestPod)}, more than an hour before the operator saw it, and makes no session";
            var told = o.Now - o.Sight.NewestPod < TimeSpan.FromDays(1);
            return Wait(PolicyReasons.RolloutMissed, missed) with
            {
                Notices = told ? [new PolicyNotice(PolicyReasons.RolloutMissed, name, missed, Warning: true)] : [],
            };
        }
        var memory = Remembered();
        var begins = memory.ReadyAt + o.Spec.Settle.ToTimeSpan();
        if (o.Now < begins)
            return Wait(
                PolicyReasons.Settling,
                $"{rollout.Described} is rolled out; its session begins at {PolicyNames.Time(begins)}",
                begins
            );
        var made = o
            .Runs.Select(r => new MadeSession(r.Name, r.Scheduled))
            .Concat(memory.Made)
            .DistinctBy(m => m.Name, StringComparer.Ordinal)
            .ToList();
        if (Pace.Held(made, o.Spec.Cooldown, o.Spec.MaxSessionsPerHour, o.Now) is { } held)
            return held.IsCooldown
                ? Wait(
                    PolicyReasons.InCooldown,
                    $"{rollout.Described} waits until {PolicyNames.Time(held.Until)}: session {held.Last.Name} was made at {PolicyNames.Time(held.Last.At)}, and triggers.rollout.cooldown is {o.Spec.Cooldown}",
                    held.Until
                )
                : Wait(
                    PolicyReasons.OverLimit,
                    $"{rollout.Described} waits until {PolicyNames.Time(held.Until)}: rollouts made {held.Count} sessions within the last hour, and triggers.rollout.maxSessionsPerHour is {o.Spec.MaxSessionsPerHour}",
                    held.Until
                );
        var create = new NewRun(name, o.Now, 0) { Rollout = target };
        return Wait(PolicyReasons.SessionInProgress, $"the session of {rollout.Described} is being made") with
        {
            Create = create,
        };

        RolloutDecision Wait(string reason, string message, DateTimeOffset? until = null) =>
            new()
            {
                Finding = new RolloutFinding(IsWorse: null, reason, message, status, until),
                Memory = reason is PolicyReasons.RolloutMissed or PolicyReasons.SessionDeleted
                    ? o.Memory
                    : Remembered(),
            };

        // by a clock that is ahead of the nodes' or behind: never longer than asked for
        RolloutMemory Remembered() =>
            o.Memory.Wanted == name
                ? o.Memory
                : o.Memory with
                {
                    Wanted = name,
                    ReadyAt = o.Sight.ReadyAt < o.Now ? o.Sight.ReadyAt : o.Now,
                };
    }

    private static string Reason(RolloutState state) =>
        state switch
        {
            RolloutState.NoWorkload => PolicyReasons.NoWorkload,
            RolloutState.SeveralWorkloads => PolicyReasons.SeveralWorkloads,
            RolloutState.NoPods => PolicyReasons.NoPods,
            _ => PolicyReasons.RolloutInProgress,
        };

    private static string Message(RolloutSight sight) =>
        sight.State == RolloutState.InProgress
            ? $"the rollout of {sight.Workload.Replace('/', ' ')} has not ended: {sight.Message}"
            : sight.Message;
}
