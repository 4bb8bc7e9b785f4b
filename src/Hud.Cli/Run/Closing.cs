using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>
/// The last three lines of a run: the verdict, the first fix, the next command. A report is longer than a screen, and
/// warnings come last in it; what matters must not scroll away. Pure.
/// </summary>
internal static class Closing
{
    /// <summary>As much of a line as a person reads where nothing says how wide the screen is.</summary>
    public const int DefaultWidth = 120;

    /// <param name="next">What to type now.</param>
    public static string Text(ProfileDocument profile, string next, int width)
    {
        string verdict = profile.Verdict.Length > 0 ? profile.Verdict : Words.Verdict(profile.VerdictLevel);
        return string.Concat(
            new[] { ("verdict", verdict), ("fix", Fix(profile)), ("next", next) }.Select(line =>
                Printable.Fit($"{line.Item1, -8} {Printable.Clean(line.Item2)}", width) + "\n"
            )
        );
    }

    /// <summary>For a run that is judged by what was expected of it: what to do when that was not met.</summary>
    public static string ToMeetExpectations(ProfileDocument profile)
    {
        if (First(profile) is { } code)
            return $"fix {Printable.Clean(Words.Blamed(code))}, the first hotspot of the report, or change expect";
        if (profile.VerdictLevel == VerdictLevel.NoData)
            return "send it some load while Hud watches; a run without data meets no expectation";
        return profile.Hotspots.Count > 0
            ? "its code is not to blame: give it more CPU, or change expect"
            : $"no poll was over the threshold of {profile.Session.Threshold}: a lower one shows which was too long; or change expect";
    }

    private static string Fix(ProfileDocument profile)
    {
        if ((First(profile) ?? profile.Hotspots.FirstOrDefault()) is not { } h)
            return profile.VerdictLevel switch
            {
                VerdictLevel.NoData => "nothing was measured, so this is not \"no problem\"",
                VerdictLevel.Pressure => "give it more CPU: its code was not what took long",
                _ => $"none needed: no poll took {profile.Session.Threshold} or more",
            };
        if (h.Cause.IsCpuPressure())
            return h.Advice;
        string place = h.Location.Length > 0 ? $" ({h.Location})" : "";
        return $"{Words.Blamed(h)}{place}{(h.Advice.Length > 0 ? ": " + h.Advice : "")}";
    }

    private static Hotspot? First(ProfileDocument profile) =>
        profile.Hotspots.FirstOrDefault(h => !h.Cause.IsCpuPressure());
}
