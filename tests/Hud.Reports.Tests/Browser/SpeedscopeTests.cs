using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

/// <summary>What we export, read by the program that people open it with: speedscope's own page imports all four.</summary>
[Collection<BrowserCollection>]
public sealed class SpeedscopeTests(BrowserFixture fixture)
{
    private const string Origin = "http://speedscope.test";

    private static readonly string Release = Path.Combine(Tool.Cache, "speedscope", "dist", "release");

    /// <param name="file">The export.</param>
    /// <param name="function">What the list of functions must have.</param>
    [Theory]
    [InlineData("checkout.speedscope.json", "bcrypt::bcrypt::bcrypt")]
    [InlineData("checkout.folded.txt", "bcrypt::bcrypt::bcrypt")]
    // of a location with inlined functions it shows the one they are inlined into
    [InlineData("checkout.pprof.pb.gz", "bcrypt::hash")]
    [InlineData("checkout.trace.json", "checkout::login")]
    public async Task Speedscope_opens(string file, string function)
    {
        Tool.Need(Directory.Exists(Release), "speedscope is not installed (scripts/install.sh browser)");
        // its flame graph is drawn by WebGL, here without a GPU
        await using var browser = await Chromium.LaunchAsync(
            await fixture.PlaywrightAsync(),
            "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader"
        );
        var page = await browser.NewPageAsync(
            new()
            {
                ViewportSize = new() { Width = 1200, Height = 1000 },
            }
        );
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);
        page.Dialog += (_, dialog) =>
        {
            errors.Add(dialog.Message);
            _ = dialog.DismissAsync();
        };
        // there is no such server: what the page asks for is read from the files
        await page.RouteAsync(Origin + "/**", ServeAsync);
        await page.GotoAsync(
            $"{Origin}/index.html#profileURL={Uri.EscapeDataString($"{Origin}/file/{file}")}&view=sandwich"
        );
        await page.WaitForFunctionAsync(
            "name => document.body.innerText.includes(name)",
            function,
            new() { Timeout = 15_000, PollingInterval = 200 }
        );
        Assert.Empty(errors);
    }

    private Task ServeAsync(IRoute route)
    {
        var path = new Uri(route.Request.Url).AbsolutePath;
        var file = path.StartsWith("/file/", StringComparison.Ordinal)
            ? fixture.File(path["/file/".Length..])
            : Path.Combine(Release, path.TrimStart('/'));
        return route.FulfillAsync(File.Exists(file) ? new() { Path = file } : new() { Status = 404 });
    }
}
