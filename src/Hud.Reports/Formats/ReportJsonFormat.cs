using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>The profile document itself; its schema is <c>docs/schema/profile.schema.json</c>.</summary>
public sealed class ReportJsonFormat : IReportFormat
{
    public OutputFormat Format => OutputFormat.Report;
    public string FileExtension => ".json";
    public string Key => "report.json";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(
            document,
            maxBytes,
            out truncated,
            static d => [.. JsonSerializer.SerializeToUtf8Bytes(d, HudJson.Default.ProfileDocument), (byte)'\n']
        );
}
