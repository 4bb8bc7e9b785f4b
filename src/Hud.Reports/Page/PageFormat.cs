using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;

namespace Hud.Reports.Page;

/// <summary>
/// The report as one self-contained HTML file: no network, no fonts, no library; opens from a ConfigMap, a disk or an
/// e-mail. What a reader needs first is plain HTML; the charts are drawn by script from data packed into the page.
/// </summary>
public sealed class PageFormat : IReportFormat
{
    /// <summary>Also without a bound from outside: a page that is mailed around stays small.</summary>
    public const int MaxPageBytes = 600_000;

    public OutputFormat Format => OutputFormat.Page;
    public string FileExtension => ".html";
    public string Key => "report.html";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(
            document,
            Math.Min(maxBytes, MaxPageBytes),
            out truncated,
            static d => Encoding.UTF8.GetBytes(PageHtml.Write(d))
        );
}
