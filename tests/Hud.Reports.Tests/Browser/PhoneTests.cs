namespace Hud.Reports.Tests.Browser;

public sealed class PhoneTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    [Theory]
    [InlineData("checkout.html")]
    [InlineData("merged.html")]
    [InlineData("hostile.html")]
    [InlineData("large.html")]
    [InlineData("damaged.html")]
    public async Task Nothing_is_wider_than_the_phone_whatever_the_names_are(string name)
    {
        foreach (var width in (int[])[390, 320])
        {
            var page = await OpenAsync(name, Phone(width));
            await page.LayOutAllAsync();
            Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
        }
    }

    [Theory]
    [InlineData(600)]
    [InlineData(821)]
    [InlineData(1024)]
    [InlineData(1181)]
    [InlineData(2560)]
    public async Task Nothing_is_wider_than_the_window_between_phone_and_desk_either(int width)
    {
        var page = await OpenAsync("hostile.html", Screen(width));
        await page.LayOutAllAsync();
        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
    }

    [Fact]
    public async Task The_worst_blockers_function_line_cause_and_fix_need_no_scrolling()
    {
        var page = await OpenAsync("checkout.html", Phone());
        foreach (var selector in (string[])[".fn", ".line", ".fix"])
        {
            var box = await page.Locator("article.chosen " + selector).BoundingBoxAsync();
            Assert.True(box!.Y + box.Height <= 844, $"{selector} ends at {box.Y + box.Height}");
        }
    }

    [Fact]
    public async Task A_tap_on_a_row_shows_that_hotspot_and_a_tap_on_the_flame_graph_zooms()
    {
        var page = await OpenAsync("checkout.html", Phone());
        await page.WithText(".hotspot-table tr", "load_page").TapAsync();
        Assert.Contains("src/catalog.rs:117", await page.TextAsync("article.chosen .line"));
        await page.Locator("#flame-canvas")
            .TapAsync(
                new()
                {
                    Position = new() { X = 60, Y = 60 },
                }
            );
        Assert.True(await page.Locator("#flame-crumbs button").CountAsync() >= 1);
    }

    [Theory]
    [InlineData("checkout.html")]
    [InlineData("merged.html")]
    [InlineData("losses.html")]
    [InlineData("compare.html")]
    public async Task Whatever_a_finger_presses_is_40_pixels_high_flame_graph_included(string name)
    {
        var page = await OpenAsync(name, Phone());
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("a, button, input, summary")]
                  .filter(each => !each.matches(".skip") && each.checkVisibility() && each.getBoundingClientRect().height < 39.5)
                  .map(each => each.tagName + " " + each.textContent.slice(0, 30) + " " + each.getBoundingClientRect().height)
                """
            )
        );
        // the second row begins at 41, the first ends at 40
        await page.Locator("#flame-canvas")
            .TapAsync(
                new()
                {
                    Position = new() { X = 60, Y = 42 },
                }
            );
        Assert.Equal(1, await page.Locator("#flame-crumbs button").CountAsync());
        await page.EvaluateAsync("() => hud.flame.zoomTo(0)");
        await page.Locator("#flame-canvas")
            .TapAsync(
                new()
                {
                    Position = new() { X = 60, Y = 38 },
                }
            );
        Assert.Equal(0, await page.Locator("#flame-crumbs button").CountAsync());
    }

    [Theory]
    [InlineData("checkout.html")]
    [InlineData("merged.html")]
    [InlineData("hostile.html")]
    [InlineData("compare.html")]
    public async Task A_table_fits_the_phone_or_is_marked_as_one_that_scrolls(string name)
    {
        var page = await OpenAsync(name, Phone());
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("table")].filter(table => {
                  const box = table.closest(".scroll") || table.parentElement;
                  return table.scrollWidth > box.clientWidth + 1 && !box.matches(".scroll[tabindex='0'][aria-label]");
                }).map(table => table.className)
                """
            )
        );
    }

    [Fact]
    public async Task Each_number_of_a_row_has_its_title_beside_it_and_the_rows_still_sort()
    {
        var page = await OpenAsync("checkout.html", Phone());
        var labels = await page.Locator("#workers tbody tr")
            .First.Locator("td")
            .EvaluateAllAsync<string[]>("cells => cells.map(cell => getComputedStyle(cell, '::before').content)");
        Assert.Equal(["\"Thread\"", "\"Polls\"", "\"Slow\""], labels.Take(3));
        await page.WithText("#workers thead button", "Lost").TapAsync();
        var lost = await page.SortKeysAsync("#workers tbody td[data-label=Lost]");
        Assert.Equal(lost.OrderDescending(), lost);
    }
}
