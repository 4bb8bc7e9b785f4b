using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

/// <summary>Contrast as WCAG 2.2 defines it: the ratio of relative luminances.</summary>
public sealed class ContrastTests(BrowserFixture fixture) : BrowserTests(fixture)
{
    private const double Least = 7;

    /// <summary>
    /// Every text that shows, with the contrast of its colour to what lies behind it. Backgrounds that let something through are laid over what is
    /// under them; gradients only frame the scrolling boxes.
    /// </summary>
    private const string Texts = """
        () => {
          const parse = colour => { const n = colour.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), alpha: n[3] ?? 1 }; };
          const over = (top, below) => top.rgb.map((c, i) => c * top.alpha + below[i] * (1 - top.alpha));
          const light = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = element => {
            const layers = [];
            for (let at = element; at; at = at.parentElement) {
              const layer = parse(getComputedStyle(at).backgroundColor);
              layers.push(layer);
              if (layer.alpha === 1) break;
            }
            return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
          };
          const found = [];
          const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (all.nextNode()) {
            const element = all.currentNode.parentElement, text = all.currentNode.data.trim();
            if (!text || element.closest("script, style, .skip") || !element.checkVisibility()) continue;
            const back = behind(element), front = over(parse(getComputedStyle(element).color), back);
            const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
            found.push({
              ratio: Math.round((high + 0.05) / (low + 0.05) * 100) / 100,
              text: text.slice(0, 40), of: element.tagName + "." + element.className, front: front.join(), back: back.join(),
            });
          }
          return found;
        }
        """;

    private static readonly string[] Names =
    [
        "checkout.html",
        "merged.html",
        "losses.html",
        "healthy.html",
        "nodata.html",
        "compare.html",
        "hostile.html",
    ];

    [Theory]
    [InlineData(Media.Screen, 1440)]
    [InlineData(Media.Screen, 390)]
    [InlineData(Media.Print, 718)]
    public async Task Every_text_has_a_contrast_of_7_to_1_or_more(Media media, int width)
    {
        foreach (var name in Names)
        {
            var page = await OpenAsync(name, Screen(width), drawn: false);
            await page.EmulateMediaAsync(new() { Media = media });
            await page.EvaluateAsync(
                "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"
            );
            var found = await page.ReadAsync<Text[]>(Texts);
            Assert.True(found.Length > 50, $"{name}: {found.Length} texts");
            Assert.All(found, text => Assert.True(text.Ratio >= Least, $"{name}: {text}"));
        }
    }

    [Fact]
    public async Task A_text_too_faint_is_found()
    {
        var page = await OpenAsync("checkout.html", silent: false);
        await page.EvaluateAsync("() => { document.querySelector('h1').style.color = '#777'; }");
        Assert.Contains(await page.ReadAsync<Text[]>(Texts), text => text.Ratio < Least);
    }

    [Fact]
    public async Task Names_on_the_flame_graphs_boxes_have_a_contrast_of_7_to_1_or_more()
    {
        var page = await OpenAsync("checkout.html");
        var colours = await page.ReadAsync<Colours>("() => hud.colours()");
        Assert.Equal(7, colours.Kind.Length);
        foreach (var box in (string[])[.. colours.Kind, colours.Found])
            Assert.True((Luminance(box) + 0.05) / (Luminance(colours.Ink) + 0.05) >= Least, $"{colours.Ink} on {box}");
    }

    private static double Luminance(string hex)
    {
        double Linear(int at)
        {
            var c = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }
        return 0.2126 * Linear(1) + 0.7152 * Linear(3) + 0.0722 * Linear(5);
    }

    private sealed record Text(
        double Ratio,
        [property: JsonPropertyName("text")] string Said,
        string Of,
        string Front,
        string Back
    );

    private sealed record Colours(string Ink, string[] Kind, string Found);
}
