using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// The answer in one sentence, the same for one target and for several. Causes are weighed before one of them becomes the
/// headline; "no data" and "no problem" are different answers. Pure.
/// </summary>
public static class Verdict
{
    /// <summary>It is read in a list of sessions and in a terminal's first line.</summary>
    public const int MaxLength = 160;

    /// <summary>Share of worker time, in percent, from which waiting for a CPU is worth a word: any machine has a little.</summary>
    private const double LeastPressure = 1;

    /// <summary>So much more than the other cause that the other is not the headline.</summary>
    private const double Outweighs = 10;

    /// <summary>Share of a runtime's worker time inside polls from which nothing is left for the next task.</summary>
    private const double Saturated = 90;

    public static (VerdictLevel Level, string Text) Of(ProfileDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var worst = document.Hotspots.FirstOrDefault(h => !h.Cause.IsCpuPressure());
        double blocked = worst is null ? 0 : Math.Max(document.Summary.BlockedPercent, worst.Percent);
        double pressure = document.Hotspots.Where(h => h.Cause.IsCpuPressure()).Sum(h => h.Percent);
        var busiest = VerdictParts.BusiestRuntime(document);
        bool isStuck = document.Hotspots.Any(h =>
            !h.Cause.IsCpuPressure() && h is { BeganBefore: > 0, NotReturned: > 0 }
        );
        if (
            !isStuck
            && busiest.Percent >= Saturated
            && blocked * Outweighs < busiest.Percent
            && pressure * 2 < busiest.Percent
        )
            return (VerdictLevel.Saturated, VerdictParts.Saturated(document, busiest, MaxLength));
        if (
            worst is not null
            && (pressure < LeastPressure || blocked >= LeastPressure || pressure <= blocked * Outweighs)
        )
        {
            bool both = pressure >= LeastPressure && pressure * Outweighs >= blocked;
            string rest = both ? $"; {HumanText.Percent(pressure)} more waiting for a CPU" : "";
            return (VerdictLevel.Blocked, VerdictParts.Blocked(document, worst, rest, MaxLength));
        }

        if (pressure >= LeastPressure)
            return (VerdictLevel.Pressure, VerdictParts.Pressure(document, worst, pressure, MaxLength));
        if (
            document.Summary.Polls > 0
            && document.Targets.Where(t => t.Reason == "Starved").ToList() is { Count: > 0 } starved
        )
            return (
                VerdictLevel.Pressure,
                VerdictParts.Cut(VerdictParts.Starved(starved, document.Targets), MaxLength)
            );
        // "all is well" is a claim about every worker
        if (
            document.Targets.Where(t => t.Reason is ProfileBuilder.Unclear or ProfileBuilder.LoadedLate).ToList() is
            { Count: > 0 } unclear
        )
            return (VerdictLevel.NoData, VerdictParts.Cut(VerdictParts.Unclear(document, unclear), MaxLength));
        return document.Summary.Polls == 0 && document.Hotspots.Count == 0
            ? (VerdictLevel.NoData, VerdictParts.Cut(VerdictParts.NoData(document), MaxLength))
            : (VerdictLevel.Healthy, VerdictParts.Healthy(document, pressure));
    }
}
