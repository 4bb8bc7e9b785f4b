using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>
/// The targets of a run, one row each, failed ones first and then by worker time lost: for scripts, and where a status can't list them all.
/// </summary>
public sealed class TargetsFormat : IReportFormat
{
    private const int MaxText = 160;

    public OutputFormat Format => OutputFormat.Targets;
    public string FileExtension => ".targets.json";
    public string Key => "targets.json";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated)
    {
        ArgumentNullException.ThrowIfNull(document);
        var whole = TargetsDocument.Of(document);
        byte[] bytes = Bytes(whole);
        truncated = bytes.Length > maxBytes;
        if (truncated)
        {
            whole = Short(whole);
            bytes = Bytes(whole);
        }

        int rows = whole.Targets.Count;
        while (bytes.Length > maxBytes)
        {
            rows /= 2;
            bytes = Bytes(
                whole with
                {
                    Targets = [.. whole.Targets.Take(rows)],
                    TargetsCut = whole.Targets.Count - rows,
                }
            );
        }

        return bytes;
    }

    private static byte[] Bytes(TargetsDocument document) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(document, ReportsJson.Compact.TargetsDocument), (byte)'\n'];

    private static TargetsDocument Short(TargetsDocument document) =>
        document with
        {
            Verdict = Cut(document.Verdict),
            Versions = [.. document.Versions.Take(50)],
            Targets =
            [
                .. document.Targets.Select(t =>
                    t with
                    {
                        Process = Cut(t.Process),
                        Reason = Cut(t.Reason),
                        Message = Cut(t.Message),
                        TokioVersion = Cut(t.TokioVersion),
                        Image = Cut(t.Image ?? ""),
                        WorstPlace = Cut(t.WorstPlace),
                    }
                ),
            ],
        };

    private static string Cut(string text) =>
        text.Length <= MaxText ? text : string.Concat(text.AsSpan(0, MaxText - 1), "\u2026");
}
