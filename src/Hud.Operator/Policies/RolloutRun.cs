using Hud.Operator.Entities;

namespace Hud.Operator.Policies;

/// <summary>A session that a rollout made, and which.</summary>
public sealed record RolloutRun(PolicyRun Run, Rollout Rollout)
{
    /// <summary>Those of a workload of this kind and name, also of one that was deleted and made anew; in the order of the runs.</summary>
    public static List<RolloutRun> OfWorkload(PolicyEntity policy, IEnumerable<PolicyRun> runs, Rollout rollout) =>
        All(policy, runs).FindAll(r => r.Rollout.Workload == rollout.Workload);

    public static List<RolloutRun> All(PolicyEntity policy, IEnumerable<PolicyRun> runs) =>
        [
            .. runs.Select(r => Rollout.Of(policy, r.Session) is { } rollout ? new RolloutRun(r, rollout) : null)
                .OfType<RolloutRun>(),
        ];

    /// <summary>The newest that completed before this one, of another revision.</summary>
    /// <param name="runs">The newest first.</param>
    public RolloutRun? Baseline(IEnumerable<RolloutRun> runs) =>
        runs.SkipWhile(r => r.Run != Run)
            .FirstOrDefault(r => r.Run.State == RunState.Completed && r.Rollout.Revision != Rollout.Revision);
}
