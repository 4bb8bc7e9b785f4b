using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Playwright;

namespace Hud.Reports.Tests.Browser;

/// <summary>What tests ask a page.</summary>
internal static class PageReading
{
    private const int Sections = 8;
    private const int LayoutMs = 50;

    /// <summary>The text of the first such element as a person reads it, who has scrolled there.</summary>
    public static async Task<string> TextAsync(this IPage page, string selector)
    {
        var first = page.Locator(selector).First;
        string text = "";
        // a section is laid out when it comes into sight, and then another one above it may push it out again
        for (int i = 0; i < Sections && text.Length == 0; i++)
        {
            await first.ScrollIntoViewIfNeededAsync();
            var words = (await first.InnerTextAsync()).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            text = string.Join(' ', words);
            if (text.Length == 0)
                await page.WaitForTimeoutAsync(LayoutMs);
        }

        return text;
    }

    /// <summary>An object that a script returns, as a record.</summary>
    public static async Task<T> ReadAsync<T>(this IPage page, [StringSyntax("javascript")] string script) =>
        (await page.EvaluateAsync<JsonElement>(script)).Deserialize<T>(JsonSerializerOptions.Web)!;

    /// <summary>Waits until that element has the focus, and fails when it never does: the page moves it a moment after the click.</summary>
    public static Task FocusedAsync(this IPage page, string id) =>
        page.WaitForFunctionAsync("id => document.activeElement.id === id", id);

    /// <summary>How many pixels of a canvas have a colour, by "r,g,b".</summary>
    public static Task<Dictionary<string, int>> PixelsAsync(this IPage page, string canvas) =>
        page.EvaluateAsync<Dictionary<string, int>>(
            """
            selector => {
              const canvas = document.querySelector(selector), { width, height } = canvas;
              const copy = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, 0, 0);
              const { data } = copy.getImageData(0, 0, width, height), counts = {};
              for (let i = 0; i < data.length; i += 4) {
                const colour = data[i] + "," + data[i + 1] + "," + data[i + 2];
                counts[colour] = (counts[colour] || 0) + 1;
              }
              return counts;
            }
            """,
            canvas
        );

    /// <summary>Lays out what is far below as well, which otherwise is when it comes into sight: a width is to be measured.</summary>
    public static Task LayOutAllAsync(this IPage page) =>
        page.EvaluateAsync(
            "() => { for (const each of document.querySelectorAll('section')) each.style.contentVisibility = 'visible'; }"
        );

    public static async Task KeysAsync(this IPage page, params string[] keys)
    {
        foreach (var key in keys)
            await page.Keyboard.PressAsync(key);
    }

    public static ILocator WithText(this IPage page, string selector, string text) =>
        page.Locator(selector, new() { HasText = text });

    /// <summary>What the column's cells are sorted by.</summary>
    public static Task<double[]> SortKeysAsync(this IPage page, string cells) =>
        page.Locator(cells).EvaluateAllAsync<double[]>("cells => cells.map(cell => Number(cell.dataset.sort))");
}
