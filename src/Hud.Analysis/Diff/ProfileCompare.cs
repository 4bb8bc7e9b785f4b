using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Two runs side by side. Pure: the same documents give the same answer.</summary>
public static class ProfileCompare
{
    public static ProfileDiff Compare(ProfileDocument before, ProfileDocument after, DiffTolerance? tolerance = null)
    {
        tolerance ??= new DiffTolerance();
        var hotspots = Match(before.Hotspots, after.Hotspots)
            .Select(pair => Hotspot(before, after, pair.Before, pair.After, tolerance))
            .OrderByDescending(h => h.Counts)
            .ThenByDescending(h => Math.Abs(h.AfterPercent - h.BeforePercent))
            .ThenBy(h => h.Fingerprint, StringComparer.Ordinal)
            .ToList();
        var diff = new ProfileDiff
        {
            Before = Side(before),
            After = Side(after),
            Hotspots = hotspots,
            Waits = WaitCompare.Of(before, after, tolerance),
            Notes = DiffNotes.Of(before, after, hotspots),
        };
        diff = diff with { Outcome = Outcome(diff, tolerance) };
        return diff with { Verdict = DiffNotes.Verdict(diff) };
    }

    /// <summary>By identity; what is left by cause and names, since a new build may change a fingerprint. Where a thread was
    /// put off its CPU is chance: pressure is matched by its task.</summary>
    private static IEnumerable<(Hotspot? Before, Hotspot? After)> Match(
        IReadOnlyList<Hotspot> before,
        IReadOnlyList<Hotspot> after
    )
    {
        var left = after.ToList();
        var unmatched = new List<Hotspot>();
        foreach (var old in before)
        {
            int found = left.FindIndex(h => h.Identity().IsKnown && h.Identity() == old.Identity());
            if (found < 0)
            {
                unmatched.Add(old);
                continue;
            }

            yield return (old, left[found]);
            left.RemoveAt(found);
        }

        foreach (var old in unmatched)
        {
            int found = left.FindIndex(h =>
                h.Cause == old.Cause
                && h.Task == old.Task
                && (h.Cause.IsCpuPressure() || (h.UserFrame == old.UserFrame && h.Function == old.Function))
            );
            yield return (old, found < 0 ? null : left[found]);
            if (found >= 0)
                left.RemoveAt(found);
        }

        foreach (var fresh in left)
            yield return (null, fresh);
    }

    private static HotspotDiff Hotspot(
        ProfileDocument before,
        ProfileDocument after,
        Hotspot? old,
        Hotspot? fresh,
        DiffTolerance tolerance
    )
    {
        var named = fresh ?? old!;
        return new HotspotDiff
        {
            Change =
                old is null ? HotspotChange.New
                : fresh is null ? HotspotChange.Gone
                : Change(old.Percent, fresh.Percent, tolerance),
            Counts = !named.Cause.IsCpuPressure(),
            Fingerprint = named.Fingerprint,
            Cause = named.Cause,
            Category = named.Category,
            Function = named.Function,
            UserFrame = named.UserFrame,
            Location = named.Location,
            Task = named.Task,
            Syscall = named.Syscall,
            Stack = named.Stack,
            BeforePercent = old?.Percent ?? 0,
            AfterPercent = fresh?.Percent ?? 0,
            BeforePerMinute = PerMinute(old?.Count ?? 0, before),
            AfterPerMinute = PerMinute(fresh?.Count ?? 0, after),
            BeforeP99Ns = old?.P99Ns ?? 0,
            AfterP99Ns = fresh?.P99Ns ?? 0,
            BeforeMaxNs = old?.MaxNs ?? 0,
            AfterMaxNs = fresh?.MaxNs ?? 0,
        };
    }

    private static HotspotChange Change(double before, double after, DiffTolerance tolerance)
    {
        double small = Math.Min(before, after),
            large = Math.Max(before, after);
        if (large - small < tolerance.MinPoints || large < small * tolerance.MinRatio)
            return HotspotChange.Same;
        return after > before ? HotspotChange.Worse : HotspotChange.Better;
    }

    /// <summary>
    /// By the total: a service freed of its worst blocker does more work, so that its other hotspots grow, and that must
    /// not hide the gain. A new hotspot of some size still fails.
    /// </summary>
    private static DiffOutcome Outcome(ProfileDiff diff, DiffTolerance tolerance)
    {
        if (diff.Before.VerdictLevel == VerdictLevel.NoData || diff.After.VerdictLevel == VerdictLevel.NoData)
            return DiffOutcome.NotComparable;
        if (diff.Hotspots.Any(h => h.Counts && h.Change == HotspotChange.New && h.AfterPercent >= tolerance.NewPoints))
            return DiffOutcome.Worse;
        return Change(diff.Before.BlockedPercent, diff.After.BlockedPercent, tolerance) switch
        {
            HotspotChange.Worse => DiffOutcome.Worse,
            HotspotChange.Better => DiffOutcome.Better,
            _ => DiffOutcome.Same,
        };
    }

    private static DiffSide Side(ProfileDocument document)
    {
        var s = document.Summary;
        return new DiffSide
        {
            Verdict = document.Verdict,
            VerdictLevel = document.VerdictLevel,
            StartedAt = s.StartedAt,
            ObservedNs = s.ObservedNs,
            BlockedPercent = s.BlockedPercent,
            PollsPerSecond = Math.Round(PerMinute(s.Polls, document) / 60, 1),
            SlowPollsPerMinute = PerMinute(s.SlowPolls, document),
            StallsPerMinute = PerMinute(s.StallCount, document),
            WorstPollNs = s.WorstPollNs,
        };
    }

    private static double PerMinute(long count, ProfileDocument document) =>
        document.Summary.ObservedNs > 0 ? Math.Round(count * 60e9 / document.Summary.ObservedNs, 2) : 0;
}
