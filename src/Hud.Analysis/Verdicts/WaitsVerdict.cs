using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Who suffered from a hotspot, for the verdict. Pure.</summary>
internal static class WaitsVerdict
{
    /// <summary>Share of the long waits of a task type, in percent, from which a hotspot made them.</summary>
    private const double MadeThem = 20;

    /// <returns>Words that follow the hotspot's own; null where no task is known to have waited behind it much.</returns>
    public static string? Suffered(ProfileDocument document, Hotspot hotspot)
    {
        var identity = hotspot.Identity();
        var (waits, behind) = document
            .Tasks.Where(t => t.Waits is not null)
            .SelectMany(t => t.Waits!.Behind.Select(b => (t.Waits, Behind: b)))
            .Where(w =>
                identity.IsKnown
                && new HotspotIdentity(w.Behind.Cause, w.Behind.Fingerprint) == identity
                && w.Behind.Percent >= MadeThem
            )
            .OrderByDescending(w => w.Behind.TotalNs)
            .FirstOrDefault();
        if (waits is null)
            return null;
        // a rare wait does not show in the 99th percentile
        string howLong =
            waits.P99Ns >= document.Session.Threshold.Nanoseconds
                ? $"p99 {HumanText.Duration(waits.P99Ns)}"
                : $"up to {HumanText.Duration(waits.MaxNs)}";
        return $"tasks waited {howLong} for a worker, {HumanText.Percent(Math.Round(behind.Percent))} behind it";
    }
}
