using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

/// <summary>
/// Opens sample pages. When a test ends, each page that it opened must have been silent: no console message, no error, no dialog, and no request but
/// for the page itself.
/// </summary>
[Collection<BrowserCollection>]
public abstract class BrowserTests(BrowserFixture fixture) : IAsyncLifetime
{
    private readonly List<Opened> _opened = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _opened)
            await page.Context.CloseAsync();
        foreach (var page in _opened.Where(page => page.Silent))
        {
            Assert.Empty(page.Noise);
            Assert.Equal([page.Address], page.Requests);
        }
        GC.SuppressFinalize(this);
    }

    /// <param name="name">One of <see cref="SampleFiles"/>.</param>
    /// <param name="options">Size and kind of the screen; a desk's of 1440x900 if left out.</param>
    /// <param name="drawn">Whether to wait for the charts.</param>
    /// <param name="silent">Whether the page has to be; one that a test provokes is not.</param>
    protected async Task<IPage> OpenAsync(
        string name,
        BrowserNewContextOptions? options = null,
        bool drawn = true,
        bool silent = true
    )
    {
        var browser = await fixture.BrowserAsync();
        var context = await browser.NewContextAsync(options ?? Screen(1440));
        var page = await context.NewPageAsync();
        var opened = new Opened(context, Chromium.Address(fixture.File(name)), silent, [], []);
        page.Console += (_, message) =>
        {
            // "verbose" is what the browser remarks on its own work, here on being asked about what is not in sight
            if (message.Type != "verbose")
                opened.Noise.Add($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => opened.Noise.Add("error: " + error);
        page.Request += (_, request) => opened.Requests.Add(request.Url);
        page.Dialog += (_, dialog) =>
        {
            opened.Noise.Add("dialog: " + dialog.Message);
            _ = dialog.DismissAsync();
        };
        _opened.Add(opened);
        await page.GotoAsync(opened.Address);
        if (drawn)
            await Chromium.WhenReadyAsync(page);
        return page;
    }

    protected static BrowserNewContextOptions Screen(int width, int height = 900) =>
        new()
        {
            ViewportSize = new() { Width = width, Height = height },
        };

    protected static BrowserNewContextOptions Phone(int width = 390) =>
        new()
        {
            ViewportSize = new() { Width = width, Height = 844 },
            DeviceScaleFactor = 2,
            IsMobile = true,
            HasTouch = true,
        };

    private sealed record Opened(
        IBrowserContext Context,
        string Address,
        bool Silent,
        List<string> Noise,
        List<string> Requests
    );
}
