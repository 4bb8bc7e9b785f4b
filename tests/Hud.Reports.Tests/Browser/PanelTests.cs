using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

public sealed class PanelTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    [Theory]
    [InlineData(1440, 900)]
    [InlineData(1280, 720)]
    [InlineData(1920, 1080)]
    public async Task Function_line_cause_and_fix_of_the_worst_blocker_are_on_the_first_screen(int width, int height)
    {
        var page = await OpenAsync("checkout.html", Screen(width, height));
        foreach (
            var selector in (string[])[".facts .fn", ".facts .line", ".facts .fix", "h1", ".hotspot-table tr.chosen"]
        )
        {
            var box = await page.Locator($"article.chosen {selector}, {selector}").First.BoundingBoxAsync();
            Assert.NotNull(box);
            Assert.True(box.Y >= 0 && box.Y + box.Height <= height, $"{selector}: {box.Y} to {box.Y + box.Height}");
        }
        Assert.Equal("checkout::login", await page.TextAsync("article.chosen .fn"));
        Assert.Equal("bcrypt::hash", await page.TextAsync("article.chosen .called"));
        Assert.Equal("src/login.rs:42", await page.TextAsync("article.chosen .line"));
        Assert.Matches(@"computed \d+ms in a typical poll", await page.TextAsync("article.chosen .facts"));
        Assert.Contains("spawn_blocking", await page.TextAsync("article.chosen .fix"));
    }

    [Fact]
    public async Task The_verdicts_three_instruments_are_first_and_larger_and_each_share_says_what_it_is_a_share_of()
    {
        var page = await OpenAsync("checkout.html");
        Assert.Equal(
            [
                "WORKER TIME LOST",
                "WORST POLL",
                "SLOW POLLS",
                "STALLS",
                "COMPUTING",
                "ASLEEP",
                "WAITING FOR A CPU",
                "WAITING FOR A WORKER",
                "COST OF HUD",
                "DROPPED",
            ],
            await page.Locator(".panel dt").AllInnerTextsAsync()
        );
        var sizes = await page.Locator(".panel dd b")
            .EvaluateAllAsync<double[]>("all => all.map(each => parseFloat(getComputedStyle(each).fontSize))");
        Assert.True(sizes.Take(3).Min() >= 2 * sizes.Skip(3).Max(), string.Join(' ', sizes));
        var notes = await page.Locator(".panel dd span").AllInnerTextsAsync();
        Assert.Matches(@"^\d.*s of 8 workers × 1m00s$", notes[0]);
        Assert.Matches(@"^0\.03% of 3\.84M polls$", notes[2]);
        Assert.Matches(@"^[\d.]+% of the time lost$", notes[4]);
        Assert.Matches(
            @"^p99 of checkout::handle_request::\{\{closure\}\}, longest \d+ms; [\d.]+% of the long ones behind checkout::login$",
            notes[7]
        );
        Assert.Contains("of the target’s CPU time; budget 1%", notes[8]);
        Assert.Contains("no poll over 50ms: not met", await page.TextAsync(".panel"));
        Assert.Matches(@"^BLOCKED \d", await page.TextAsync("h1"));
        Assert.Equal(
            "red light: the code blocks its workers",
            await page.Locator(".light").GetAttributeAsync("aria-label")
        );
    }

    [Fact]
    public async Task A_cause_is_words_and_its_name_leads_to_its_text_further_down()
    {
        var page = await OpenAsync("checkout.html");
        Assert.Equal("computing", await page.TextAsync("article.chosen .tag"));
        await page.Locator("article.chosen .about").ClickAsync();
        Assert.StartsWith(
            "Cryptography Password hashing is slow on purpose",
            await page.TextAsync("#causes div:target")
        );
        var words = await page.EvaluateAsync<string>("document.body.innerText");
        foreach (var word in (string[])["OnCpu", "BlockingCall", "LockWait", "RunQueue", "NetworkIo", "BlockOn"])
            Assert.DoesNotContain(word, words);
    }

    [Fact]
    public async Task Choosing_a_hotspot_shows_its_advice_its_stack_with_the_frame_to_change_and_who_held_the_lock()
    {
        var page = await OpenAsync("checkout.html");
        await page.WithText(".hotspot-table tr", "checkout::session::Cache::get").ClickAsync();
        Assert.Equal(1, await page.Locator("article:visible").CountAsync());
        Assert.Contains("LINE src/session.rs:204", await page.TextAsync("article.chosen .facts"));
        Assert.Contains("Who held the lock", await page.TextAsync("article.chosen"));
        await page.Locator("article.chosen details.stack summary").First.ClickAsync();
        Assert.Contains(
            "checkout::session::Cache::get change here src/session.rs:204",
            await page.TextAsync("article.chosen .stack li.blamed")
        );
        Assert.Contains("raw::poll entry of the poll", await page.TextAsync("article.chosen .stack li:last-child"));
    }

    [Fact]
    public async Task Run_queue_delay_is_shown_as_not_the_codes_fault_with_who_ran_instead()
    {
        var page = await OpenAsync("checkout.html");
        await page.WithText(".hotspot-table tr", "checkout::cart::parse").ClickAsync();
        Assert.Contains("not this code's fault", await page.TextAsync("article.chosen"));
        Assert.Contains("batch-import 71%", await page.TextAsync("article.chosen .preempted"));
        Assert.Contains("checkout::cart::parse", await page.TextAsync(".hotspot-table tr.divider + tr"));
    }

    [Fact]
    public async Task Tasks_workers_targets_losses_overhead_and_the_session_are_there()
    {
        var page = await OpenAsync("merged.html");
        Assert.Contains("checkout::handle_request", await page.TextAsync("#tasks"));
        Assert.True(await page.Locator("#tasks .histogram svg[role=img]").CountAsync() >= 5);
        Assert.True(await page.Locator("#tasks .histogram rect.over").CountAsync() >= 5);
        Assert.Equal(16, await page.Locator("#workers tbody tr").CountAsync());
        Assert.Equal(3, await page.Locator("#targets thead th").CountAsync());
        Assert.Contains("Failed: no Tokio runtime", await page.TextAsync("#targets"));
        Assert.Contains("Unresolved frames 24", await page.TextAsync("#losses"));
        Assert.Contains("of the target's CPU time; the budget was 1%", await page.TextAsync("#losses"));
        Assert.StartsWith(
            "apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\n",
            await page.Locator("#yaml").InnerTextAsync()
        );
        Assert.Contains("1 of 3 targets failed", await page.TextAsync(".notes"));
    }

    [Fact]
    public async Task Waits_for_a_worker_are_there_with_a_link_to_what_they_were_behind()
    {
        var page = await OpenAsync("checkout.html");
        await page.WithText(".hotspot-table tr", "load_page").ClickAsync();
        var worst = page.Locator("#waits tbody tr").First;
        Assert.Equal(5, await page.Locator("#waits tbody tr").CountAsync());
        Assert.StartsWith("checkout::handle_request", await worst.Locator("th").InnerTextAsync());
        var p99 = await page.SortKeysAsync("#waits tbody tr td:nth-child(4)");
        Assert.Equal(p99.OrderDescending(), p99);
        Assert.Equal(5, await page.Locator("#waits .histogram svg[role=img]").CountAsync());
        Assert.True(await page.Locator("#waits .histogram rect.over").CountAsync() >= 5);
        Assert.Contains("and 1 more", await worst.InnerTextAsync());
        Assert.Matches(@"^~\d", await page.Locator("#waits tbody td", new() { HasText = "~" }).First.InnerTextAsync());

        await worst.Locator(".behind a").First.ClickAsync();
        await page.FocusedAsync("hotspot-1");
        Assert.Equal("checkout::login", await page.TextAsync("article.chosen .fn"));
        Assert.Matches(
            @"^Tasks waited for a worker behind this: \S+ checkout::handle_request::\{\{closure\}\}, [\d,]+ long waits, [\d.]+% of their time .* and 2 more task types$",
            await page.TextAsync("article.chosen .waited")
        );
        await page.Locator("article.chosen .waited a").ClickAsync();
        await page.FocusedAsync("waits");
    }

    [Fact]
    public async Task What_was_not_timed_is_told_and_without_any_wait_there_is_no_number_for_it()
    {
        var merged = await OpenAsync("merged.html");
        Assert.Equal(10, await merged.Locator("#waits tbody tr").CountAsync());
        Assert.Equal(
            "Not every wake of checkout-1 (4242) was timed: those of 1 of 5 task types were for some of the time, to keep to the budget",
            await merged.TextAsync("#waits .note")
        );
        var none = await OpenAsync("healthy.html", drawn: false);
        Assert.Equal(0, await none.Locator("#waits").CountAsync());
        Assert.DoesNotContain("WAITING FOR A WORKER", await none.TextAsync(".panel"));
    }

    [Fact]
    public async Task Columns_sort()
    {
        const string Lost = "#workers tbody tr td:nth-child(6)";
        var page = await OpenAsync("checkout.html");
        await page.WithText("#workers thead button", "Lost").ClickAsync();
        var down = await page.SortKeysAsync(Lost);
        Assert.Equal(down.OrderDescending(), down);
        await page.WithText("#workers thead button", "Lost").ClickAsync();
        Assert.Equal(down.Reverse(), await page.SortKeysAsync(Lost));
    }

    [Fact]
    public async Task Healthy_and_no_data_are_different_answers()
    {
        var healthy = await OpenAsync("healthy.html", drawn: false);
        Assert.Matches(
            @"No poll was over the threshold of 5ms\. [\d.]+M polls were seen",
            await healthy.TextAsync("#hotspots")
        );
        Assert.Equal(0, await healthy.Locator("#flame").CountAsync());
        var none = await OpenAsync("nodata.html", drawn: false);
        Assert.Contains("says nothing about the code", await none.TextAsync("#hotspots"));
        Assert.Equal("grey light: no data", await none.Locator(".light").GetAttributeAsync("aria-label"));
    }

    [Fact]
    public async Task Without_a_script_everything_that_is_text_stays_readable()
    {
        var screen = Screen(1440);
        screen.JavaScriptEnabled = false;
        var page = await OpenAsync("checkout.html", screen, drawn: false);
        // without a script nothing says when the page is laid out
        await Assertions.Expect(page.Locator("article:visible")).ToHaveCountAsync(6);
        Assert.Contains("the tables hold the same numbers", await page.TextAsync("#flame-status"));
    }
}
