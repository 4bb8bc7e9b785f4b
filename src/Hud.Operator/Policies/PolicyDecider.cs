using Hud.Core.Api;
using Hud.Kubernetes;

namespace Hud.Operator.Policies;

/// <summary>
/// Decides about a policy: which session to make, which to stop, which to delete, what the status says. Pure, and without a memory that matters: which
/// runs were made is what the sessions say that the policy owns, by their names.
/// </summary>
public static class PolicyDecider
{
    /// <summary>A clock that was set is noticed within this time: timers know nothing of it.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>After the API server refused a session.</summary>
    public static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(15);

    public static PolicyDecision Decide(PolicyObservation o)
    {
        var all = PolicyRun.All(o.Policy, o.Sessions);
        // what a trigger made is neither in the way of a run nor replaced by it
        var runs = all.FindAll(r => r.IsOfSchedule);
        var active = runs.FindAll(r => r.State == RunState.Active && !r.IsLeaving);
        var (spec, schedule) = (o.Spec ?? NoSchedule, o.Schedule);
        var due = spec.Suspend || schedule is null ? default : DueRuns.Between(schedule, DoneUntil(o, runs), o.Now);
        var late = due.Newest is { } newest && o.Now - newest > spec.StartingDeadline.ToTimeSpan();
        // where a clock went back, what the sessions say of the past is of another one
        var missed = runs.Exists(r => r.Scheduled > o.Now) ? 0 : due.Count - (due.Newest is null || late ? 0 : 1);
        var wanted = late ? null : due.Newest;

        var notices = new List<PolicyNotice>();
        if (missed > 0 && (late ? due.Newest : due.Before) is { } last)
            notices.Add(Missed(spec, missed, last));
        NewRun? create = null;
        if (wanted is { } scheduled)
        {
            if (spec.ConcurrencyPolicy == ConcurrencyPolicy.Forbid && active.Count > 0)
                notices.Add(Waits(spec, scheduled, active[0]));
            else
                create = new NewRun(PolicyNames.Session(o.Policy.Name, scheduled), scheduled, missed);
        }
        // as a user would: a session that has begun is suspended and keeps what it has; one that has not would wait for ever
        var replaced = spec.ConcurrencyPolicy == ConcurrencyPolicy.Replace ? Replaced(o, runs, active) : [];
        return new PolicyDecision
        {
            Status = PolicyStatus.Of(o, all, missed, create is null ? null : o.Memory.Refusal),
            Create = create,
            Stop = [.. replaced.Where(r => r.HasBegun && !r.IsStopping)],
            Delete =
            [
                .. History(o, spec, runs),
                .. AlertDecider.History(o, all.FindAll(r => r.IsOfAlert)),
                .. RolloutHistory.Beyond(o, all.FindAll(r => r.IsOfRollout)),
                .. replaced.Where(r => !r.HasBegun),
            ],
            Notices = notices,
            RequeueAfter = Pause(o, wanted, create),
        };
    }

    /// <summary>Of a policy that has none: nothing is due, and what it made when it had one is kept to the limits that are usual.</summary>
    private static readonly ScheduleSpec NoSchedule = new();

    /// <summary>
    /// All that was due by then is done with: made, or never to be made. Nothing of it is later than now, whatever clock it was written by: a run of the
    /// future must not keep those before it from being made.
    /// </summary>
    private static DateTimeOffset DoneUntil(PolicyObservation o, List<PolicyRun> runs)
    {
        var created = o.Policy.Metadata.CreationTimestamp.AsOffset();
        var done = created is { } c && c <= o.Now ? c : o.Memory.Seen;
        foreach (var other in (DateTimeOffset?[])[Newest(o, runs)?.Scheduled, o.Memory.Since, o.Memory.Done])
        {
            if (other is { } time && time <= o.Now && time > done)
                done = time;
        }
        return done;
    }

    /// <summary>Those in progress that a newer run is to take the place of. It is there already: what replaces nothing stops nothing.</summary>
    private static List<PolicyRun> Replaced(PolicyObservation o, List<PolicyRun> runs, List<PolicyRun> active) =>
        Newest(o, runs) is { } newest ? active.FindAll(r => r.Scheduled < newest.Scheduled) : [];

    private static PolicyRun? Newest(PolicyObservation o, List<PolicyRun> runs) => runs.Find(r => r.Scheduled <= o.Now);

    /// <summary>Those that are over and more than are to be kept. The newest run stays in any case: it says what is done with.</summary>
    private static List<PolicyRun> History(PolicyObservation o, ScheduleSpec spec, List<PolicyRun> runs)
    {
        var newest = Newest(o, runs);
        return
        [
            .. Beyond(runs, RunState.Completed, spec.SuccessfulSessionsHistoryLimit).Where(r => r != newest),
            .. Beyond(runs, RunState.Failed, spec.FailedSessionsHistoryLimit).Where(r => r != newest),
        ];
    }

    /// <param name="runs">The newest first.</param>
    internal static IEnumerable<PolicyRun> Beyond(List<PolicyRun> runs, RunState state, int limit) =>
        runs.Where(r => r.State == state && !r.IsLeaving).Skip(Math.Max(0, limit));

    private static PolicyNotice Missed(ScheduleSpec spec, long missed, DateTimeOffset last) =>
        new(
            PolicyReasons.RunsMissed,
            PolicyNames.Time(last),
            missed == 1
                ? $"the run of {PolicyNames.Time(last)} was missed: it could not begin within {spec.StartingDeadline}, or before the next was due"
                : $"{(missed >= DueRuns.MaxCount - 1 ? "at least " : "")}{missed} runs were missed, the last of them that of {PolicyNames.Time(last)}",
            Warning: true
        );

    private static PolicyNotice Waits(ScheduleSpec spec, DateTimeOffset scheduled, PolicyRun active) =>
        new(
            PolicyReasons.RunWaits,
            PolicyNames.Time(scheduled),
            $"the run of {PolicyNames.Time(scheduled)} waits for at most {spec.StartingDeadline}, because session {active.Name} is in progress and concurrencyPolicy is Forbid",
            Warning: false
        );

    private static TimeSpan Pause(PolicyObservation o, DateTimeOffset? wanted, NewRun? create)
    {
        var pause = LongestPause;
        Until(o.Spec is { Suspend: false } ? o.Schedule?.Next(o.Now) : null);
        Until(o.Rollout?.LookAgain);
        if (create is null)
            Until(wanted + o.Spec?.StartingDeadline.ToTimeSpan());
        else if (o.Memory.Refusal is not null && RefusedPause < pause)
            pause = RefusedPause;
        return pause;

        void Until(DateTimeOffset? time)
        {
            // a moment later, so that a deadline is over and a timer that is early does not look twice
            if (time is { } t && t - o.Now + TimeSpan.FromMilliseconds(5) is var left && left < pause)
                pause = left;
        }
    }
}
