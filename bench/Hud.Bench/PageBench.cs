using System.Diagnostics;
using Hud.Core.Api;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Bench;

/// <summary>
/// <c>page [DIRECTORY]</c>: how long every format takes to write, how large it is, and, in Chromium, how long the page takes to
/// its first paint and for a zoom step; all for 5,000 distinct stacks and 20,000 slow polls.
/// </summary>
internal static class PageBench
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var directory =
            arguments.Length > 0
                ? Directory.CreateDirectory(arguments[0])
                : Directory.CreateTempSubdirectory("hud-bench-page-");
        var document = RealisticDocuments.Large();
        Console.WriteLine($"{document.StackTable.Count} distinct stacks, {document.SlowPolls.Count} slow polls");
        Console.WriteLine($"{"format", -12} {"KB", 8} {"ms", 8}");
        foreach (var format in ReportFormats.All)
        {
            // the first rendering pays for the JIT
            byte[] bytes = format.Render(document, int.MaxValue, out bool truncated);
            var times = Enumerable
                .Range(0, 5)
                .Select(_ =>
                {
                    long start = Stopwatch.GetTimestamp();
                    format.Render(document, int.MaxValue, out bool _);
                    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                })
                .Order()
                .ToList();
            Console.WriteLine(
                $"{format.Format, -12} {bytes.Length / 1000.0, 8:0.0} {times[2], 8:0.0}{(truncated ? " (cut)" : "")}"
            );
            if (format.Format == OutputFormat.Page)
                File.WriteAllBytes(Path.Combine(directory.FullName, "large.html"), bytes);
        }

        return await PageInBrowser.RunAsync(Path.Combine(directory.FullName, "large.html"));
    }
}
