using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

public sealed class PaperTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    /// <summary>A4 less its margins, in CSS pixels: narrower than what counts as a phone on a screen.</summary>
    private const int Width = 703;

    [Theory]
    [InlineData("checkout.html")]
    [InlineData("merged.html")]
    [InlineData("hostile.html")]
    [InlineData("compare.html")]
    public async Task The_tables_are_tables_not_the_phones_cards_and_nothing_runs_over_the_edge(string name)
    {
        var page = await OpenAsync(name, Screen(Width));
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, Width);
        var rows = await page.Locator(".sortable tbody tr")
            .EvaluateAllAsync<string[]>("rows => rows.map(row => getComputedStyle(row).display)");
        Assert.Equal(["table-row"], rows.Distinct());
    }

    [Fact]
    public async Task Every_stack_is_open_and_afterwards_as_it_was()
    {
        var page = await OpenAsync("checkout.html");
        Task<int> Open() => page.Locator("details.stack[open]").CountAsync();
        var all = await page.Locator("details.stack").CountAsync();
        var before = await Open();
        Assert.True(before < all);
        await page.EvaluateAsync("() => dispatchEvent(new Event('beforeprint'))");
        Assert.Equal(all, await Open());
        await page.EvaluateAsync("() => dispatchEvent(new Event('afterprint'))");
        Assert.Equal(before, await Open());
    }

    [Fact]
    public async Task Links_that_only_lead_around_the_page_and_what_can_only_be_pressed_are_not_printed()
    {
        var page = await OpenAsync("checkout.html");
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.Equal(0, await page.Locator("button:visible, input:visible, .skip:visible").CountAsync());
        Assert.Equal(
            "none",
            await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.about')).textDecorationLine")
        );
    }

    [Fact]
    public async Task Every_hotspot_is_printed_in_dark_ink_on_white()
    {
        var page = await OpenAsync("checkout.html");
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.Equal(6, await page.Locator("article:visible").CountAsync());
        Assert.Equal(
            "rgb(255, 255, 255)",
            await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor")
        );
        Assert.Equal(0, await page.Locator("button:visible").CountAsync());
    }
}
