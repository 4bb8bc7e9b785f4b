using Hud.Core.Api;
using Hud.Operator.Alerts;

namespace Hud.Operator.Policies;

/// <summary>
/// Decides which of a policy's alerts makes a session. Pure. What was made is what the sessions say that the policy owns, by their names and by the
/// time that the server made them, never the status; so sessions of the last hour are kept whatever the history's limits are.
/// </summary>
public static class AlertDecider
{
    /// <summary>
    /// An alert that has fired for longer makes no session. Alertmanager sends one again for as long as it fires, days later and with nothing that says
    /// so; the session of its first hour may be gone by then.
    /// </summary>
    public static readonly TimeSpan OldestStart = TimeSpan.FromHours(1);

    /// <summary>How far the clock of Prometheus may be ahead of ours.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>As long as an alert could make a session again: from its start, which the session may precede by <see cref="Ahead"/>.</summary>
    public static readonly TimeSpan Kept = OldestStart + Ahead;

    public static AlertDecision Decide(AlertObservation o)
    {
        var made = o.Made.Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
        NewRun? create = null;
        var leftOut = new List<AlertLeftOut>();
        foreach (var alert in o.Alerts.OrderBy(a => a.StartsAt).ThenBy(a => a.Incident, StringComparer.Ordinal))
        {
            var name = PolicyNames.AlertSession(o.Policy.Name, o.Policy.Uid, alert.Incident);
            if (made.Contains(name))
                leftOut.Add(new AlertLeftOut(alert, AlertOutcome.Repeated));
            else if ((OutOfTime(o, alert) ?? InTheWay(o, alert, create)) is { } why)
                leftOut.Add(why);
            else if (alert.Pod is not null && o.Pods is null)
                return new AlertDecision { NeedsPods = true };
            else if (NotSelected(o, alert) is { } none)
                leftOut.Add(none);
            else
                create = new NewRun(name, o.Now, 0) { Alert = alert };
        }
        return new AlertDecision { Create = create, LeftOut = leftOut };
    }

    /// <summary>Those beyond the limits that say nothing any more about what may be made. The newest stays: it says how long the cooldown is.</summary>
    /// <param name="runs">Those that alerts made, the newest first.</param>
    public static IEnumerable<PolicyRun> History(PolicyObservation o, List<PolicyRun> runs)
    {
        var spec = o.Alert ?? NoTrigger;
        return PolicyDecider
            .Beyond(runs, RunState.Completed, spec.SuccessfulSessionsHistoryLimit)
            .Concat(PolicyDecider.Beyond(runs, RunState.Failed, spec.FailedSessionsHistoryLimit))
            // one of the future is of another clock, and counts as soon as that is ours again
            .Where(r => r != runs[0] && o.Now - r.Scheduled > Kept);
    }

    /// <summary>What this leader made and what the view shows, each once, as long as it matters.</summary>
    public static IReadOnlyList<MadeSession> Made(PolicyObservation o)
    {
        var seen = PolicyRun
            .All(o.Policy, o.Sessions)
            .Where(r => r.IsOfAlert)
            .Select(r => new MadeSession(r.Name, r.Scheduled));
        return
        [
            .. seen.Concat(o.Memory.ByAlert)
                .DistinctBy(m => m.Name, StringComparer.Ordinal)
                .Where(m => (o.Now - m.At).Duration() <= Longest),
        ];
    }

    private static readonly TimeSpan Longest = PolicyBounds.MaxCooldown.ToTimeSpan();

    /// <summary>Of a policy whose trigger was taken out: what it made is kept to the limits that are usual.</summary>
    private static readonly AlertTriggerSpec NoTrigger = new();

    private static AlertLeftOut? OutOfTime(AlertObservation o, PendingAlert alert)
    {
        if (o.Spec.Suspend)
            return new AlertLeftOut(alert, AlertOutcome.Suspended);
        var age = o.Now - alert.StartsAt;
        if (age <= OldestStart && age >= -Ahead)
            return null;
        return new AlertLeftOut(
            alert,
            AlertOutcome.OutOfTime,
            PolicyReasons.AlertOutOfTime,
            Minute(o.Now),
            age > OldestStart
                ? $"it has fired since {PolicyNames.Time(alert.StartsAt)}, which is longer than an hour"
                : $"it begins at {PolicyNames.Time(alert.StartsAt)}, and by the operator's clock it is {PolicyNames.Time(o.Now)}"
        );
    }

    /// <summary>The session that this alert would come too soon after, or those that use up the hour.</summary>
    private static AlertLeftOut? InTheWay(AlertObservation o, PendingAlert alert, NewRun? create)
    {
        if (create is not null)
            return InCooldown(o, alert, create.Name, o.Now);
        return Pace.Held(o.Made, o.Spec.Cooldown, o.Spec.MaxSessionsPerHour, o.Now) switch
        {
            null => null,
            { IsCooldown: true, Last: var last } => InCooldown(o, alert, last.Name, last.At),
            var held => new AlertLeftOut(
                alert,
                AlertOutcome.Limit,
                PolicyReasons.AlertOverLimit,
                held.Last.Name,
                $"alerts made {held.Count} sessions within the last hour, and triggers.alert.maxSessionsPerHour is {o.Spec.MaxSessionsPerHour}"
            ),
        };
    }

    private static AlertLeftOut InCooldown(AlertObservation o, PendingAlert alert, string session, DateTimeOffset at) =>
        new(
            alert,
            AlertOutcome.Cooldown,
            PolicyReasons.AlertInCooldown,
            session,
            $"session {session} was made at {PolicyNames.Time(at)}, and triggers.alert.cooldown is {o.Spec.Cooldown}"
        );

    private static AlertLeftOut? NotSelected(AlertObservation o, PendingAlert alert)
    {
        if (alert.Pod is not { } pod)
            return null;
        var containers = o.Pods!.GetValueOrDefault(pod);
        if (
            containers is not null
            && (alert.Container is not { } asked || containers.Contains(asked, StringComparer.Ordinal))
        )
            return null;
        return new AlertLeftOut(
            alert,
            AlertOutcome.PodNotSelected,
            PolicyReasons.AlertPodNotSelected,
            Minute(o.Now),
            containers is null
                ? "no pod of this name is among those that session.target selects now"
                : $"the pod has no container {Reconcile.StatusSizeLimiter.Cut(alert.Container!, 63)} to profile"
        );
    }

    /// <summary>However many there are, one event a minute tells of them.</summary>
    private static string Minute(DateTimeOffset now) =>
        PolicyNames.Time(new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMinute), TimeSpan.Zero));
}
