using System.CommandLine;
using System.Text.Json;
using Hud.Cli.Agent;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Reports.Text;

namespace Hud.Cli.Commands;

/// <summary><c>hud doctor</c>: what works on this machine, and what to do about the rest.</summary>
internal static class DoctorVerb
{
    private const int MaxReportBytes = 1024 * 1024;

    public static Command Build()
    {
        var output = DataText.Option();
        var command = new Command("doctor", "Say what works on this machine: kernel, permissions, and a self-test")
        {
            output,
        };
        command.SetAction(parsed => Run(DataText.Format(parsed, output)));
        return command;
    }

    private static int Run(string? format)
    {
        using var agent = AgentProcess.StartAgent(
            AgentLocator.Find(),
            ["doctor"],
            new Dictionary<string, string>(StringComparer.Ordinal)
        );
        using var output = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = agent.Output.Read(buffer)) > 0 && output.Length < MaxReportBytes)
            output.Write(buffer, 0, read);
        int exit = agent.Exit.GetAwaiter().GetResult();

        PreflightReport? report = null;
        try
        {
            report = JsonSerializer.Deserialize(output.ToArray(), HudJson.Default.PreflightReport);
        }
        catch (JsonException)
        {
            // reported below, with what the agent logged
        }

        if (report is null)
        {
            string log = string.Join('\n', agent.LogTail().TakeLast(8).Select(l => "    " + Printable.Clean(l)));
            throw new DiagnosticException(
                new(
                    DiagnosticKinds.AgentDied,
                    $"hud-agent doctor ended with code {exit} and no report\n{log}",
                    "check that hud and hud-agent are of the same version"
                )
            );
        }

        Console.Out.Write(
            format is not null
                ? DataText.Render(report, HudJson.Indented.PreflightReport, format)
                : PreflightText.Render(report, TextReport.DefaultWidth, Terminal.Color)
        );
        return report.Checks.All(c => c.Ok) ? 0
            : exit != 0 ? exit
            : DiagnosticKinds.ProbeModeUnavailable.ExitCode;
    }
}
