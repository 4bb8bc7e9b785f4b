using Hud.Core.Api;

namespace Hud.Operator.Reconcile;

/// <summary>Which targets a status lists: it has a bound, and hundreds of rows have no reader. Pure.</summary>
public static class ShownTargets
{
    /// <param name="outliers">UIDs of pods that differ from their siblings.</param>
    /// <returns>
    /// All in their order where they have room. Else those that failed, then the outliers, then those that lost most; the rest is in counts, and
    /// in the result <see cref="OutputFormat.Targets"/>.
    /// </returns>
    public static IReadOnlyList<TargetStatus> Of(IReadOnlyList<TargetStatus> all, IReadOnlySet<string>? outliers = null)
    {
        if (Fitting(all) == all.Count)
            return all;
        List<TargetStatus> ranked =
        [
            .. all.OrderByDescending(t => t.State == TargetState.Failed)
                .ThenByDescending(t => outliers?.Contains(t.PodUid) == true)
                .ThenByDescending(t => t.BlockedPercent),
        ];
        return ranked[..Fitting(ranked)];
    }

    private static int Fitting(IReadOnlyList<TargetStatus> targets)
    {
        var (count, bytes) = (0, 0);
        while (count < Math.Min(targets.Count, SessionBounds.MaxTargetsShown))
        {
            bytes += StatusSizeLimiter.TargetBytes(targets[count]);
            if (bytes > StatusSizeLimiter.MaxTargetBytes)
                break;
            count++;
        }
        return count;
    }
}
