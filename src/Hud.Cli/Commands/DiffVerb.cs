using System.CommandLine;
using System.Text;
using System.Text.Json;
using Hud.Analysis;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Page.Compare;
using Hud.Reports.Text;

namespace Hud.Cli.Commands;

/// <summary><c>hud diff before.json after.json</c>: what changed between two saved runs.</summary>
internal static class DiffVerb
{
    private const long MaxFileBytes = 64 * 1024 * 1024;
    private const string Text = "text";
    private const string Page = "page";

    public static Command Build()
    {
        Argument<string> before = new("BEFORE") { Description = "A report as JSON (--export report.json)" },
            after = new("AFTER") { Description = "A later one" };
        var output = Output();
        var command = new Command("diff", "Compare two saved reports; exit code 6 when the second is worse")
        {
            before,
            after,
            output,
        };
        command.SetAction(parsed =>
            Compare(Load(parsed.GetValue(before)!), Load(parsed.GetValue(after)!), parsed.GetValue(output))
        );
        return command;
    }

    /// <summary><c>-o text|json|yaml|page</c>.</summary>
    public static Option<string?> Output()
    {
        var option = new Option<string?>("--output", "-o")
        {
            Description = "text, json, yaml, or page: one HTML file with a flame graph of each run [default: text]",
            HelpName = "text|json|yaml|page",
        };
        option.AcceptOnlyFromAmong(Text, DataText.Json, DataText.Yaml, Page);
        return option;
    }

    /// <param name="format">json, yaml or page; text or null for text.</param>
    public static int Compare(ProfileDocument before, ProfileDocument after, string? format)
    {
        var diff = ProfileCompare.Compare(before, after);
        Console.Out.Write(
            format == Page ? Encoding.UTF8.GetString(ComparePage.Render(before, after, diff))
            : format is DataText.Json or DataText.Yaml ? DataText.Render(diff, ReportsJson.Default.ProfileDiff, format)
            : DiffText.Render(diff, TextReport.DefaultWidth, Terminal.Color)
        );
        return diff.Outcome switch
        {
            DiffOutcome.Worse => DiagnosticKinds.GotWorse.ExitCode,
            DiffOutcome.NotComparable => DiagnosticKinds.NoReport.ExitCode,
            _ => 0,
        };
    }

    /// <exception cref="DiagnosticException">HUD005.</exception>
    public static ProfileDocument Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxFileBytes)
                throw Bad(path, $"is larger than {MaxFileBytes / 1024 / 1024} MiB");
            return
                JsonSerializer.Deserialize(File.ReadAllBytes(path), HudJson.Default.ProfileDocument)
                    is { SchemaVersion: ProfileDocument.CurrentSchemaVersion } document
                ? document
                : throw Bad(path, $"is no report of the version {ProfileDocument.CurrentSchemaVersion}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Bad(path, "cannot be read as a report: " + e.Message);
        }
    }

    private static DiagnosticException Bad(string path, string why) =>
        new(new(DiagnosticKinds.BadUsage, $"{path} {why}", "write one with: hud PROCESS --export report.json"));
}
