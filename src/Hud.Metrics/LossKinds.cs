using Hud.Core.Stream;

namespace Hud.Metrics;

/// <summary>Ways in which events are lost, by the label they have. What a report counts of itself (names, stacks, hotspots) is not among them.</summary>
public static class LossKinds
{
    /// <summary>On the way from the agent, which does not know of them.</summary>
    public const string BadLines = "metrics_unreadable";

    public static readonly IReadOnlyList<(string Kind, Func<RunMetrics, long> Count)> All =
    [
        ("ring_buffer", r => r.Losses.RingBufferDrops),
        ("rate_limited", r => r.Losses.RateLimited),
        ("samples_limited", r => r.Losses.SamplesLimited),
        ("wakers_limited", r => r.Losses.WakersLimited),
        ("waits_limited", r => r.Losses.WaitsLimited),
        ("wakes_lost", r => r.Losses.WakesLost),
        ("sampled_out_polls", r => r.Losses.SampledOutPolls),
        ("unknown_types", r => r.Losses.UnknownTypes),
        ("thread_state", r => r.Losses.ThreadStateFailures),
        ("poll_depth", r => r.Losses.PollDepthOverflows),
        ("missed_returns", r => r.Losses.MissedReturns),
        ("missed_switches", r => r.Losses.MissedSwitches),
        ("program_misses", r => r.Losses.ProgramMisses),
        ("decode_errors", r => r.Losses.DecodeErrors),
        ("no_stack_slot", r => r.Losses.StackSlotsExhausted),
        ("stack_copy", r => r.Losses.StackCopyFailures),
        ("truncated_stacks", r => r.Losses.TruncatedStacks),
        ("slow_polls_cut", r => r.Losses.SlowPollsCut),
        ("stacks_cut", r => r.Losses.StacksCut),
        ("metrics_dropped", r => r.MessagesDropped),
    ];
}
