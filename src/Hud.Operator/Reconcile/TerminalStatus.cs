using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Operator.LookBack;

namespace Hud.Operator.Reconcile;

/// <summary>The last status of a session. Pure.</summary>
public static class TerminalStatus
{
    /// <summary>Percent of frames. The rest is the usual: hand-written assembly, thunks, the dynamic linker. A release build without lines has its names.</summary>
    private const int EnoughNames = 90;

    /// <summary>All targets have ended, one way or another.</summary>
    public static Decision Finish(
        Observation o,
        ProfilingSessionStatus status,
        ConditionSet conditions,
        IReadOnlyList<AgentObservation> agents
    )
    {
        var opened = agents
            .Where(a => a.Stream.Profile is not null)
            .Select(a => (a.Node, Profile: a.Stream.Profile!.Open()))
            .ToList();
        var merged = opened.Count == 0 ? null : ProfileMerge.Merge([.. opened.Select(p => p.Profile)]);
        var succeeded = status.TargetCounts.Succeeded;
        var all = status.Targets;
        var failed = all.Where(t => t.State == TargetState.Failed).ToList();

        IReadOnlyList<Outlier> outliers = merged is null ? [] : Outliers.Of(merged, SessionBounds.MaxOutliersShown);
        status = status with
        {
            Targets = ShownTargets.Of(
                all,
                outliers.Select(i => merged!.Targets[i.Target].PodUid ?? "").ToHashSet(StringComparer.Ordinal)
            ),
        };
        if (merged is not null)
        {
            status = status with
            {
                Outliers = StatusProjection.Outliers(outliers),
                Images = StatusProjection.Images(ImageGroups.Of(merged)),
                Verdict = StatusSizeLimiter.Cut(merged.Verdict, 1024),
                Summary = StatusProjection.Summary(merged.Summary, merged.Tasks),
                Hotspots = StatusProjection.Hotspots(merged.Hotspots, o.Spec.Output.TopHotspots),
            };
            Losses(conditions, merged, agents);
        }
        status = LookBackCondition.Finish(status, conditions, o, opened);
        Judge(conditions, o.Spec.Expect, merged);

        if (succeeded > 0)
        {
            var whole = failed.Count == 0;
            status = Completed(
                o,
                status,
                conditions,
                whole ? "AllTargetsProfiled" : "PartialTargets",
                whole
                    ? $"{succeeded} of {succeeded} targets profiled"
                    : $"{succeeded} of {all.Count} targets profiled; {failed[0].Pod}: {failed[0].Message}"
            );
        }
        else
        {
            // the most frequent reason speaks for the session; each target keeps its own
            var reason = failed
                .GroupBy(t => t.Reason, StringComparer.Ordinal)
                .OrderByDescending(g => g.Count())
                .First();
            var first = reason.First();
            var message =
                failed.Count == 1
                    ? $"{first.Pod}: {first.Message}"
                    : $"{failed.Count} targets failed, {reason.Count()} with {reason.Key}; {first.Pod}: {first.Message}";
            status = Failed(
                status,
                conditions,
                o.Now,
                reason.Key.Length > 0 ? reason.Key : "AgentCrashed",
                message,
                expect: null
            );
        }
        return new Decision
        {
            Status = StatusSizeLimiter.Fit(status),
            Targets = all,
            Finished = true,
            Profile = merged,
        };
    }

    /// <summary>A finished session whose spec changed: that is seen, and changes nothing. Waits that ask for the newest generation end with it.</summary>
    public static ProfilingSessionStatus Observed(ProfilingSessionStatus status, long generation) =>
        status with
        {
            ObservedGeneration = generation,
            Conditions = [.. status.Conditions.Select(c => c with { ObservedGeneration = generation })],
        };

    /// <summary>The status of a session that ends without a result.</summary>
    /// <param name="expect">What the session expects, if that is still to be judged: nothing was seen of it.</param>
    public static ProfilingSessionStatus Failed(
        ProfilingSessionStatus status,
        ConditionSet conditions,
        DateTimeOffset now,
        string reason,
        string message,
        ExpectSpec? expect
    )
    {
        Judge(conditions, expect, profile: null);
        conditions.Remove(ConditionTypes.Reconciling);
        conditions.Set(ConditionTypes.Stalled, status: true, StalledReason(reason), message);
        conditions.Set(ConditionTypes.Ready, status: false, "Failed", message);
        conditions.Set(ConditionTypes.Failed, status: true, reason, message);
        return status with
        {
            Phase = SessionPhase.Failed,
            CompletionTime = ConditionSet.Seconds(now),
            Verdict = string.IsNullOrEmpty(status.Verdict)
                ? StatusSizeLimiter.Cut($"NO DATA: {message}", 1024)
                : status.Verdict,
            Conditions = conditions.ToList(),
        };
    }

    private static ProfilingSessionStatus Completed(
        Observation o,
        ProfilingSessionStatus status,
        ConditionSet conditions,
        string reason,
        string message
    )
    {
        conditions.Remove(ConditionTypes.Reconciling);
        conditions.Set(ConditionTypes.Ready, status: true, "Completed", message);
        conditions.Set(ConditionTypes.Complete, status: true, reason, message);
        return status with
        {
            Phase = SessionPhase.Completed,
            CompletionTime = ConditionSet.Seconds(o.Now),
            Conditions = conditions.ToList(),
        };
    }

    /// <summary>The API server will not have some of the files; what was found stands in the status all the same.</summary>
    public static ProfilingSessionStatus NotStored(
        ProfilingSessionStatus final,
        long generation,
        DateTimeOffset now,
        int wanted,
        string refused
    )
    {
        var conditions = new ConditionSet(final.Conditions, generation, now);
        conditions.Set(
            ConditionTypes.ResultsComplete,
            status: false,
            "ResultsRefused",
            $"{wanted - final.Results.Count} of {wanted} result files could not be stored: {refused}"
        );
        return final with { Conditions = conditions.ToList() };
    }

    private static void Judge(ConditionSet conditions, ExpectSpec? expect, ProfileDocument? profile)
    {
        if (Expectations.Judge(expect, profile) is { } judged)
            conditions.Set(ConditionTypes.ExpectationsMet, judged.Met, judged.Reason, judged.Message);
    }

    private static void Losses(ConditionSet conditions, ProfileDocument profile, IReadOnlyList<AgentObservation> agents)
    {
        var lost = profile.Losses.Events();
        var lines = agents.Sum(a => a.Stream.MissingLines + a.Stream.BadLines);
        // one that was asked goes on; where it did not answer, its targets say so
        var withoutEnd = agents.Count(a => a.Asked is null && a.Stream.EndMessage is null);
        if (lost > 0 || lines > 0 || withoutEnd > 0)
            conditions.Set(
                ConditionTypes.ResultsComplete,
                status: false,
                "EventsDropped",
                $"{lost} events dropped in the kernel, {lines} lines of the agents' streams missing, {withoutEnd} agents that ended without saying so"
            );
        else if (profile.Truncated)
            conditions.Set(
                ConditionTypes.ResultsComplete,
                status: false,
                "Truncated",
                $"{profile.Losses.SlowPollsCut} slow polls and {profile.Losses.StacksCut} stacks were cut to fit"
            );
        else if (profile.Summary.SlowPolls > 0 && profile.Summary.SymbolizedPercent < EnoughNames)
            conditions.Set(
                ConditionTypes.ResultsComplete,
                status: false,
                "MissingSymbols",
                $"{profile.Summary.SymbolizedPercent}% of frames have a name" + MostlyIn(profile) + Hint(profile)
            );
        else
            conditions.Set(
                ConditionTypes.ResultsComplete,
                status: true,
                "Complete",
                "nothing was dropped or cut" + Hint(profile)
            );
    }

    /// <summary>The file to get symbols for.</summary>
    private static string MostlyIn(ProfileDocument profile) =>
        profile
            .StackTable.SelectMany(s => s.Frames)
            .Where(f => f.Kind == FrameKind.Unknown && f.Module.Length > 0)
            .CountBy(f => f.Module, StringComparer.Ordinal)
            .OrderByDescending(m => m.Value)
            .ThenBy(m => m.Key, StringComparer.Ordinal)
            .FirstOrDefault()
            is { Value: > 0 } most
            ? $", and {most.Value} of those without are in {SafeText.Clean(Path.GetFileName(most.Key))}"
            : "";

    /// <summary>What the agent says of names and lines, in its words.</summary>
    private static string Hint(ProfileDocument profile) =>
        profile.Warnings.FirstOrDefault(w => w.Id == DiagnosticKinds.MissingSymbols.Id) is { } warning
            ? "; " + warning.Message
            : "";

    private static string StalledReason(string reason) =>
        reason switch
        {
            "InvalidSpec" or "Refused" or "ContainerAmbiguous" or TargetReasons.ProcessAmbiguous => "InvalidSpec",
            "DurationTooLong" or "NamespaceNotAllowed" or "TooManyWaiting" => "NotPermitted",
            "NoMatchingPods"
            or "NoRunningContainer"
            or "ImagePull"
            or "Unschedulable"
            or "PodRejected"
            or "NodeNotReady"
            or "ServerUnavailable"
            or "Timeout" => "DeadlineExceeded",
            _ => reason,
        };
}
