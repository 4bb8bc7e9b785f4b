using Hud.Core.Profile;

namespace Hud.Reports;

/// <summary>What was lost, cut or estimated, in words. The same list everywhere, so that no format hides one.</summary>
public static class LossText
{
    /// <summary>Every counter with its meaning, zero or not.</summary>
    public static IReadOnlyList<(string Name, long Count, string Meaning)> All(Losses losses) =>
    [
        ("Ring buffer drops", losses.RingBufferDrops, "events that the kernel could not hand over in time"),
        ("Rate limited", losses.RateLimited, "slow polls counted but not recorded one by one"),
        ("Sampled-out polls", losses.SampledOutPolls, "polls not timed, to keep the budget"),
        ("Thread state failures", losses.ThreadStateFailures, "polls on threads for which there was no room"),
        ("Poll depth overflows", losses.PollDepthOverflows, "polls nested deeper than is tracked"),
        ("Missed returns", losses.MissedReturns, "polls whose end was not seen"),
        ("Missed switches", losses.MissedSwitches, "context switches that the kernel did not tell, made good"),
        ("Program misses", losses.ProgramMisses, "probe hits that the kernel skipped"),
        ("Decode errors", losses.DecodeErrors, "records that could not be read"),
        ("Stack copy failures", losses.StackCopyFailures, "slow polls whose stack memory could not be read"),
        ("Stack slots exhausted", losses.StackSlotsExhausted, "slow polls for whose stack there was no room"),
        ("Polls without a stack", losses.PollsWithoutStack, "slow polls shown under their hotspot's stack or none"),
        ("Truncated stacks", losses.TruncatedStacks, "stacks that do not reach the poll"),
        ("Unresolved frames", losses.UnresolvedFrames, "addresses without a function name"),
        ("Slow polls cut", losses.SlowPollsCut, "left out here to fit; totals still count them"),
        ("Stacks cut", losses.StacksCut, "left out here to fit; totals still count them"),
        ("Hotspots cut", losses.HotspotsCut, "left out here to fit; totals still count them"),
    ];

    /// <summary>One line, empty when nothing was lost.</summary>
    public static string Sentence(ProfileDocument document)
    {
        var parts = All(document.Losses).Where(l => l.Count > 0).Select(l => $"{l.Name.ToLowerInvariant()} {l.Count}").ToList();
        if (document.Summary.Estimated)
            parts.Insert(0, "counts are scaled from sampled polls");
        return parts.Count > 0 ? "not complete: " + string.Join(", ", parts) : "";
    }
}
