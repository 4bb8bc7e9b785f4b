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
        var result = Expectations.Judge(Both, new ProfileSummary { Polls = polls, LongestPollNs = longest, BlockedPercent = blocked })!;

        Assert.Equal((reason, reason == "Met"), (result.Reason, result.Met));
    }

    [Fact]
    public void Nothing_expected_is_nothing_judged() => Assert.Null(Expectations.Judge(null, new ProfileSummary()));

    [Fact]
    public void Only_what_is_expected_is_judged()
    {
        var summary = new ProfileSummary { Polls = 5, LongestPollNs = 9_000_000_000, BlockedPercent = 90 };

        Assert.True(Expectations.Judge(new ExpectSpec { MaxBlockedPercent = 95 }, summary)!.Met);
        Assert.True(Expectations.Judge(new ExpectSpec { MaxPoll = GoDuration.Parse("10s") }, summary)!.Met);
    }
}
