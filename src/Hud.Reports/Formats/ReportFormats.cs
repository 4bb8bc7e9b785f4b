using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats.Pprof;
using Hud.Reports.Page;

namespace Hud.Reports.Formats;

/// <summary>Every format, by its name in the session and by file name.</summary>
public static class ReportFormats
{
    /// <summary>What a result ConfigMap may hold: the object's limit is 1 MiB, base64 and metadata included.</summary>
    public const int MaxConfigMapBytes = 640 * 1024;

    /// <summary>Below this no format promises to fit.</summary>
    public const int MinBytes = 64 * 1024;

    public static IReadOnlyList<IReportFormat> All { get; } =
    [
        new ReportJsonFormat(),
        new PageFormat(),
        new FlameGraphFormat(),
        new PprofFormat(),
        new ChromeTraceFormat(),
        new FoldedFormat(),
        new SpeedscopeFormat(),
        new TargetsFormat(),
    ];

    public static bool TryGet(
        OutputFormat format,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IReportFormat? found
    )
    {
        found = All.FirstOrDefault(f => f.Format == format);
        return found is not null;
    }

    public static IReportFormat Get(OutputFormat format) =>
        TryGet(format, out var found)
            ? found
            : throw new ArgumentOutOfRangeException(nameof(format), format, "no such format");

    /// <summary>The format whose extension ends <paramref name="fileName"/>, the longest first; plain <c>.json</c> is the report.</summary>
    public static bool TryFromFileName(
        string fileName,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IReportFormat? found
    )
    {
        found = All.Where(f => fileName.EndsWith(f.FileExtension, StringComparison.OrdinalIgnoreCase))
            .MaxBy(f => f.FileExtension.Length);
        if (found is null && fileName.EndsWith(".pb.gz", StringComparison.OrdinalIgnoreCase))
            TryGet(OutputFormat.Pprof, out found);
        return found is not null;
    }

    /// <summary>Without a bound, for files on a disk.</summary>
    public static byte[] Render(OutputFormat format, ProfileDocument document) =>
        Get(format).Render(document, int.MaxValue, out _);
}
