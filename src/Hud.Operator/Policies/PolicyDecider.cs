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
        var runs = Runs(o);
        var active = runs.Where(r => r.State == RunState.Active && !r.IsLeaving).ToList();
        var due = o.Spec.Suspend ? default : DueRuns.Between(o.Schedule, DoneUntil(o, runs), o.Now);
        var late = due.Newest is { } newest && o.Now - newest > o.Spec.StartingDeadline.ToTimeSpan();
        // where a clock went back, what the sessions say of the past is of another one
        var missed = runs.Exists(r => r.Scheduled > o.Now) ? 0 : due.Count - (due.Newest is null || late ? 0 : 1);
        var wanted = late ? null : due.Newest;

        var notices = new List<PolicyNotice>();
        if (missed > 0 && (late ? due.Newest : due.Before) is { } last)
            notices.Add(Missed(o, missed, last));
        NewRun? create = null;
        if (wanted is { } scheduled)
        {
            if (o.Spec.ConcurrencyPolicy == ConcurrencyPolicy.Forbid && active.Count > 0)
                notices.Add(Waits(o, scheduled, active[0]));
            else
                create = new NewRun(PolicyNames.Session(o.Policy.Name, scheduled), scheduled, missed);
        }
        // as a user would: a session that has begun is suspended and keeps what it has; one that has not would wait for ever
        var replaced = Replaced(o, runs, active);
        return new PolicyDecision
        {
            Status = PolicyStatus.Of(o, runs, missed, create is null ? null : o.Memory.Refusal),
            Create = create,
            Stop = [.. replaced.Where(r => r.HasBegun && !r.IsStopping)],
            Delete = [.. History(o, runs), .. replaced.Where(r => !r.HasBegun)],
            Notices = notices,
            RequeueAfter = Pause(o, wanted, create),
        };
    }

    /// <summary>The sessions that are its runs, the newest first.</summary>
    private static List<PolicyRun> Runs(PolicyObservation o) =>
        [.. o.Sessions.Select(s => PolicyRun.Of(o.Policy, s)).OfType<PolicyRun>().OrderByDescending(r => r.Scheduled)];

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
        o.Spec.ConcurrencyPolicy == ConcurrencyPolicy.Replace && Newest(o, runs) is { } newest
            ? active.FindAll(r => r.Scheduled < newest.Scheduled)
            : [];

    private static PolicyRun? Newest(PolicyObservation o, List<PolicyRun> runs) => runs.Find(r => r.Scheduled <= o.Now);

    /// <summary>Those that are over and more than are to be kept. The newest run stays in any case: it says what is done with.</summary>
    private static List<PolicyRun> History(PolicyObservation o, List<PolicyRun> runs)
    {
        var newest = Newest(o, runs);
        List<PolicyRun> Beyond(RunState state, int limit) =>
            [.. runs.Where(r => r.State == state && !r.IsLeaving).Skip(Math.Max(0, limit)).Where(r => r != newest)];
        return
        [
            .. Beyond(RunState.Completed, o.Spec.SuccessfulSessionsHistoryLimit),
            .. Beyond(RunState.Failed, o.Spec.FailedSessionsHistoryLimit),
        ];
    }

    private static PolicyNotice Missed(PolicyObservation o, long missed, DateTimeOffset last) =>
        new(
            PolicyReasons.RunsMissed,
            PolicyNames.Time(last),
            missed == 1
                ? $"the run of {PolicyNames.Time(last)} was missed: it could not begin within {o.Spec.StartingDeadline}, or before the next was due"
                : $"{(missed >= DueRuns.MaxCount - 1 ? "at least " : "")}{missed} runs were missed, the last of them that of {PolicyNames.Time(last)}",
            Warning: true
        );

    private static PolicyNotice Waits(PolicyObservation o, DateTimeOffset scheduled, PolicyRun active) =>
        new(
            PolicyReasons.RunWaits,
            PolicyNames.Time(scheduled),
            $"the run of {PolicyNames.Time(scheduled)} waits for at most {o.Spec.StartingDeadline}, because session {active.Name} is in progress and concurrencyPolicy is Forbid",
            Warning: false
        );

    private static TimeSpan Pause(PolicyObservation o, DateTimeOffset? wanted, NewRun? create)
    {
        var pause = LongestPause;
        Until(o.Spec.Suspend ? null : o.Schedule.Next(o.Now));
        if (create is null)
            Until(wanted + o.Spec.StartingDeadline.ToTimeSpan());
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
