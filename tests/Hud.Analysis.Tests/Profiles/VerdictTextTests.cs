using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Analysis.Tests;

public sealed class VerdictTextTests
{
    private static readonly GoDuration Threshold = new(5_000_000);

    private static (VerdictLevel Level, string Text) For(
        ProfileSummary summary,
        Hotspot[]? hotspots = null,
        TargetProfile[]? targets = null
    ) => VerdictText.For(summary, hotspots ?? [], targets ?? [new TargetProfile()], Threshold);

    private static Hotspot Of(HotspotCause cause, long totalMs, params Culprit[] by) =>
        new()
        {
            Cause = cause,
            TotalNs = totalMs * 1_000_000,
            Function = "std::thread::sleep",
            UserFrame = "shop::wait",
            PreemptedBy = by,
        };

    [Fact]
    public void Blocking_is_told_with_its_share_its_worst_poll_and_its_place()
    {
        var summary = new ProfileSummary
        {
            Polls = 1,
            BlockedPercent = 18.4,
            WorstPollNs = 412_000_000,
        };
        Assert.Equal(
            (VerdictLevel.Blocked, "BLOCKED 18.4% of worker time; worst poll 412ms; std::thread::sleep in shop::wait"),
            For(summary, [Of(HotspotCause.BlockingCall, 10)])
        );
        Assert.Equal(
            "BLOCKED about 18.4% of worker time; worst poll 412ms; shop::hash (src/main.rs:7)",
            For(
                summary with
                {
                    Estimated = true,
                },
                [
                    Of(HotspotCause.OnCpu, 10) with
                    {
                        Function = "shop::hash",
                        UserFrame = "shop::hash",
                        Location = "src/main.rs:7",
                    },
                ]
            ).Text
        );
        Assert.Equal(
            "BLOCKED 18.4% of worker time; worst poll 412ms; shop::hash",
            For(summary, [Of(HotspotCause.LockWait, 10) with { Function = "shop::hash", UserFrame = "" }]).Text
        );
    }

    [Fact]
    public void Code_that_blocks_is_named_before_pressure_that_costs_more() =>
        Assert.Equal(
            VerdictLevel.Blocked,
            For(new ProfileSummary { Polls = 1 }, [Of(HotspotCause.RunQueue, 900), Of(HotspotCause.OnCpu, 10)]).Level
        );

    [Fact]
    public void Pressure_is_never_called_blocking()
    {
        var summary = new ProfileSummary { Polls = 9 };
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers waited 900ms for a CPU, mostly for burner; the code itself does not block"
            ),
            For(summary, [Of(HotspotCause.RunQueue, 900, new Culprit("burner", 7, 80), new Culprit("cc", 8, 20))])
        );
        Assert.Equal(
            "PRESSURE: workers waited 900ms for a CPU; the code itself does not block",
            For(summary, [Of(HotspotCause.RunQueue, 900)]).Text
        );
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers were throttled by the CPU limit for 1.2s; the code itself does not block"
            ),
            For(summary, [Of(HotspotCause.RunQueue, 900), Of(HotspotCause.Throttled, 1200)])
        );
    }

    [Fact]
    public void A_service_that_hardly_ran_is_not_acquitted()
    {
        var starved = new TargetProfile
        {
            Reason = "Starved",
            CpuWaitNs = 4_000_000_000,
            CpuNs = 40_000_000,
        };
        var summary = new ProfileSummary { Polls = 9 };
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers were kept waiting 4s for a CPU between polls; they ran for 40ms, too little to judge the code"
            ),
            For(summary, targets: [starved])
        );
        Assert.Equal(
            "PRESSURE: workers were throttled by the CPU limit for 3s between polls; they ran for 40ms, too little to judge the code",
            For(summary, targets: [starved with { ThrottledNs = 3_000_000_000 }]).Text
        );
        Assert.Equal(
            "PRESSURE: workers waited 900ms for a CPU; they ran for 40ms, too little to judge the code",
            For(summary, [Of(HotspotCause.RunQueue, 900)], [starved with { Reason = "" }]).Text
        );
        Assert.Equal(
            "PRESSURE: workers were kept waiting 4s for a CPU between polls; the code itself does not block",
            For(summary, targets: [starved with { CpuNs = 2_000_000_000 }]).Text
        );
    }

    [Fact]
    public void No_data_and_no_problem_are_different_answers()
    {
        Assert.Equal(
            (VerdictLevel.NoData, "NO DATA: nothing was polled: the service was idle"),
            For(new ProfileSummary())
        );
        Assert.Equal(
            (VerdictLevel.NoData, "NO DATA: sleep (7, /bin/sleep) holds no Tokio tasks"),
            For(
                new ProfileSummary(),
                targets: [new() { Message = "" }, new() { Message = "sleep (7, /bin/sleep) holds no Tokio tasks" }]
            )
        );
        Assert.Equal(
            (VerdictLevel.Healthy, "HEALTHY: 12.3k polls, the longest 2ms, none over 5ms"),
            For(new ProfileSummary { Polls = 12_345, LongestPollNs = 2_000_000 })
        );
    }
}
