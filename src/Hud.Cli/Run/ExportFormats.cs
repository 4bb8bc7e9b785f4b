using System.Text;
using Hud.Cli.Commands;
using Hud.Core.Diagnostics;
using Hud.Reports.Formats;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>Formats by the ending of a file's name: those of the reports, and the text that the terminal shows.</summary>
internal static class ExportFormats
{
    private const string TextExtension = ".txt";

    public static string Extensions =>
        string.Join(' ', ReportFormats.All.Select(f => f.FileExtension).Append(TextExtension));

    /// <summary>A run of minutes must not end with a folder that does not exist.</summary>
    /// <param name="flag">What stands before a path on the command line, such as "--export ".</param>
    /// <exception cref="DiagnosticException">HUD005.</exception>
    public static void CheckPlaces(IEnumerable<ExportFile> exports, string flag)
    {
        foreach (var export in exports)
            CheckPlace(export.Path, flag);
    }

    /// <inheritdoc cref="CheckPlaces"/>
    public static void CheckPlace(string path, string flag)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (!Directory.Exists(folder))
            throw Bad(
                $"{flag}{path}: there is no folder {folder}",
                $"create it first: mkdir -p {NextCommand.Word(folder)}"
            );
        if (Directory.Exists(path))
            throw Bad($"{flag}{path}: this is a folder", "name a file in it");
    }

    /// <summary>For a file whose name does not say in which format to write it.</summary>
    public static DiagnosticException Unknown(string path, string flag) =>
        Bad(
            Path.GetExtension(path) is { Length: > 1 } extension
                ? $"{flag}{FlagValues.Shown(path)}: the file extension {FlagValues.Shown(extension)} is unknown"
                : $"{flag}{FlagValues.Shown(path)}: the file has no extension, which says the format",
            $"use one of {Extensions}"
        );

    private static DiagnosticException Bad(string message, string next) =>
        new(new(DiagnosticKinds.BadUsage, message, next));

    public static ExportFile? For(string path)
    {
        if (ReportFormats.TryFromFileName(path, out var format))
            return new(path, format.Format.ToString(), d => format.Render(d, int.MaxValue, out _));
        return path.EndsWith(TextExtension, StringComparison.OrdinalIgnoreCase)
            ? new(path, "Text", d => Encoding.UTF8.GetBytes(TextReport.Render(d)))
            : null;
    }
}
