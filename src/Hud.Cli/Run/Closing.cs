using Hud.Core.Api;
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
    public static string Text(ProfileDocument profile, string next, int width) =>
        Lines(
            profile.Verdict.Length > 0 ? profile.Verdict : Words.Verdict(profile.VerdictLevel),
            Fix(profile),
            next,
            width
        );

    /// <summary>The same of a session whose report cannot be read: its status holds the verdict and the first hotspots.</summary>
    public static string Text(ProfilingSessionStatus status, string next, int width)
    {
        var first = status.Hotspots.FirstOrDefault(h => !h.Cause.IsCpuPressure()) ?? status.Hotspots.FirstOrDefault();
        return Lines(
            status.Verdict ?? "",
            first is null ? "" : Fix(first.Cause, Blamed(first), first.Location, first.Advice),
            next,
            width
        );
    }

    /// <summary>For a run that is judged by what was expected of it: what to do when that was not met.</summary>
    public static string ToMeetExpectations(ProfileDocument profile)
    {
        if (First(profile) is { } code)
            return ToFix(Words.Blamed(code));
        if (profile.VerdictLevel == VerdictLevel.NoData)
            return "send it some load while Hud watches; a run without data meets no expectation";
        return profile.Hotspots.Count > 0
            ? "its code is not to blame: give it more CPU, or change expect"
            : $"no poll was over the threshold of {profile.Session.Threshold}: a lower one shows which was too long; or change expect";
    }

    /// <summary>The same of a session in a cluster, from its status.</summary>
    public static string ToMeetExpectations(ProfilingSessionStatus status)
    {
        if (status.Hotspots.FirstOrDefault(h => !h.Cause.IsCpuPressure()) is { } code)
            return ToFix(Blamed(code));
        return status.Hotspots.Count > 0
            ? "its code is not to blame: give it more CPU, or change expect"
            : "no hotspot was found: a lower threshold may show which poll was too long; or change expect";
    }

    private static string ToFix(string code) =>
        $"fix {Printable.Clean(code)}, the first hotspot of the report, or change expect";

    private static string Blamed(StatusHotspot h) => h.UserFrame.Length > 0 ? h.UserFrame : h.Function;

    /// <summary>A sentence may end early; a command that is cut cannot be pasted.</summary>
    private static string Lines(string verdict, string fix, string next, int width) =>
        Line("verdict", verdict, t => Printable.Fit(t, width))
        + Line("fix", fix, t => FitWords(t, width))
        + Line("next", next, t => t);

    private static string Line(string label, string text, Func<string, string> fit) =>
        text.Length > 0 ? fit($"{label, -8} {Printable.Clean(text)}") + "\n" : "";

    /// <summary>Whole words, and "..." for the rest.</summary>
    private static string FitWords(string text, int width)
    {
        if (Printable.Width(text) <= width)
            return text;
        // a blank stands before the dots
        string cut = Printable.Fit(text, width - 1);
        int kept = cut.Length - 3;
        // the first blank is that after the label
        int blank = text[kept] == ' ' ? kept : cut.LastIndexOf(' ', kept - 1);
        return blank > 8 ? cut[..blank].TrimEnd(' ', ',', ';', ':', '-') + " ..." : cut;
    }

    private static string Fix(ProfileDocument profile)
    {
        if (NextCommand.IsBelowThreshold(profile))
            return NextCommand.LowerThreshold(profile) is { } lower
                ? $"not known yet: no poll took {profile.Session.Threshold} or more; run again with --threshold {lower}"
                : "no single poll is long: the workers have too much to do; give it more CPU or less work";
        if ((First(profile) ?? profile.Hotspots.FirstOrDefault()) is not { } h)
            return profile.VerdictLevel switch
            {
                VerdictLevel.NoData => "nothing was measured; this does not mean all is well",
                VerdictLevel.Pressure => "give it more CPU: its code was not what took long",
                _ => $"none needed: no poll took {profile.Session.Threshold} or more",
            };
        return Fix(h.Cause, Words.Blamed(h), h.Location, h.Advice);
    }

    private static string Fix(HotspotCause cause, string blamed, string location, string advice)
    {
        if (cause.IsCpuPressure())
            return advice;
        string place = location.Length > 0 ? $" ({location})" : "";
        return $"{blamed}{place}{(advice.Length > 0 ? ": " + advice : "")}";
    }

    private static Hotspot? First(ProfileDocument profile) =>
        profile.Hotspots.FirstOrDefault(h => !h.Cause.IsCpuPressure());
}
