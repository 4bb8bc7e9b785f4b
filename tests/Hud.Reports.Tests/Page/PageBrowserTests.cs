using System.Diagnostics;
using Hud.Core.Api;
using Hud.Reports.Formats;

namespace Hud.Reports.Tests.Page;

/// <summary>Writes the sample pages and exports once for all browser tests; into the folder HUD_PAGES_KEEP, if set, to be looked at.</summary>
public sealed class PageFiles : IDisposable
{
    private static readonly string? Keep = Environment.GetEnvironmentVariable("HUD_PAGES_KEEP");

    private readonly DirectoryInfo _directory = Keep is null
        ? Directory.CreateTempSubdirectory("hud-pages-")
        : Directory.CreateDirectory(Keep);

    public PageFiles()
    {
        PageSamples.Write(_directory.FullName);
        foreach (var format in ReportFormats.All)
            File.WriteAllBytes(
                System.IO.Path.Combine(_directory.FullName, "checkout" + format.FileExtension),
                format.Render(PageSamples.All["checkout"], int.MaxValue, out _)
            );
    }

    public string Path => _directory.FullName;

    public void Dispose()
    {
        if (Keep is null)
            _directory.Delete(recursive: true);
    }
}

/// <summary>
/// The pages in Chromium, through Playwright: one fact for each <c>tests/page/*.test.mjs</c>. The scripts print each of
/// their own tests; a failure shows that output.
/// </summary>
public sealed class PageBrowserTests(PageFiles pages, ITestOutputHelper log) : IClassFixture<PageFiles>
{
    private static readonly string Scripts = System.IO.Path.Combine(Tool.Repository, "tests", "page");

    [Theory]
    [InlineData("panels")]
    [InlineData("charts")]
    [InlineData("keyboard")]
    [InlineData("phone")]
    [InlineData("contrast")]
    [InlineData("paper")]
    [InlineData("compare")]
    [InlineData("safety")]
    [InlineData("readers")]
    public async Task The_browser_agrees(string script)
    {
        string? chromium = new[]
        {
            Environment.GetEnvironmentVariable("HUD_CHROMIUM"),
            "/usr/bin/chromium",
            "/usr/bin/google-chrome",
        }.FirstOrDefault(File.Exists);
        Tool.Need(chromium is not null, "no Chromium (scripts/install.sh browser)");
        Tool.Need(
            Directory.Exists(System.IO.Path.Combine(Scripts, "node_modules", "playwright-core")),
            "playwright-core is not installed (scripts/install.sh browser)"
        );
        var start = new ProcessStartInfo(
            "node",
            [
                "--test",
                "--test-reporter=spec",
                "--test-timeout=240000",
                System.IO.Path.Combine(Scripts, script + ".test.mjs"),
            ]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HUD_PAGES"] = pages.Path;
        start.Environment["HUD_CHROMIUM"] = chromium;
        using var node = Process.Start(start)!;
        var error = node.StandardError.ReadToEndAsync();
        string output = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        log.WriteLine(output);
        Assert.True(node.ExitCode == 0, output + await error);
    }
}
