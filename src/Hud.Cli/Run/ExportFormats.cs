using System.Text;
using Hud.Reports.Formats;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>Formats by the ending of a file's name: those of the reports, and the text that the terminal shows.</summary>
internal static class ExportFormats
{
    private const string TextExtension = ".txt";

    public static string Extensions =>
        string.Join(' ', ReportFormats.All.Select(f => f.FileExtension).Append(TextExtension));

    public static ExportFile? For(string path)
    {
        if (ReportFormats.TryFromFileName(path, out var format))
            return new(path, format.Format.ToString(), d => format.Render(d, int.MaxValue, out _));
        return path.EndsWith(TextExtension, StringComparison.OrdinalIgnoreCase)
            ? new(path, "Text", d => Encoding.UTF8.GetBytes(TextReport.Render(d)))
            : null;
    }
}
