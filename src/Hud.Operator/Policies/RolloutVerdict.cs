using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Reconcile;

namespace Hud.Operator.Policies;

/// <summary>Whether the session of a revision is worse than that of the revision before, in words. Pure.</summary>
public static class RolloutVerdict
{
    private const int MaxNotes = 3;
    private const int MaxName = 200;

    /// <param name="runs">Of the same workload, the newest first.</param>
    /// <returns>A notice where there is news.</returns>
    public static (RolloutFinding Finding, PolicyNotice? Notice) Of(
        RolloutObservation o,
        RolloutRun now,
        IReadOnlyList<RolloutRun> runs,
        RolloutStatus status
    )
    {
        var after = now.Run.Session.ReadStatus();
        var baseline = now.Baseline(runs);
        status = status with { Session = now.Run.Name, Baseline = baseline?.Run.Name ?? "" };
        switch (now.Run.State)
        {
            case RunState.Active:
                return Unknown(
                    PolicyReasons.SessionInProgress,
                    $"session {now.Run.Name} looks at {now.Rollout.Described}{(baseline is null ? "" : $" and will be compared with {baseline.Run.Name}")}"
                );
            case RunState.Failed:
                return Unknown(
                    PolicyReasons.SessionFailed,
                    $"session {now.Run.Name} of {now.Rollout.Described} failed: {Why(after)}"
                );
        }
        status = status with { BlockedPercent = Lost(after) };
        if (baseline is null)
            return Unknown(PolicyReasons.NoBaseline, NoBaseline(now, runs));
        var before = baseline.Run.Session.ReadStatus();
        status = status with { BaselineBlockedPercent = Lost(before) };

        now.Run.Session.TryReadSpec(out var afterSpec, out _);
        baseline.Run.Session.TryReadSpec(out var beforeSpec, out _);
        var unlisted = StatusProfile.Unlisted(before);
        var least = o.Spec.Regression.LostPercent;
        var diff = ProfileCompare.Compare(
            StatusProfile.Of(beforeSpec, before),
            StatusProfile.Of(afterSpec, after),
            // what the baseline does not list may have been there: only what is more than that is surely new
            new DiffTolerance { MinPoints = least, NewPoints = least + unlisted }
        );
        if (diff.Outcome == DiffOutcome.NotComparable)
            return Unknown(PolicyReasons.NotComparable, NotComparable(now, after, baseline, before));

        var found = diff.Outcome == DiffOutcome.Worse;
        var message =
            $"{(found ? "worse" : diff.Outcome == DiffOutcome.Better ? "better" : "no worse")}: {Lost(now, after)}, {Lost(baseline, before)}{Grew(diff)}{Notes(diff, unlisted, after, before)}";
        var finding = new RolloutFinding(
            found,
            found ? PolicyReasons.Regression : PolicyReasons.NoRegression,
            message,
            status
        );
        // an event lives for an hour; after a restart nobody is told once more
        var isNews = after.CompletionTime is { } ended && (o.Now - ended).Duration() < TimeSpan.FromHours(1);
        return (
            finding,
            isNews
                ? new PolicyNotice(finding.Reason, $"{now.Run.Name}|{baseline.Run.Name}", message, Warning: found)
                : null
        );

        (RolloutFinding, PolicyNotice?) Unknown(string reason, string words) =>
            (new RolloutFinding(IsWorse: null, reason, words, status), null);
    }

    private static string NoBaseline(RolloutRun now, IReadOnlyList<RolloutRun> runs)
    {
        var failed = runs.FirstOrDefault(r =>
            r.Run.State == RunState.Failed && r.Rollout.Revision != now.Rollout.Revision
        );
        return $"{now.Run.Name} of {now.Rollout.Described} has nothing to be compared with"
            + (
                failed is null
                    ? "; the next revision is compared with it"
                    : $": session {failed.Run.Name} of {failed.Rollout.Described} failed: {Why(failed.Run.Session.ReadStatus())}"
            );
    }

    private static string NotComparable(
        RolloutRun now,
        ProfilingSessionStatus after,
        RolloutRun baseline,
        ProfilingSessionStatus before
    )
    {
        var isNow =
            StatusProfile.Of(new ProfilingSessionSpec(), after).VerdictLevel == Core.Profile.VerdictLevel.NoData;
        var (which, status) = isNow ? (now, after) : (baseline, before);
        return $"session {now.Run.Name} cannot be compared with {baseline.Run.Name}: {which.Run.Name} of {which.Rollout.Described} measured nothing: {StatusSizeLimiter.Cut(status.Verdict ?? "", MaxName)}";
    }

    private static string Lost(RolloutRun run, ProfilingSessionStatus status) =>
        $"session {run.Run.Name} of revision {run.Rollout.Revision} lost {HumanText.Percent(Lost(status) ?? 0)} of worker time";

    private static double? Lost(ProfilingSessionStatus status) =>
        status.Summary is { } summary ? StatusSizeLimiter.Percent(summary.BlockedPercent) : null;

    /// <summary>The place that grew most, even where the sum did not.</summary>
    private static string Grew(ProfileDiff diff)
    {
        var worst = diff
            .Hotspots.Where(h => h.Counts && h.Change is HotspotChange.New or HotspotChange.Worse)
            .MaxBy(h => h.AfterPercent - h.BeforePercent);
        if (worst is null)
            return "";
        var name = StatusSizeLimiter.Cut(worst.UserFrame.Length > 0 ? worst.UserFrame : worst.Function, MaxName);
        var place = worst.Location.Length > 0 ? $" ({StatusSizeLimiter.Cut(worst.Location, MaxName)})" : "";
        return worst.Change == HotspotChange.New
            ? $"; the worst is new: {name}{place}, {HumanText.Percent(worst.AfterPercent)}"
            : $"; the worst grew: {name}{place}, {HumanText.Percent(worst.BeforePercent)} -> {HumanText.Percent(worst.AfterPercent)}";
    }

    private static string Notes(
        ProfileDiff diff,
        double unlisted,
        ProfilingSessionStatus after,
        ProfilingSessionStatus before
    )
    {
        List<string> notes = [.. diff.Notes];
        if (unlisted > 0.1)
            notes.Insert(
                0,
                $"what the status before does not list may have taken {HumanText.Percent(unlisted)} at one place"
            );
        foreach (var (side, status) in ((string, ProfilingSessionStatus)[])[("before", before), ("after", after)])
        {
            var lossy = status.Conditions.FirstOrDefault(c =>
                c is { Type: ConditionTypes.ResultsComplete, Status: "False", Reason: "EventsDropped" }
            );
            if (lossy is not null)
                notes.Add($"{side}: {lossy.Message}");
            var failed = status.TargetCounts.Failed;
            if (failed > 0)
                notes.Add($"{side}: {failed} of {status.TargetCounts.Selected} pods gave no profile");
        }
        return notes.Count == 0
            ? ""
            : $"; with care: {string.Join("; ", notes.Take(MaxNotes).Select(n => StatusSizeLimiter.Cut(n, MaxName)))}";
    }

    private static string Why(ProfilingSessionStatus status) =>
        StatusSizeLimiter.Cut(
            status.Conditions.FirstOrDefault(c => c is { Type: ConditionTypes.Failed, Status: "True" })?.Message ?? "",
            MaxName
        );
}
