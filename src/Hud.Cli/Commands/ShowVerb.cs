using System.CommandLine;
using Hud.Cli.Run;
using Hud.Reports.Text;

namespace Hud.Cli.Commands;

/// <summary><c>hud show report.json</c>: a saved run as text, or in another format.</summary>
internal static class ShowVerb
{
    public static Command Build()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A report as JSON, from --export report.json; - reads stdin",
        };
        var export = new Option<string[]>("--export")
        {
            Description = $"Write other formats ({ExportFormats.Extensions})",
            HelpName = "file",
        };
        var output = DataText.Option();
        var command = new Command("show", "Print a saved report, or write it in other formats")
        {
            file,
            export,
            output,
        };
        command.SetAction(parsed =>
        {
            string[] files = parsed.GetValue(export) ?? [];
            var exports = files
                .Select(f => ExportFormats.For(f) ?? throw ExportFormats.Unknown(f, "--export "))
                .ToList();
            ExportFormats.CheckPlaces(exports, "--export ");
            var document = ReportFile.Load(parsed.GetValue(file)!);
            foreach (var export in exports)
                File.WriteAllBytes(export.Path, export.Render(document));

            if (DataText.Format(parsed, output) is { } data)
                Console.Out.Write(DataText.Render(document, HudJson.Indented.ProfileDocument, data));
            else if (files.Length == 0 || parsed.GetValue(output) is not null)
                Console.Out.Write(
                    TextReport.Render(
                        document,
                        Math.Min(Terminal.OutputIsTerminal ? Terminal.Width : TextReport.DefaultWidth, 120),
                        Terminal.Color
                    )
                );
            return 0;
        });
        return command;
    }
}
