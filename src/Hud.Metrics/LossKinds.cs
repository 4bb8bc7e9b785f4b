using Hud.Core.Profile;

namespace Hud.Metrics;

/// <summary>Ways in which events are lost, by the label they have. What a report counts of itself (names, stacks, hotspots) is not among them.</summary>
public static class LossKinds
{
    public static readonly IReadOnlyList<(string Kind, Func<Losses, long> Count)> All =
    [
        ("ring_buffer", l => l.RingBufferDrops),
        ("rate_limited", l => l.RateLimited),
        ("samples_limited", l => l.SamplesLimited),
        ("wakers_limited", l => l.WakersLimited),
        ("waits_limited", l => l.WaitsLimited),
        ("wakes_lost", l => l.WakesLost),
        ("sampled_out_polls", l => l.SampledOutPolls),
        ("unknown_types", l => l.UnknownTypes),
        ("thread_state", l => l.ThreadStateFailures),
        ("poll_depth", l => l.PollDepthOverflows),
        ("missed_returns", l => l.MissedReturns),
        ("missed_switches", l => l.MissedSwitches),
        ("program_misses", l => l.ProgramMisses),
        ("decode_errors", l => l.DecodeErrors),
        ("no_stack_slot", l => l.StackSlotsExhausted),
        ("stack_copy", l => l.StackCopyFailures),
        ("truncated_stacks", l => l.TruncatedStacks),
        ("slow_polls_cut", l => l.SlowPollsCut),
        ("stacks_cut", l => l.StacksCut),
    ];
}
