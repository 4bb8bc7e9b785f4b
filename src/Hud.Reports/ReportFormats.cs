using System.Text;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports;

/// <summary>
/// A way to write a profile document as a file. <see cref="Extension"/> starts with a dot and may hold more than one
/// (<c>.pb.gz</c>). <see cref="Holds"/> says in a sentence what the format cannot hold, or is empty.
/// </summary>
public sealed record ReportFormat(string Name, string Extension, string MediaType, Func<ProfileDocument, byte[]> Write, string Holds = "");

/// <summary>Every format, so that the operator, <c>hud --export</c> and <c>kubectl hud export</c> write the same bytes.</summary>
public static class ReportFormats
{
    public static IReadOnlyList<ReportFormat> All { get; } =
    [
        new("report", ".json", "application/json", WriteJson),
        new("text", ".txt", "text/plain; charset=utf-8", d => Encoding.UTF8.GetBytes(TextReport.Render(d)), "stacks of the first hotspots only"),
    ];

    /// <summary>The format whose extension ends the path (the longest one wins), or null.</summary>
    public static ReportFormat? ByPath(string path) =>
        All.Where(f => path.EndsWith(f.Extension, StringComparison.OrdinalIgnoreCase)).MaxBy(f => f.Extension.Length);

    public static string Extensions => string.Join(" ", All.Select(f => f.Extension));

    private static byte[] WriteJson(ProfileDocument document) => [.. JsonSerializer.SerializeToUtf8Bytes(document, HudJson.Indented.ProfileDocument), (byte)'\n'];
}
