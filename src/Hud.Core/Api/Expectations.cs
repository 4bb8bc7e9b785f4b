using Hud.Core.Profile;

namespace Hud.Core.Api;

/// <summary>Outcome of <c>spec.expect</c>; <see cref="Reason"/> is that of the condition ExpectationsMet.</summary>
public sealed record ExpectationResult(bool Met, string Reason, string Message)
{
    public const string ReasonMet = "Met";
    public const string ReasonPollTooLong = "PollTooLong";
    public const string ReasonTooMuchBlocking = "TooMuchBlocking";
    public const string ReasonNoData = "NoData";
}

public static class Expectations
{
    /// <summary>Null when nothing is expected. No data meets no expectation: a gate that saw nothing must not open.</summary>
    public static ExpectationResult? Judge(ExpectSpec? expect, ProfileSummary summary)
    {
        if (expect is null)
            return null;
        if (summary.Polls == 0)
            return new(false, ExpectationResult.ReasonNoData, "no poll was seen, so nothing can be said about them");

        var longest = new GoDuration(Math.Max(summary.WorstPollNs, summary.LongestPollNs));
        if (expect.MaxPoll is { } maxPoll && longest > maxPoll)
            return new(false, ExpectationResult.ReasonPollTooLong, $"the longest poll took {longest}; expected at most {maxPoll}");
        if (expect.MaxBlockedPercent is { } maxBlocked && summary.BlockedPercent > maxBlocked)
        {
            return new(false, ExpectationResult.ReasonTooMuchBlocking,
                $"{summary.BlockedPercent:0.##}% of worker time was blocked; expected at most {maxBlocked:0.##}%");
        }

        return new(true, ExpectationResult.ReasonMet, "all expectations were met");
    }
}
