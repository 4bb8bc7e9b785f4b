using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

/// <summary>Messages as an agent sends them.</summary>
internal static class Messages
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Now = Start + TimeSpan.FromSeconds(65);

    /// <summary>One wait or poll in each of some slots.</summary>
    public static long[] Slots(params (int Slot, long Count)[] counts)
    {
        long[] slots = new long[counts.Length == 0 ? 0 : counts.Max(c => c.Slot) + 1];
        foreach (var (slot, count) in counts)
            slots[slot] = count;
        return slots;
    }

    public static TaskMetrics Task(string name, int series = 0, long polls = 100) =>
        new()
        {
            Series = series,
            Name = name,
            SlowPolls = 3,
            PollNs = 1_500_000_000,
            Polls = Slots((12, polls), (24, 2), (28, 1)),
            WaitNs = 7_000_000,
            Waits = Slots((10, polls - 1), (22, 1)),
        };

    public static MetricsMessage Checkout() =>
        new()
        {
            Run = new RunMetrics
            {
                Agent = new AgentInfo
                {
                    Version = "0.1.0",
                    Kernel = "6.18.0",
                    ProbeMode = "uprobe.session",
                },
                StartedAt = Start,
                ElapsedNs = 60_000_000_000,
                ThresholdNs = 5_000_000,
                Losses = new Losses { RingBufferDrops = 4 },
                Overhead = new Overhead
                {
                    BudgetPercent = 1,
                    MeasuredPercent = 0.25,
                    ProbeHits = 412,
                    AgentCpuNs = 1_250_000_000,
                    AgentPeakBytes = 41 << 20,
                },
            },
            Target = new TargetMetrics
            {
                Namespace = "shop",
                Pod = "checkout-7d9f",
                Container = "app",
                Process = "checkout",
                Watched = true,
                Workers = 4,
                Runtimes = 1,
                OnCpuNs = 2_000_000_000,
                BlockedNs = 500_000_000,
                RunQueueNs = 30_000_000,
                Stalls = 2,
                StallNs = 80_000_000,
                LongestStallNs = 50_000_000,
                LongestPollNs = 412_000_000,
                OpenPolls = 1,
                LongestOpenNs = 3_000_000_000,
                CpuNs = 9_000_000_000,
                CpuWaitNs = 120_000_000,
                CpuThrottledNs = 40_000_000,
                CpuThrottledPeriods = 5,
                Tasks =
                [
                    Task("other", TaskMetrics.Others, 7) with
                    {
                        Waits = [],
                        WaitNs = 0,
                    },
                    Task("checkout::login::{{closure}}") with
                    {
                        Exemplars =
                        [
                            new(HotspotCause.OnCpu, "0123456789abcdef", 20_000_000, 40_000_000_000),
                            new(HotspotCause.LockWait, "fedcba9876543210", 412_000_000, 50_500_000_000),
                        ],
                    },
                ],
            },
        };

    public static MetricsState State(params MetricsMessage[] messages)
    {
        var state = new MetricsState();
        foreach (var message in messages)
            state.Accept(message, Now);
        return state;
    }

    public static string Plain(this MetricsState state, DateTimeOffset? now = null) =>
        TextFormat.Plain(state.Families(now ?? Now));

    /// <summary>The value behind a series as it is written, such as <c>hud_up</c>; null when it is not there.</summary>
    public static double? Value(this MetricsState state, string series) =>
        state
            .Plain()
            .Split('\n')
            .Where(l => l.StartsWith(series + " ", StringComparison.Ordinal))
            .Select(l => (double?)double.Parse(l[(series.Length + 1)..]))
            .SingleOrDefault();
}
