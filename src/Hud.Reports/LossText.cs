using Hud.Core.Profile;

namespace Hud.Reports;

/// <summary>What was lost, cut or estimated, in words. The same list everywhere, so that no format hides one.</summary>
public static class LossText
{
    /// <summary>Every counter with its meaning, zero or not.</summary>
    public static IReadOnlyList<(string Name, long Count, string Meaning)> All(Losses losses) =>
        [
            ("Ring buffer drops", losses.RingBufferDrops, "events dropped because the ring buffer was full"),
            ("Rate limited", losses.RateLimited, "slow polls counted but not recorded one by one (rate limit)"),
            ("Samples limited", losses.SamplesLimited, "samples of running code not recorded (rate limit)"),
            ("Wakers limited", losses.WakersLimited, "ends of lock waits not recorded (rate limit)"),
            ("Wakes lost", losses.WakesLost, "waits of tasks for a worker whose beginning or end was not seen"),
            ("Waits limited", losses.WaitsLimited, "long waits whose cause was not looked for (rate limit)"),
            ("Sampled-out polls", losses.SampledOutPolls, "polls not timed, to keep to the budget (counts are scaled)"),
            ("Thread state failures", losses.ThreadStateFailures, "polls on threads that could not be followed"),
            ("Poll depth overflows", losses.PollDepthOverflows, "polls nested too deeply to be timed"),
            ("Unknown types", losses.UnknownTypes, "polls that are in no task type's counts"),
            ("Missed returns", losses.MissedReturns, "polls whose end was not seen"),
            ("Missed switches", losses.MissedSwitches, "context switches not reported by the kernel (reconstructed)"),
            ("Program misses", losses.ProgramMisses, "events the kernel did not hand to our programs"),
            ("Decode errors", losses.DecodeErrors, "records that could not be read"),
            ("Stack copy failures", losses.StackCopyFailures, "stacks that could not be copied"),
            (
                "Stack slots exhausted",
                losses.StackSlotsExhausted,
                "polls on threads beyond the limit: no worker row, no stacks"
            ),
            ("Polls without a stack", losses.PollsWithoutStack, "slow polls without a stack of their own"),
            ("Truncated stacks", losses.TruncatedStacks, "stacks that end before the task's poll"),
            ("Unresolved frames", losses.UnresolvedFrames, "frames without a name"),
            ("Slow polls cut", losses.SlowPollsCut, "slow polls cut from the timeline; totals count them"),
            ("Stacks cut", losses.StacksCut, "stacks cut from the document; totals count them"),
            ("Hotspots cut", losses.HotspotsCut, "hotspots cut from the document; totals count them"),
        ];

    /// <summary>One line, empty when nothing was lost.</summary>
    public static string Sentence(ProfileDocument document)
    {
        var parts = All(document.Losses)
            .Where(l => l.Count > 0)
            .Select(l => $"{l.Name.ToLowerInvariant()} {l.Count}")
            .ToList();
        if (document.Summary.Estimated)
            parts.Insert(0, "counts are scaled from sampled polls");
        return parts.Count > 0 ? "not complete: " + string.Join(", ", parts) : "";
    }
}
