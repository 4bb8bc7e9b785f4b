using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

/// <summary>One Chromium for all tests of pages, started by the first that needs it.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private SampleFiles? _files;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _files?.Dispose();
    }

    /// <summary>Where a sample page or export lies.</summary>
    public string File(string name) => (_files ??= new SampleFiles()).Named(name);

    /// <summary>The test is skipped (or fails under HUD_REQUIRE_ALL) where there is no Chromium.</summary>
    public async Task<IBrowser> BrowserAsync() => _browser ??= await Chromium.LaunchAsync(await PlaywrightAsync());

    public async Task<IPlaywright> PlaywrightAsync()
    {
        Tool.Need(Chromium.Program is not null, "no Chromium (scripts/install.sh browser)");
        return _playwright ??= await Playwright.CreateAsync();
    }
}

/// <summary>The tests of pages take turns: each has the browser for itself.</summary>
[CollectionDefinition]
public sealed class BrowserCollection : ICollectionFixture<BrowserFixture>;
