using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Core.Tests;

public class ExpectationsTests
{
    private static readonly ExpectSpec Both = new() { MaxPoll = GoDuration.Parse("50ms"), MaxBlockedPercent = 1 };

    [Theory]
    [InlineData(1000, 50_000_000, 1, "Met")]
    [InlineData(1000, 50_000_001, 1, "PollTooLong")]
    [InlineData(1000, 1_000_000, 1.01, "TooMuchBlocking")]
    [InlineData(0, 0, 0, "NoData")]
    public void The_reason_says_which_expectation_was_not_met(long polls, long longest, double blocked, string reason)
    {
        var result = Expectations.Judge(
            Both,
            new ProfileDocument
            {
                Summary = new ProfileSummary
                {
                    Polls = polls,
                    LongestPollNs = longest,
                    BlockedPercent = blocked,
                },
            }
        )!;

        Assert.Equal((reason, reason == "Met"), (result.Reason, result.Met));
    }

    [Fact]
    public void Nothing_expected_is_nothing_judged() => Assert.Null(Expectations.Judge(null, new ProfileDocument()));

    [Fact]
    public void Without_a_report_nothing_is_met() =>
        Assert.Equal(("NoData", false), (Expectations.Judge(Both, null)!.Reason, Expectations.Judge(Both, null)!.Met));

    [Fact]
    public void Only_what_is_expected_is_judged()
    {
        var profile = new ProfileDocument
        {
            Summary = new ProfileSummary
            {
                Polls = 5,
                LongestPollNs = 9_000_000_000,
                BlockedPercent = 90,
            },
        };

        Assert.True(Expectations.Judge(new ExpectSpec { MaxBlockedPercent = 95 }, profile)!.Met);
        Assert.True(Expectations.Judge(new ExpectSpec { MaxPoll = GoDuration.Parse("10s") }, profile)!.Met);
    }

    [Theory]
    [InlineData(1_000_000_000, 1_000_000_000, "Met")] // waits as long as it runs: busy neighbours, and still much was seen
    [InlineData(400_000_000, 10_000_000, "Met")] // for a small part of the run only
    [InlineData(3_000_000_000, 10_000_000, "NoData")]
    public void A_service_that_hardly_ran_meets_nothing(long waitNs, long cpuNs, string reason)
    {
        var profile = new ProfileDocument
        {
            Summary = new ProfileSummary
            {
                Polls = 5,
                LongestPollNs = 1_000_000,
                ObservedNs = 5_000_000_000,
            },
            Targets =
            [
                new TargetProfile { CpuNs = 900_000_000 },
                new TargetProfile
                {
                    Pod = "web-1",
                    CpuWaitNs = waitNs,
                    CpuNs = cpuNs,
                },
            ],
        };

        var result = Expectations.Judge(Both, profile)!;

        Assert.Equal(reason, result.Reason);
        Assert.Equal(
            reason == "NoData",
            result.Message.StartsWith("web-1 waited 3s for a CPU and ran for 10ms", StringComparison.Ordinal)
        );
        Assert.Equal(
            "PollTooLong",
            Expectations.Judge(new ExpectSpec { MaxPoll = GoDuration.Parse("100us") }, profile)!.Reason
        );
    }
}
