using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

/// <summary>Chromium as the distribution packages it, driven by Playwright, whose own browsers would be another download.</summary>
internal static class Chromium
{
    /// <summary>Nothing is asked of the network by the browser itself.</summary>
    private static readonly string[] Arguments =
    [
        "--headless",
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    /// <summary>The program, or null when there is none.</summary>
    public static string? Program { get; } =
        new[]
        {
            Environment.GetEnvironmentVariable("HUD_CHROMIUM"),
            "/usr/bin/chromium",
            "/usr/bin/google-chrome",
        }.FirstOrDefault(File.Exists);

    /// <param name="drawing">How it draws; without a GPU if left out.</param>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright, params string[] drawing) =>
        playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = Program,
                Args = [.. Arguments, .. drawing.Length == 0 ? ["--disable-gpu"] : drawing],
            }
        );

    public static string Address(string file) => new Uri(Path.GetFullPath(file)).AbsoluteUri;

    /// <summary>Until the page has drawn its charts; a comparison says so too.</summary>
    public static Task WhenReadyAsync(IPage page) =>
        page.WaitForFunctionAsync(
            "() => document.documentElement.dataset.ready === 'true'",
            null,
            new() { Timeout = 15_000 }
        );
}
