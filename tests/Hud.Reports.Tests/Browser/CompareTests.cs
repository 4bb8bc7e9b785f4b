namespace Hud.Reports.Tests.Browser;

public sealed class CompareTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    [Fact]
    public async Task Which_way_it_went_both_sides_and_the_largest_move_are_on_the_first_screen()
    {
        var page = await OpenAsync("compare.html");
        Assert.Matches("^(BETTER|WORSE): ", await page.TextAsync("h1"));
        foreach (var selector in (string[])["h1", "#sides", ".movers tbody tr"])
        {
            var box = await page.Locator(selector).First.BoundingBoxAsync();
            Assert.True(box!.Y + box.Height <= 900, $"{selector} ends at {box.Y + box.Height}");
        }
        Assert.Matches(
            @"checkout::login src/login\.rs:42 gone computing \d[\d.]*% 0% −\d",
            await page.TextAsync(".movers tbody tr:has-text('checkout::login')")
        );
    }

    [Fact]
    public async Task Each_run_has_its_own_flame_graph_and_what_is_gone_is_in_the_first_alone()
    {
        var page = await OpenAsync("compare.html");
        foreach (var canvas in (string[])["#flame-canvas", "#flame-after-canvas"])
            Assert.True((await page.PixelsAsync(canvas))["255,180,84"] > 3000, canvas);
        var totals = await page.EvaluateAsync<double[]>("[hud.flame.total, hud.after.total]");
        Assert.All(totals, total => Assert.True(total > 0));
        Assert.NotEqual(totals[0], totals[1]);
        await page.Locator("[data-find='checkout::login']").ClickAsync();
        Assert.Matches(@"^\d[\d.]*% in \d+$", await page.TextAsync("#flame-found"));
        Assert.Equal("not found", await page.TextAsync("#flame-after-found"));
    }

    [Fact]
    public async Task Zoom_width_and_table_of_one_graph_leave_the_other_alone()
    {
        var page = await OpenAsync("compare.html");
        await page.Locator("#flame-after-canvas")
            .ClickAsync(
                new()
                {
                    Position = new() { X = 200, Y = 28 },
                }
            );
        Assert.Equal(1, await page.Locator("#flame-after-crumbs button").CountAsync());
        Assert.Equal(0, await page.Locator("#flame-crumbs button").CountAsync());
        await page.Locator("#flame-after [data-metric=cpu]").ClickAsync();
        Assert.Equal("true", await page.Locator("#flame-after [data-metric=cpu]").GetAttributeAsync("aria-pressed"));
        Assert.Equal("true", await page.Locator("#flame [data-metric=lost]").GetAttributeAsync("aria-pressed"));
        await page.Locator("#flame-table summary").ClickAsync();
        Assert.Contains("bcrypt", await page.TextAsync("#flame-table"));
        await page.Locator("#flame-after-table summary").ClickAsync();
        Assert.DoesNotContain("bcrypt", await page.TextAsync("#flame-after-table"));
    }

    [Theory]
    [InlineData("compare-hostile.html")]
    [InlineData("compare-nodata.html")]
    public async Task A_run_with_hostile_names_or_without_any_data_still_compares(string name)
    {
        var page = await OpenAsync(name);
        Assert.True(await page.Locator("h1").IsVisibleAsync());
    }
}
