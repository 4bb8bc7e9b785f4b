using System.CommandLine;
using System.Text;
using Hud.Analysis;
using Hud.Cli.Run;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Page.Compare;
using Hud.Reports.Text;

namespace Hud.Cli.Commands;

/// <summary><c>hud diff before.json after.json</c>: what changed between two saved runs.</summary>
internal static class DiffVerb
{
    private const string Page = "page";

    public static Command Build()
    {
        Argument<string> before =
                new("BEFORE") { Description = "A report as JSON, from --export report.json; - reads stdin" },
            after = new("AFTER") { Description = "A later report; - reads stdin" };
        var output = Output();
        var command = new Command("diff", "Compare two saved reports; exit code 6 when the second is worse")
        {
            before,
            after,
            output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(before) == "-" && result.GetValue(after) == "-")
                result.AddError(
                    "BEFORE and AFTER are both \"-\", and stdin can be read only once; name a file for one"
                );
        });
        command.SetAction(parsed =>
            Compare(
                ReportFile.Load(parsed.GetValue(before)!),
                ReportFile.Load(parsed.GetValue(after)!),
                DataText.Format(parsed, output)
            )
        );
        return command;
    }

    /// <summary><c>-o text|json|yaml|page</c>.</summary>
    public static Option<string?> Output() =>
        FlagValues
            .Choice("--output", "-o", "text", DataText.Json, DataText.Yaml, Page)
            .With("text, json, yaml, or page: one HTML file with a flame graph of each run [default: text]");

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
}
