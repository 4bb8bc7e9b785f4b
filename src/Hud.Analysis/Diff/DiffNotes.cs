using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>The words of a comparison: its verdict and what limits it.</summary>
internal static class DiffNotes
{
    /// <summary>Fewer expected occurrences than this and a hotspot may be missing by chance: e^-3 is 5 %.</summary>
    private const double RareCount = 3;

    public static string Verdict(ProfileDiff diff)
    {
        if (diff.Outcome == DiffOutcome.NotComparable)
        {
            bool first = diff.Before.VerdictLevel == VerdictLevel.NoData,
                second = diff.After.VerdictLevel == VerdictLevel.NoData;
            return "NOT COMPARABLE: "
                + (
                    first && second ? "neither run measured anything"
                    : first ? "the first run measured nothing"
                    : "the second run measured nothing"
                );
        }

        string word = diff.Outcome switch
        {
            DiffOutcome.Better => "BETTER",
            DiffOutcome.Worse => "WORSE",
            _ => "NO CHANGE",
        };
        string total =
            $"{HumanText.Percent(diff.Before.BlockedPercent)} -> {HumanText.Percent(diff.After.BlockedPercent)} of worker time lost";
        return $"{word}: {total}{List(diff, HotspotChange.Gone, "gone")}{List(diff, HotspotChange.New, "new")}{List(diff, HotspotChange.Worse, "worse")}{List(diff, HotspotChange.Better, "better")}";
    }

    public static List<string> Of(ProfileDocument before, ProfileDocument after, IReadOnlyList<HotspotDiff> hotspots)
    {
        var notes = new List<string>();
        if (before.Session.Threshold != after.Session.Threshold)
            notes.Add(
                $"the thresholds differ ({before.Session.Threshold}, {after.Session.Threshold}): polls between them are seen on one side only"
            );
        if (before.LookBack is null != after.LookBack is null)
            notes.Add(
                $"the report {(before.LookBack is null ? "after" : "before")} is a look-back, asked for because of what had happened: it is no sample of an ordinary time"
            );
        double was = Rate(before),
            now = Rate(after);
        if (was > 0 && now > 0 && Math.Max(was, now) > 1.5 * Math.Min(was, now))
            notes.Add(
                $"the load differs: {HumanText.Count((long)was)} polls/s before, {HumanText.Count((long)now)} after"
            );
        foreach (var (side, document) in new[] { ("before", before), ("after", after) })
        {
            if (document.Summary.Estimated)
                notes.Add($"the counts {side} are scaled from sampled polls");
            if (document.Losses.Events() > 0)
                notes.Add($"{HumanText.Count(document.Losses.Events())} events were dropped {side}");
        }

        foreach (var gone in hotspots.Where(h => h.Counts && h.Change == HotspotChange.Gone))
        {
            if (gone.BeforePerMinute * after.Summary.ObservedNs / 60e9 < RareCount)
                notes.Add($"{Name(gone)} was rare before, so its absence may be chance");
        }

        return notes;
    }

    private static string List(ProfileDiff diff, HotspotChange change, string word)
    {
        var names = diff.Hotspots.Where(h => h.Counts && h.Change == change).ToList();
        if (names.Count == 0)
            return "";
        string more = names.Count > 2 ? $" and {names.Count - 2} more" : "";
        return $"; {word}: {string.Join(", ", names.Take(2).Select(Name))}{more}";
    }

    /// <summary>The code that changed between the runs: what it called is in the table below.</summary>
    private static string Name(HotspotDiff hotspot)
    {
        string user = hotspot.UserFrame.Length > 0 ? hotspot.UserFrame : hotspot.Function;
        return $"{user}{(hotspot.Location.Length > 0 ? $" ({hotspot.Location})" : "")}";
    }

    private static double Rate(ProfileDocument document) =>
        document.Summary.ObservedNs > 0 ? document.Summary.Polls * 1e9 / document.Summary.ObservedNs : 0;
}
