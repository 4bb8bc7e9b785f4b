namespace Hud.Reports.Tests.Browser;

public sealed class KeyboardTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    [Fact]
    public async Task Everything_that_can_be_operated_is_reached_with_Tab_in_reading_order()
    {
        var page = await OpenAsync("checkout.html");
        var order = new List<string>();
        for (var i = 0; i < 60 && order.LastOrDefault() != "copy-yaml"; i++)
        {
            await page.KeysAsync("Tab");
            var at = await page.EvaluateAsync<string>(
                "document.activeElement.id || document.activeElement.closest('[id]')?.id || document.activeElement.tagName"
            );
            if (order.LastOrDefault() != at)
                order.Add(at);
        }
        string[] wanted =
        [
            "hotspots",
            "flame",
            "flame-search",
            "flame-reset",
            "flame-canvas",
            "timeline",
            "timeline-canvas",
            "copy-yaml",
        ];
        var places = wanted.Select(id => order.IndexOf(id)).ToList();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Distinct().Order(), places);
    }

    [Fact]
    public async Task The_first_Tab_offers_to_skip_to_the_hotspots()
    {
        var page = await OpenAsync("checkout.html");
        await page.KeysAsync("Tab");
        Assert.Equal("skip", await page.EvaluateAsync<string>("document.activeElement.className"));
        await page.KeysAsync("Enter");
        await page.FocusedAsync("hotspots");
    }

    [Fact]
    public async Task J_and_k_walk_through_the_hotspots_and_a_link_chooses_one_and_moves_the_focus_to_it()
    {
        var page = await OpenAsync("checkout.html");
        await page.KeysAsync("j", "j");
        Assert.Equal(2, await page.EvaluateAsync<int>("hud.hotspots.chosen"));
        await page.KeysAsync("k");
        Assert.Equal(1, await page.EvaluateAsync<int>("hud.hotspots.chosen"));
        await page.Locator(".hotspot-table a").Nth(3).FocusAsync();
        await page.KeysAsync("Enter");
        await page.FocusedAsync("hotspot-4");
        Assert.Equal(1, await page.Locator(".hotspot-table a[aria-current]").CountAsync());
    }

    [Fact]
    public async Task The_flame_graph_is_walked_zoomed_and_left_with_keys_and_says_where_one_is()
    {
        var page = await OpenAsync("checkout.html");
        await page.KeysAsync("f");
        await page.FocusedAsync("flame-canvas");
        await page.KeysAsync("ArrowDown");
        Assert.StartsWith("checkout::handle_request", await page.TextAsync("#flame-status"));
        await page.KeysAsync("ArrowRight");
        Assert.DoesNotMatch("^checkout::handle_request", await page.TextAsync("#flame-status"));
        await page.KeysAsync("ArrowLeft");
        Assert.StartsWith("checkout::handle_request", await page.TextAsync("#flame-status"));
        await page.KeysAsync("Enter");
        Assert.Equal(1, await page.Locator("#flame-crumbs button").CountAsync());
        for (var i = 0; i < 8; i++)
            await page.KeysAsync("ArrowDown");
        await page.KeysAsync("Enter");
        Assert.True(await page.Locator("#flame-crumbs button").CountAsync() > 5);
        await page.KeysAsync("Backspace", "Home");
        Assert.Equal(0, await page.Locator("#flame-crumbs button").CountAsync());
    }

    [Fact]
    public async Task The_timeline_is_zoomed_moved_and_stepped_through_with_keys_and_Enter_leads_to_the_hotspot()
    {
        var page = await OpenAsync("checkout.html");
        Task<double[]> Span() => page.EvaluateAsync<double[]>("[hud.timeline.from, hud.timeline.to]");
        await page.KeysAsync("t", "n");
        var first = await page.TextAsync("#timeline-status");
        Assert.Matches(@"computing \d", first);
        await page.KeysAsync("n");
        Assert.NotEqual(first, await page.TextAsync("#timeline-status"));
        await page.KeysAsync("p");
        Assert.Equal(first, await page.TextAsync("#timeline-status"));
        var end = (await Span())[1];
        await page.KeysAsync("+", "+");
        var near = await Span();
        Assert.Equal(end / 4, near[1] - near[0], tolerance: 1.0);
        await page.KeysAsync("ArrowRight");
        Assert.True((await Span())[0] > near[0]);
        await page.KeysAsync("Home");
        Assert.Equal([0, end], await Span());
        var hotspot = await page.EvaluateAsync<int>("hud.data.polls.hotspot[hud.timeline.chosen]");
        await page.KeysAsync("Enter");
        Assert.Equal(hotspot, await page.EvaluateAsync<int>("hud.hotspots.chosen"));
        await page.FocusedAsync($"hotspot-{hotspot + 1}");
    }

    [Fact]
    public async Task Slash_searches_question_mark_shows_the_keys_and_Escape_closes_them()
    {
        var page = await OpenAsync("checkout.html");
        await page.KeysAsync("/");
        await page.FocusedAsync("flame-search");
        await page.Keyboard.TypeAsync("jj/?");
        Assert.Equal("jj/?", await page.Locator("#flame-search").InputValueAsync());
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.KeysAsync("?");
        Assert.True(await page.Locator("dialog").IsVisibleAsync());
        await page.KeysAsync("Escape");
        Assert.False(await page.Locator("dialog").IsVisibleAsync());
    }

    [Fact]
    public async Task Every_control_picture_and_region_has_a_name_and_headings_leave_no_step_out()
    {
        var page = await OpenAsync("merged.html");
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                """
                () => {
                  const named = e => (e.getAttribute("aria-label") || e.textContent || e.labels?.[0]?.textContent || "").trim();
                  const bad = [];
                  for (const e of document.querySelectorAll("button, a, input, canvas, [role=img], summary")) {
                    if (e.closest("[aria-hidden=true]")) continue;
                    if (!named(e)) bad.push("no name: " + e.outerHTML.slice(0, 80));
                  }
                  for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
                    for (const id of [e.getAttribute("aria-labelledby"), e.getAttribute("aria-describedby")])
                      if (id && !document.getElementById(id)) bad.push("no such id: " + id);
                  }
                  let level = 0;
                  for (const h of document.querySelectorAll("h1, h2, h3")) {
                    const now = Number(h.tagName[1]);
                    // a detail's heading stands before the list's own: both are under the page's
                    if (now > level + 2) bad.push("heading jumps: " + h.textContent);
                    level = now;
                  }
                  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
                  if (new Set(ids).size !== ids.length) bad.push("an id twice");
                  if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
                  if (!document.documentElement.lang) bad.push("no language");
                  return bad;
                }
                """
            )
        );
    }
}
