using System.Text;
using Hud.Reports.Tests.Browser;
using Microsoft.Playwright;

namespace Hud.Bench;

/// <summary>
/// <c>pictures FROM TO</c>: <c>FROM/*.ansi</c> (a terminal's screen, as <c>tmux capture-pane -e</c> prints it) and the pages mistakes.html and
/// compare.html as PNG files. <c>docs/pictures.sh</c> makes FROM.
/// </summary>
internal static class Pictures
{
    public static async Task WriteAsync(string from, string to)
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        foreach (var screen in Directory.GetFiles(from, "*.ansi"))
        {
            var page = await OpenAsync(browser, 1200, 800);
            await page.SetContentAsync(Html((await File.ReadAllTextAsync(screen)).TrimEnd('\n')));
            var name = Path.GetFileNameWithoutExtension(screen) + ".png";
            await page.Locator("pre").ScreenshotAsync(new() { Path = Path.Combine(to, name) });
        }
        await ShootAsync(browser, Path.Combine(from, "mistakes.html"), Path.Combine(to, "page.png"), 1440, 900);
        await ShootAsync(browser, Path.Combine(from, "mistakes.html"), Path.Combine(to, "page-phone.png"), 390, 844);
        await ShootAsync(
            browser,
            Path.Combine(from, "mistakes.html"),
            Path.Combine(to, "page-charts.png"),
            1440,
            760,
            async page =>
            {
                await page.FillAsync("#flame-search", "cart");
                await page.EvaluateAsync(
                    """
                    () => {
                      hud.timeline.zoomBy(0.1);
                      document.getElementById("flame").scrollIntoView({ behavior: "instant" });
                    }
                    """
                );
            }
        );
        await ShootAsync(browser, Path.Combine(from, "compare.html"), Path.Combine(to, "page-compare.png"), 1440, 900);
    }

    private static async Task ShootAsync(
        IBrowser browser,
        string file,
        string picture,
        int width,
        int height,
        Func<IPage, Task>? prepare = null
    )
    {
        var page = await OpenAsync(browser, width, height);
        await page.GotoAsync(Chromium.Address(file));
        await Chromium.WhenReadyAsync(page);
        if (prepare is not null)
            await prepare(page);
        await page.ScreenshotAsync(new() { Path = picture });
    }

    private static Task<IPage> OpenAsync(IBrowser browser, int width, int height) =>
        browser.NewPageAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = height },
                ColorScheme = ColorScheme.Dark,
            }
        );

    private static string Html(string ansi)
    {
        var html = new StringBuilder(
            $"<!doctype html><meta charset=\"utf-8\"><body style=\"margin:0;background:{TerminalScreen.Paper}\">"
        );
        html.Append(
            "<pre style=\"display:inline-block;margin:0;padding:10px 12px;font:14px/17px 'DejaVu Sans Mono',monospace\">"
        );
        foreach (var run in TerminalScreen.Runs(ansi))
        {
            var weight = run.Bold ? ";font-weight:bold" : "";
            var faint = run.Dim ? ";opacity:.6" : "";
            html.Append(
                $"<span style=\"color:{run.Front};background:{run.Back ?? "transparent"}{weight}{faint}\">{TerminalScreen.Escape(run.Text)}</span>"
            );
        }
        return html.Append("</pre>").ToString();
    }
}
