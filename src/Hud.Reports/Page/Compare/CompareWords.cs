using Hud.Analysis;

namespace Hud.Reports.Page.Compare;

/// <summary>The enums of a comparison in words, with the colour that repeats them.</summary>
internal static class CompareWords
{
    public static string Outcome(DiffOutcome outcome) =>
        outcome switch
        {
            DiffOutcome.Better => "better",
            DiffOutcome.Worse => "worse",
            DiffOutcome.Same => "no change",
            _ => "not comparable",
        };

    /// <summary>Of the light; grey where nothing can be said.</summary>
    public static string Level(DiffOutcome outcome) =>
        outcome switch
        {
            DiffOutcome.Better => "better",
            DiffOutcome.Worse => "worse",
            DiffOutcome.Same => "same",
            _ => "nodata",
        };

    public static string Change(HotspotChange change) =>
        change switch
        {
            HotspotChange.New => "new",
            HotspotChange.Worse => "worse",
            HotspotChange.Better => "better",
            HotspotChange.Gone => "gone",
            _ => "no change",
        };

    public static string Tone(HotspotDiff hotspot) =>
        !hotspot.Counts ? ""
        : hotspot.Change is HotspotChange.New or HotspotChange.Worse ? "bad"
        : hotspot.Change is HotspotChange.Gone or HotspotChange.Better ? "good"
        : "";
}
