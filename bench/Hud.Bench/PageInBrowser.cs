using System.Text.Json;
using Hud.Reports.Tests.Browser;
using Microsoft.Playwright;

namespace Hud.Bench;

/// <summary>First paint and the cost of zoom steps, rastering included, in the Chromium that the tests use.</summary>
internal static class PageInBrowser
{
    private const int Rounds = 7;

    private const string FirstPaint = "performance.getEntriesByName('first-contentful-paint')[0].startTime";

    /// <summary>A pixel read back forces what was recorded to be drawn, so a step is counted until it is on the canvas.</summary>
    private const string Measure = """
        () => {
          const { flame, timeline, data } = hud;
          const flush = id => document.getElementById(id).getContext("2d").getImageData(0, 0, 1, 1);
          const time = (id, step) => { const start = performance.now(); step(); flush(id); return performance.now() - start; };
          const flameSteps = [], timelineSteps = [], searches = [];
          time("flame-canvas", () => flame.zoomTo(0));
          time("timeline-canvas", () => timeline.view(0, data.observed));
          const path = [0];
          for (let depth = 0; depth < 12; depth++) {
            const next = flame.children(path.at(-1));
            if (!next.length) break;
            path.push(next[0]);
          }
          for (let round = 0; round < 5; round++)
            for (const at of [...path, ...path.slice().reverse()]) flameSteps.push(time("flame-canvas", () => flame.zoomTo(at)));
          flame.zoomTo(0);
          for (const text of ["b", "bc", "bcrypt", "layer", "checkout", "vec", "zz"])
            searches.push(time("flame-canvas", () => { flame.find(text); flame.draw(); }));
          flame.find("");
          const { observed } = data;
          for (let i = 0; i < 40; i++) timelineSteps.push(time("timeline-canvas", () => timeline.zoomBy(0.8)));
          for (let i = 0; i < 40; i++) timelineSteps.push(time("timeline-canvas", () => timeline.zoomBy(1.25)));
          for (let i = 0; i < 20; i++)
            timelineSteps.push(time("timeline-canvas", () => timeline.view(i * observed / 40, i * observed / 40 + observed / 2)));
          return { flameSteps, timelineSteps, searches };
        }
        """;

    /// <returns>The exit code: 1 when a figure is over its limit.</returns>
    public static async Task<int> RunAsync(string file)
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        List<double> empty = [],
            paints = [],
            charts = [],
            processor = [];

        // what this machine, as busy as it is now, needs for a page with nothing in it
        for (var i = 0; i < Rounds; i++)
        {
            var page = await OpenAsync(browser);
            await page.GotoAsync("data:text/html,<!doctype html><title>x</title><p>x");
            await page.WaitForFunctionAsync("() => performance.getEntriesByName('first-contentful-paint').length > 0");
            empty.Add(await page.EvaluateAsync<double>(FirstPaint));
            await page.CloseAsync();
        }

        var steps = new Steps([], [], []);
        for (var i = 0; i < Rounds; i++)
        {
            var page = await OpenAsync(browser);
            var devtools = await page.Context.NewCDPSessionAsync(page);
            await devtools.SendAsync(
                "Performance.enable",
                new(StringComparer.Ordinal) { ["timeDomain"] = "threadTicks" }
            );
            await page.GotoAsync(Chromium.Address(file));
            await Chromium.WhenReadyAsync(page);
            paints.Add(await page.EvaluateAsync<double>(FirstPaint));
            charts.Add(await page.EvaluateAsync<double>("hud.readyAt"));
            processor.Add(await TaskMillisecondsAsync(devtools));
            if (i == Rounds - 1)
                steps = (await page.EvaluateAsync<JsonElement>(Measure)).Deserialize<Steps>(JsonSerializerOptions.Web)!;
            await page.CloseAsync();
        }

        Console.WriteLine($"\n{"in Chromium, ms", -34} {"median", 8} {"worst", 8}");
        bool[] good =
        [
            Row("first paint of an empty page", empty),
            Row("first contentful paint", paints, 300),
            Row("  in first paints of an empty page", [.. paints.Select(paint => paint / Median(empty))]),
            Row("charts drawn", charts),
            Row("main thread's CPU time until then", processor),
            Row("flame graph, zoom step", steps.FlameSteps, 16),
            Row("flame graph, search and redraw", steps.Searches),
            Row("timeline, zoom or move step", steps.TimelineSteps, 16),
        ];
        return good.All(g => g) ? 0 : 1;
    }

    private static Task<IPage> OpenAsync(IBrowser browser) =>
        browser.NewPageAsync(
            new()
            {
                ViewportSize = new() { Width = 1440, Height = 900 },
            }
        );

    private static async Task<double> TaskMillisecondsAsync(ICDPSession devtools)
    {
        var answer = await devtools.SendAsync("Performance.getMetrics");
        var metrics = answer!.Value.GetProperty("metrics").EnumerateArray();
        return metrics.Single(m => m.GetProperty("name").GetString() == "TaskDuration").GetProperty("value").GetDouble()
            * 1000;
    }

    private static bool Row(string name, IReadOnlyList<double> times, double? limit = null)
    {
        var median = Median(times);
        var verdict =
            limit is null ? ""
            : median < limit ? $"under {limit}"
            : $"OVER {limit}";
        Console.WriteLine($"{name, -34} {median, 8:0.0} {times.Max(), 8:0.0}   {verdict}");
        return limit is null || median < limit;
    }

    private static double Median(IEnumerable<double> times)
    {
        var sorted = times.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private sealed record Steps(List<double> FlameSteps, List<double> TimelineSteps, List<double> Searches);
}
