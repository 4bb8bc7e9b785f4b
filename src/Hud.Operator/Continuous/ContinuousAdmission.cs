using Hud.Core.Api;

namespace Hud.Operator.Continuous;

/// <summary>Whether <c>continuous</c> and <c>lookBack</c> are within their bounds: the same as the rules of the CRD, for servers that have no CEL. Pure.</summary>
public static class ContinuousAdmission
{
    /// <returns>Null when they are; else one of <see cref="PolicyMessages"/>.</returns>
    public static string? Check(ProfilingPolicySpec spec)
    {
        if (spec.Session.LookBack is not null)
            return PolicyMessages.SessionLooksBack;
        if (spec.LookBack is { } lookBack)
        {
            if (spec.Continuous is null)
                return PolicyMessages.LookBackNeedsContinuous;
            if (lookBack < PolicyBounds.MinLookBack || lookBack > PolicyBounds.MaxLookBack)
                return PolicyMessages.LookBack;
        }
        if (spec.Continuous is not { } continuous)
            return null;
        if (
            continuous.OverheadBudgetPercent
            is not (>= SessionBounds.MinBudgetPercent and <= SessionBounds.MaxBudgetPercent)
        )
            return PolicyMessages.ContinuousBudget;
        return continuous.RenewAfter < PolicyBounds.MinRenewAfter || continuous.RenewAfter > PolicyBounds.MaxRenewAfter
            ? PolicyMessages.RenewAfter
            : null;
    }
}
