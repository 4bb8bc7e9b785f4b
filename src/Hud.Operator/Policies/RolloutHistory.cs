using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>Which sessions of rollouts go. Pure.</summary>
public static class RolloutHistory
{
    /// <summary>
    /// Those beyond the limits that nothing is compared with: the newest and its baseline stay, and so does what the next rollout will be compared with,
    /// whichever revision that is.
    /// </summary>
    /// <param name="runs">Those that rollouts made, the newest first.</param>
    public static IEnumerable<PolicyRun> Beyond(PolicyObservation o, List<PolicyRun> runs)
    {
        if (runs.Count == 0)
            return [];
        var spec = o.Rollouts ?? NoTrigger;
        var all = RolloutRun.All(o.Policy, runs);
        var kept = new HashSet<PolicyRun> { runs[0] };
        // of the workload that is looked at: a policy whose target changes leaves no sessions behind for ever
        if (all is [var newest, ..])
        {
            var same = all.FindAll(r => r.Rollout.Workload == newest.Rollout.Workload);
            var completed = same.Find(r => r.Run.State == RunState.Completed);
            foreach (var run in (RolloutRun?[])[newest, newest.Baseline(same), completed, completed?.Baseline(same)])
            {
                if (run is not null)
                    kept.Add(run.Run);
            }
        }
        return PolicyDecider
            .Beyond(runs, RunState.Completed, spec.SuccessfulSessionsHistoryLimit)
            .Concat(PolicyDecider.Beyond(runs, RunState.Failed, spec.FailedSessionsHistoryLimit))
            // those of the last hour say how many it may have still, and one of the future is of another clock
            .Where(r => !kept.Contains(r) && o.Now - r.Scheduled > Kept(spec));
    }

    private static TimeSpan Kept(RolloutTriggerSpec spec) =>
        spec.Cooldown?.ToTimeSpan() is { } cooldown && cooldown > Pace.Hour ? cooldown : Pace.Hour;

    /// <summary>Of a policy whose trigger was taken out: what it made is kept to the limits that are usual.</summary>
    private static readonly RolloutTriggerSpec NoTrigger = new();
}
