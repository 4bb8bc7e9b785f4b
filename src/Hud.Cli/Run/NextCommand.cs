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
        if (written.FirstOrDefault(f => f.EndsWith(".html", StringComparison.Ordinal)) is { } page)
            return $"open {page} in a browser";
        if (profile.VerdictLevel == VerdictLevel.Healthy)
        {
            string shorter = HumanText.Duration(Math.Max(100_000, profile.Session.Threshold.Nanoseconds / 5));
            return file is null
                ? $"{again} --threshold {shorter}    # shorter polls too"
                : $"threshold: {shorter} in {file}    # shorter polls too";
        }

        return written.FirstOrDefault(IsReport) is { } before
            ? $"{again} --export after.json && hud diff {before} after.json    # once it is fixed"
            : $"{again} --export before.json --export report.html    # to compare later, and the page";
    }

    private static bool IsReport(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && ExportFormats.For(path) is { Format: nameof(Core.Api.OutputFormat.Report) };

    /// <summary>One word of a shell: anything that is not plain goes into quotes.</summary>
    public static string Word(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '@')
            ? text
            : "'" + Printable.Clean(text).Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>"sudo " where this run was started so: the next one needs it as well.</summary>
    public static string Sudo => Environment.GetEnvironmentVariable("SUDO_COMMAND") is { Length: > 0 } ? "sudo " : "";
}
