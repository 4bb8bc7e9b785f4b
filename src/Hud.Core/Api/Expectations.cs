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
    /// <summary>Three digits, and every digit where those would read like the bound itself.</summary>
    private static string Rounded(GoDuration value, GoDuration bound) =>
        HumanText.Duration(value.Nanoseconds) is var text && text != HumanText.Duration(bound.Nanoseconds)
            ? text
            : value.ToString();

    /// <summary>
    /// Null when nothing is expected. No data meets no expectation: a gate that saw nothing must not open, nor one that saw a
    /// service that hardly ran.
    /// </summary>
    /// <param name="profile">Null when there is no report.</param>
    public static ExpectationResult? Judge(ExpectSpec? expect, ProfileDocument? profile)
    {
        if (expect is null)
            return null;
        if (profile is null || profile.Summary is not { Polls: > 0 } summary)
            return new(false, ExpectationResult.ReasonNoData, "no poll was seen, so nothing can be said about them");

        var longest = new GoDuration(Math.Max(summary.WorstPollNs, summary.LongestPollNs));
        if (expect.MaxPoll is { } maxPoll && longest > maxPoll)
            return new(
                false,
                ExpectationResult.ReasonPollTooLong,
                $"the longest poll took {Rounded(longest, maxPoll)}; expected at most {maxPoll}"
            );
        if (expect.MaxBlockedPercent is { } maxBlocked && summary.BlockedPercent > maxBlocked)
        {
            return new(
                false,
                ExpectationResult.ReasonTooMuchBlocking,
                $"{summary.BlockedPercent:0.##}% of worker time was blocked; expected at most {maxBlocked:0.##}%"
            );
        }

        if (
            profile.Targets.FirstOrDefault(t => CpuStarvation.SaysNothing(t.CpuWaitNs, t.CpuNs, summary.ObservedNs)) is
            { } starved
        )
        {
            return new(
                false,
                ExpectationResult.ReasonNoData,
                $"{starved.Pod ?? starved.Process} waited {HumanText.Duration(starved.CpuWaitNs)} for a CPU and ran for {HumanText.Duration(starved.CpuNs)}, too little to say what its polls take"
            );
        }

        return new(true, ExpectationResult.ReasonMet, "all expectations were met");
    }
}
