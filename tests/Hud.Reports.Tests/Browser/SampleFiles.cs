using Hud.Reports.Formats;
using Hud.Reports.Tests.Page;

namespace Hud.Reports.Tests.Browser;

/// <summary>The sample pages and exports, written once; into the folder HUD_PAGES_KEEP, if set, to be looked at.</summary>
internal sealed class SampleFiles : IDisposable
{
    private static readonly string? Keep = Environment.GetEnvironmentVariable("HUD_PAGES_KEEP");

    private readonly DirectoryInfo _directory = Keep is null
        ? Directory.CreateTempSubdirectory("hud-pages-")
        : Directory.CreateDirectory(Keep);

    public SampleFiles()
    {
        PageSamples.Write(_directory.FullName);
        foreach (var format in ReportFormats.All)
            File.WriteAllBytes(
                Named("checkout" + format.FileExtension),
                format.Render(PageSamples.All["checkout"], int.MaxValue, out _)
            );
    }

    public string Named(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose()
    {
        if (Keep is null)
            _directory.Delete(recursive: true);
    }
}
