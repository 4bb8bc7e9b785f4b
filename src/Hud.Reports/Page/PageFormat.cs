using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;

namespace Hud.Reports.Page;

/// <summary>The report as one self-contained HTML file.</summary>
public sealed class PageFormat : IReportFormat
{
    public OutputFormat Format => OutputFormat.Page;
    public string FileExtension => ".html";
    public string Key => "report.html";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(document, maxBytes, out truncated, d => "<!doctype html>"u8.ToArray());
}
