using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>What to type after a run on this machine. Pure.</summary>
internal static class NextCommand
{
    /// <param name="again">The words that start the same run, such as "hud my-service".</param>
    /// <param name="file">The session file, when the run was one: it holds the threshold.</param>
    public static string For(ProfileDocument profile, IReadOnlyList<string> written, string again, string? file)
    {
        if (profile.VerdictLevel == VerdictLevel.NoData)
            return $"{again}    # again, under load";
        string? lower = LowerThreshold(profile);
        // the page of such a run names no code, so it is not what to look at next
        if (lower is not null && IsBelowThreshold(profile))
            return WithThreshold(lower, again, file, "shows which polls are too many");
        if (written.FirstOrDefault(f => f.EndsWith(".html", StringComparison.Ordinal)) is { } page)
            return $"open {page} in a browser";
        if (lower is not null && profile.VerdictLevel == VerdictLevel.Healthy)
            return WithThreshold(lower, again, file, "shorter polls too");

        return written.FirstOrDefault(IsReport) is { } before
            ? $"{again} --export after.json && hud diff {before} after.json    # once it is fixed"
            : $"{again} --export before.json --export report.html    # to compare later, and the page";
    }

    /// <summary>The workers are busy, and no poll was long enough to be looked at.</summary>
    public static bool IsBelowThreshold(ProfileDocument profile) =>
        profile.VerdictLevel == VerdictLevel.Saturated && profile.Hotspots.All(h => h.Cause.IsCpuPressure());

    /// <summary>A fifth of the threshold that ran; null when there is none below it.</summary>
    public static string? LowerThreshold(ProfileDocument profile)
    {
        long ran = profile.Session.Threshold.Nanoseconds,
            least = SessionBounds.MinThreshold.Nanoseconds;
        return ran > least ? HumanText.Duration(Math.Max(least, ran / 5)) : null;
    }

    private static string WithThreshold(string threshold, string again, string? file, string why) =>
        file is null
            ? $"{again} --threshold {threshold}    # {why}"
            : $"threshold: {threshold} in {file}, then {again}    # {why}";

    private static bool IsReport(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && ExportFormats.For(path) is { Format: nameof(OutputFormat.Report) };

    /// <summary>One word of a shell: anything that is not plain goes into quotes.</summary>
    public static string Word(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '@')
            ? text
            : "'" + Printable.Clean(text).Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>"sudo " where this run was started so: the next one needs it as well.</summary>
    public static string Sudo => Environment.GetEnvironmentVariable("SUDO_COMMAND") is { Length: > 0 } ? "sudo " : "";
}
