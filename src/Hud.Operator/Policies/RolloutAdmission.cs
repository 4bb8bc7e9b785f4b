using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>Whether <c>triggers.rollout</c> is within its bounds: the same as the rules of the CRD, for servers that have no CEL. Pure.</summary>
public static class RolloutAdmission
{
    /// <returns>Null when it is; else one of <see cref="PolicyMessages"/>.</returns>
    public static string? Check(RolloutTriggerSpec rollout, TargetSpec target)
    {
        if (
            target.PodSelector is null
            && target.WorkloadRef?.Kind is not ("Deployment" or "StatefulSet" or "DaemonSet")
        )
            return PolicyMessages.RolloutTarget;
        if (rollout.Settle < PolicyBounds.MinSettle || rollout.Settle > PolicyBounds.MaxSettle)
            return PolicyMessages.Settle;
        if (rollout.Cooldown < PolicyBounds.MinCooldown || rollout.Cooldown > PolicyBounds.MaxCooldown)
            return PolicyMessages.RolloutCooldown;
        if (rollout.MaxSessionsPerHour is < PolicyBounds.MinSessionsPerHour or > PolicyBounds.MaxSessionsPerHour)
            return PolicyMessages.RolloutSessionsPerHour;
        if (rollout.SuccessfulSessionsHistoryLimit is < PolicyBounds.MinHistory or > PolicyBounds.MaxHistory)
            return PolicyMessages.RolloutSuccessfulLimit;
        if (rollout.FailedSessionsHistoryLimit is < PolicyBounds.MinHistory or > PolicyBounds.MaxHistory)
            return PolicyMessages.RolloutFailedLimit;
        return rollout.Regression.LostPercent is >= PolicyBounds.MinLostPercent and <= PolicyBounds.MaxLostPercent
            ? null
            : PolicyMessages.LostPercent;
    }
}
