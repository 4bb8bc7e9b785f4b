using System.Text.Json;
using Hud.Core;
using Hud.Reports.Formats;

namespace Hud.Bench;

/// <summary><c>render REPORT.json DIRECTORY</c>: every format of a real report, for pictures and for looking at.</summary>
internal static class RenderVerb
{
    public static int Run(string report, string directory)
    {
        using var stream = File.OpenRead(report);
        var document =
            JsonSerializer.Deserialize(stream, HudJson.Default.ProfileDocument)
            ?? throw new InvalidDataException(report + " holds null");
        Directory.CreateDirectory(directory);
        foreach (var format in ReportFormats.All)
        {
            byte[] bytes = format.Render(document, int.MaxValue, out bool truncated);
            string path = Path.Combine(directory, Path.GetFileNameWithoutExtension(report) + format.FileExtension);
            File.WriteAllBytes(path, bytes);
            Console.WriteLine($"{path} {bytes.Length}{(truncated ? " cut" : "")}");
        }

        return 0;
    }
}
