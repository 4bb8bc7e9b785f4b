using System.Globalization;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports.Formats;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>
/// Writes what a run says of its last while: the report as JSON, and whatever formats the run's own report will be written in. Never over a file that
/// is there.
/// </summary>
/// <param name="asked">The files of the run's report.</param>
/// <param name="name">Of the process, such as checkout-4242.</param>
internal sealed class LookBackFiles(IReadOnlyList<ExportFile> asked, string name, TimeProvider clock)
{
    private const int MostOfOneSecond = 9;
    private readonly List<string> _said = [];

    /// <summary>What was said of each answer, for the end of the run: a cockpit's line is gone by then.</summary>
    public IReadOnlyList<string> Said => _said;

    /// <summary>True once something could not be written.</summary>
    public bool Failed { get; private set; }

    /// <returns>What to say of it.</returns>
    public string Write(LookBackAnswer answer)
    {
        string line = answer.Document is { } document ? Write(document) : Fail($"no look-back: {answer.Problem}");
        if (_said.Count < 100)
            _said.Add(line);
        return line;
    }

    /// <summary>Where the look-back of this time of day (UTC, as in the report) goes, next to the run's own files; the first is the report.</summary>
    /// <param name="number">From 1: which one of that second.</param>
    public static IReadOnlyList<string> Paths(
        IReadOnlyList<ExportFile> asked,
        string name,
        DateTimeOffset at,
        int number
    )
    {
        string when =
            "-before-"
            + at.ToString("HHmmss", CultureInfo.InvariantCulture)
            + (number > 1 ? $"-{number.ToString(CultureInfo.InvariantCulture)}" : "");
        var beside = asked.Select(f => Insert(f.Path, when)).ToList();
        string report =
            asked
                .Zip(beside)
                .Where(f => f.First.Format == nameof(OutputFormat.Report))
                .Select(f => f.Second)
                .FirstOrDefault()
            ?? $"hud-{Cockpit.LiveExport.FileName(name)}{when}.json";
        return [report, .. beside.Where(p => p != report)];
    }

    private static string Insert(string path, string text)
    {
        string ending =
            ReportFormats
                .All.Select(f => f.FileExtension)
                .Append(".txt")
                .Append(".pb.gz")
                .Where(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase))
                .MaxBy(e => e.Length)
            ?? "";
        return path[..^ending.Length] + text + path[^ending.Length..];
    }

    private string Write(ProfileDocument document)
    {
        var at = clock.GetUtcNow();
        for (int number = 1; ; number++)
        {
            var paths = Paths(asked, name, at, number);
            if (number < MostOfOneSecond && paths.Any(Path.Exists))
                continue;
            try
            {
                foreach (string path in paths)
                {
                    byte[] bytes = ExportFormats.For(path)!.Render(document);
                    using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                    file.Write(bytes);
                }

                return $"wrote {Words.LookBack(document) ?? "the look-back"} to {string.Join(", ", paths)}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return Fail("cannot write the look-back: " + e.Message);
            }
        }
    }

    private string Fail(string line)
    {
        Failed = true;
        return Printable.Clean(line);
    }
}
