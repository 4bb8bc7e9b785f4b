namespace Hud.Reports.Tests.Browser;

public sealed class SafetyTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    [Fact]
    public async Task Hostile_names_stay_text_with_no_element_no_dialog_no_title_of_theirs_and_no_request()
    {
        var page = await OpenAsync("hostile.html");
        Assert.DoesNotContain("owned", await page.TitleAsync());
        Assert.Equal(
            new Elements(Images: 0, Frames: 0, Scripts: 2, Handlers: 0),
            await page.ReadAsync<Elements>(
                """
                () => ({
                  images: document.images.length, frames: frames.length, scripts: document.scripts.length,
                  handlers: [...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on"))).length,
                })
                """
            )
        );
        Assert.Contains("</script><script>", await page.TextAsync("h1"));
        await page.KeysAsync("j", "j", "j", "j", "j", "j");
        await page.Locator("#flame-search").FillAsync("<script>");
        await page.Locator("#flame-table summary").ClickAsync();
        await page.Locator("#flame-canvas")
            .HoverAsync(
                new()
                {
                    Position = new() { X = 50, Y = 30 },
                }
            );
        await page.Locator("#timeline-canvas").FocusAsync();
        await page.KeysAsync("n", "n", "n", "n", "n");
    }

    [Fact]
    public async Task The_policy_would_stop_a_script_or_a_request_even_if_one_got_in()
    {
        var page = await OpenAsync("checkout.html", silent: false);
        var stopped = await page.ReadAsync<Stopped>(
            """
            async () => {
              const violations = [];
              addEventListener("securitypolicyviolation", e => violations.push(e.effectiveDirective));
              const script = document.createElement("script");
              script.textContent = "window.owned = 1";
              document.body.append(script);
              const image = new Image();
              image.src = "http://127.0.0.1:9/x.png";
              await fetch("http://127.0.0.1:9/").catch(() => {});
              const styled = document.createElement("div");
              styled.setAttribute("style", "color: red");
              document.body.append(styled);
              await new Promise(done => setTimeout(done, 50));
              return { owned: window.owned !== undefined, violations: [...new Set(violations)].sort() };
            }
            """
        );
        Assert.False(stopped.Owned);
        Assert.Equal(["connect-src", "img-src", "script-src-elem", "style-src-attr"], stopped.Violations);
    }

    [Fact]
    public async Task A_damaged_document_still_opens_and_draws()
    {
        var page = await OpenAsync("damaged.html");
        Assert.True((await page.PixelsAsync("#flame-canvas")).Count > 2);
        await page.Locator("#timeline-canvas").FocusAsync();
        await page.KeysAsync("n", "n", "+", "ArrowRight", "Enter", "Home");
    }

    private sealed record Elements(int Images, int Frames, int Scripts, int Handlers);

    private sealed record Stopped(bool Owned, string[] Violations);
}
