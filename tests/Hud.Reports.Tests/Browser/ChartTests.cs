using System.Globalization;

namespace Hud.Reports.Tests.Browser;

public sealed class ChartTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    private const string UserCode = "255,180,84",
        Found = "247,240,106",
        Stall = "255,90,80";

    private static readonly string[] Causes = ["255,158,74", "108,182,255", "201,160,255", "168,183,198"];

    [Fact]
    public async Task The_flame_graph_draws_user_code_in_its_colour_and_adds_up_to_the_time_lost()
    {
        var page = await OpenAsync("checkout.html");
        Assert.True((await page.PixelsAsync("#flame-canvas"))[UserCode] > 5000);
        Assert.Matches(
            @"^all workers: \S+, 100% of all, \d+ polls$",
            await page.EvaluateAsync<string>("document.getElementById('flame-status').textContent")
        );
        Assert.Equal(
            await page.EvaluateAsync<double>("hud.data.weights.reduce((s, w) => s + w.cpu + w.blocked, 0)"),
            await page.EvaluateAsync<double>("hud.flame.total")
        );
    }

    [Fact]
    public async Task The_three_widths_differ_and_each_says_so()
    {
        var page = await OpenAsync("checkout.html");
        async Task<(double Total, string Said)> Choose(string metric)
        {
            var button = page.Locator($"#flame [data-metric={metric}]");
            await button.ClickAsync();
            Assert.Equal("true", await button.GetAttributeAsync("aria-pressed"));
            Assert.Equal(1, await page.Locator("#flame [aria-pressed=true]").CountAsync());
            return (await page.EvaluateAsync<double>("hud.flame.total"), await page.TextAsync("#flame-status"));
        }
        var cpu = await Choose("cpu");
        var blocked = await Choose("blocked");
        var lost = await Choose("lost");
        Assert.Equal(lost.Total, cpu.Total + blocked.Total);
        Assert.Distinct([cpu.Said, blocked.Said, lost.Said]);
    }

    [Fact]
    public async Task A_click_zooms_in_the_crumbs_lead_back_and_the_reset_button_ends_it()
    {
        var page = await OpenAsync("checkout.html");
        var canvas = page.Locator("#flame-canvas");
        var crumbs = page.Locator("#flame-crumbs button");
        await canvas.ClickAsync(
            new()
            {
                Position = new() { X = 200, Y = 28 },
            }
        );
        var zoomed = await page.TextAsync("#flame-status");
        Assert.StartsWith("checkout::handle_request", zoomed);
        Assert.Equal(1, await crumbs.CountAsync());
        await canvas.ClickAsync(
            new()
            {
                Position = new() { X = 200, Y = 120 },
            }
        );
        Assert.True(await crumbs.CountAsync() > 3);
        await crumbs.Nth(1).ClickAsync();
        Assert.Equal(zoomed, await page.TextAsync("#flame-status"));
        await page.Locator("#flame-reset").ClickAsync();
        Assert.Equal(0, await crumbs.CountAsync());
    }

    [Fact]
    public async Task The_runtimes_own_way_into_a_poll_is_left_out_until_it_is_asked_for()
    {
        const string Runtime = "tokio::runtime::task::raw::poll";
        var page = await OpenAsync("checkout.html");
        Task<string[]> Names() =>
            page.EvaluateAsync<string[]>("Array.from({ length: hud.flame.size }, (_, i) => hud.flame.name(i))");
        var total = await page.EvaluateAsync<double>("hud.flame.total");
        Assert.DoesNotContain(Runtime, await Names());
        await page.Locator("#flame-runtime").ClickAsync();
        Assert.Equal("true", await page.Locator("#flame-runtime").GetAttributeAsync("aria-pressed"));
        Assert.Contains(Runtime, await Names());
        Assert.Equal(total, await page.EvaluateAsync<double>("hud.flame.total"));
    }

    [Fact]
    public async Task Search_marks_what_it_finds_and_says_how_much_of_the_time_that_is()
    {
        const string Share = "() => document.getElementById('flame-found').textContent.includes('%')";
        var page = await OpenAsync("checkout.html");
        var search = page.Locator("#flame-search");
        Assert.DoesNotContain(Found, await page.PixelsAsync("#flame-canvas"));
        await search.FillAsync("bcrypt");
        await page.WaitForFunctionAsync(Share);
        await page.EvaluateAsync("() => hud.flame.draw()");
        Assert.True((await page.PixelsAsync("#flame-canvas"))[Found] > 500);
        var share = double.Parse((await page.TextAsync("#flame-found")).Split('%')[0], CultureInfo.InvariantCulture);
        var expected = await page.EvaluateAsync<double>(
            """
            () => {
              const { stacks, names, frames, weights } = hud.data;
              const matches = f => [frames[f].name, frames[f].location].some(name => names[name].includes("bcrypt"));
              const sum = list => list.reduce((s, w) => s + w.cpu + w.blocked, 0);
              return sum(weights.filter(w => stacks[w.stack].some(matches))) * 100 / sum(weights);
            }
            """
        );
        Assert.Equal(expected, share, tolerance: 0.6);
        await search.FillAsync("src/login.rs");
        await page.WaitForFunctionAsync(Share);
        await search.FillAsync("no such function");
        await page.WaitForFunctionAsync("() => document.getElementById('flame-found').textContent === 'not found'");
    }

    [Fact]
    public async Task The_flame_graphs_numbers_are_also_a_table()
    {
        var page = await OpenAsync("checkout.html");
        await page.Locator("#flame-table summary").ClickAsync();
        // the table is filled by an event that follows the click
        await page.WaitForFunctionAsync("() => document.querySelectorAll('#flame-table tbody tr').length > 10");
        Assert.Contains("bcrypt", await page.TextAsync("#flame-table"));
    }

    [Fact]
    public async Task Hovering_names_the_box_under_the_pointer()
    {
        var page = await OpenAsync("checkout.html");
        await page.Locator("#flame-canvas")
            .HoverAsync(
                new()
                {
                    Position = new() { X = 100, Y = 30 },
                }
            );
        Assert.Matches("checkout::handle_request.* of all", await page.TextAsync(".tip"));
    }

    [Fact]
    public async Task The_timeline_draws_every_cause_shades_stalls_and_zooms_by_button_drag_and_wheel()
    {
        var page = await OpenAsync("checkout.html");
        var canvas = page.Locator("#timeline-canvas");
        Task<double> Span() => page.EvaluateAsync<double>("hud.timeline.to - hud.timeline.from");
        var colours = await page.PixelsAsync("#timeline-canvas");
        Assert.All(Causes, cause => Assert.True(colours[cause] > 50, cause));
        Assert.True(colours[Stall] > 2);
        var whole = await Span();
        await page.Locator("#timeline [data-zoom=in]").ClickAsync();
        Assert.Equal(whole / 2, await Span(), tolerance: 1.0);
        var box = await canvas.BoundingBoxAsync();
        await page.Mouse.MoveAsync(box!.X + 500, box.Y + 60);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 700, box.Y + 60, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        var dragged = await Span();
        Assert.True(dragged < whole / 8, $"{dragged} of {whole}");
        await canvas.FocusAsync();
        await page.Mouse.WheelAsync(0, -300);
        await page.WaitForFunctionAsync("before => hud.timeline.to - hud.timeline.from < before", dragged);
        await page.Locator("#timeline [data-zoom=reset]").ClickAsync();
        Assert.Equal(whole, await Span());
    }

    [Fact]
    public async Task A_slow_poll_under_the_pointer_shows_its_split_and_a_double_click_leads_to_its_hotspot()
    {
        var page = await OpenAsync("checkout.html");
        var longest = await page.ReadAsync<Place>(
            """
            () => {
              const { polls, workers, observed, hotspots } = hud.data, canvas = document.getElementById("timeline-canvas");
              let longest = 0;
              for (let i = 1; i < polls.count; i++) if (polls.wall[i] > polls.wall[longest]) longest = i;
              canvas.scrollIntoView({ block: "center" });
              const box = canvas.getBoundingClientRect(), gutter = 150, height = (box.height - 26) / workers.length;
              return {
                x: gutter + (polls.start[longest] + polls.wall[longest] / 2) / observed * (box.width - gutter),
                y: 22 + (polls.worker[longest] + 0.5) * height,
                user: hotspots[polls.hotspot[longest]].user,
                hotspot: polls.hotspot[longest],
              };
            }
            """
        );
        var canvas = page.Locator("#timeline-canvas");
        await canvas.HoverAsync(
            new()
            {
                Position = new() { X = longest.X, Y = longest.Y },
            }
        );
        Assert.Matches(@"computing \d.*asleep \d.*waiting for a CPU \d", await page.TextAsync(".tip"));
        await canvas.ClickAsync(
            new()
            {
                Position = new() { X = longest.X, Y = longest.Y },
            }
        );
        Assert.StartsWith(longest.User, await page.TextAsync("#timeline-status"));
        await canvas.DblClickAsync(
            new()
            {
                Position = new() { X = longest.X, Y = longest.Y },
            }
        );
        Assert.Equal(longest.Hotspot, await page.EvaluateAsync<int>("hud.hotspots.chosen"));
    }

    [Fact]
    public async Task What_the_page_unpacks_is_what_the_document_says()
    {
        var page = await OpenAsync("large.html");
        var got = await page.ReadAsync<Unpacked>(
            """
            () => ({
              polls: hud.data.polls.count, stacks: new Set(hud.data.stacks.map(s => s.join())).size,
              boxes: hud.flame.size, last: hud.data.polls.start.at(-1),
            })
            """
        );
        Assert.Equal(20_000, got.Polls);
        Assert.Equal(5_000, got.Stacks);
        Assert.True(got.Boxes > 5_000);
        Assert.InRange(got.Last, 30e6, 60e6);
    }

    private sealed record Place(float X, float Y, string User, int Hotspot);

    private sealed record Unpacked(int Polls, int Stacks, int Boxes, double Last);
}
