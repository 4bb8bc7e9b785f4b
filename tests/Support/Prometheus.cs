using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Hud.Tests.Support;

/// <param name="Target">Such as <c>127.0.0.1:9464</c>.</param>
internal sealed record ScrapeSetup(string Target)
{
    /// <summary>Native histograms are taken, and then no classic ones.</summary>
    public bool Native { get; init; } = true;

    /// <summary>What the scraper knows of its target, such as <c>pod: a, node: b</c>.</summary>
    public string Labels { get; init; } = "";

    /// <summary>Alerts, evaluated every second; empty for none.</summary>
    public string RuleFile { get; init; } = "";
}

/// <summary>The programs that read what is served as metrics, as <c>scripts/install.sh test</c> fetches them.</summary>
internal static class Prometheus
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string Folder = Path.Combine(
        Environment.GetEnvironmentVariable("HUD_CACHE")
            ?? Path.Combine(
                Environment.GetEnvironmentVariable("XDG_CACHE_HOME")
                    ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                "hud"
            ),
        "prometheus"
    );

    /// <summary>What <c>promtool check metrics</c> finds wrong with a text, empty when nothing; skips the test where there is no promtool.</summary>
    public static string Check(string text) => Promtool(text, "check", "metrics").Trim();

    /// <summary>What promtool says, after the exit code where that is not 0.</summary>
    /// <param name="input">What it gets on stdin.</param>
    public static string Promtool(string input, params string[] arguments)
    {
        using var process = Start("promtool", arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(Patience), "promtool did not end");
        string said = output.Result + error.Result;
        return process.ExitCode == 0 ? said : $"exit code {process.ExitCode}: {said}";
    }

    /// <summary>
    /// Lets a server scrape an address until it has, and asks it. Where native histograms are on, it prefers the protobuf format.
    /// </summary>
    /// <param name="target">Such as <c>127.0.0.1:9464</c>.</param>
    /// <param name="expressions">Each must have a value that is a number within a minute.</param>
    /// <returns>The values of each, by its labels as JSON.</returns>
    public static Task<List<Dictionary<string, double>>> AskAsync(string target, params string[] expressions) =>
        AskAsync(new ScrapeSetup(target), expressions);

    public static async Task<List<Dictionary<string, double>>> AskAsync(
        ScrapeSetup setup,
        IEnumerable<string> expressions
    )
    {
        string folder = Directory.CreateTempSubdirectory("hud-prometheus-").FullName,
            config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            config,
            $$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
            rule_files: [{{setup.RuleFile}}]
            scrape_configs:
            - job_name: hud
              honor_labels: true
              static_configs: [{targets: ['{{setup.Target}}'], labels: { {{setup.Labels}} } }]

            """
        );
        int port = FreePort.Next();
        using var process = Start(
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + Path.Combine(folder, "data"),
            $"--web.listen-address=127.0.0.1:{port}",
            $"--enable-feature={(setup.Native ? "native-histograms," : "")}exemplar-storage",
            "--log.level=warn"
        );
        var said = process.StandardError.ReadToEndAsync();
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
            var answers = new List<Dictionary<string, double>>();
            var watch = Stopwatch.StartNew();
            foreach (string expression in expressions)
            {
                Dictionary<string, double> answer;
                while ((answer = await QueryAsync(http, expression)).Count == 0)
                {
                    Assert.False(process.HasExited, "prometheus ended");
                    Assert.True(watch.Elapsed < Patience, $"prometheus has nothing for {expression}");
                    await Task.Delay(200);
                }

                answers.Add(answer);
            }

            return answers;
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            TestContext.Current.TestOutputHelper?.WriteLine(await said);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Dictionary<string, double>> QueryAsync(HttpClient http, string expression)
    {
        try
        {
            using var answer = JsonDocument.Parse(
                await http.GetStringAsync("api/v1/query?query=" + Uri.EscapeDataString(expression))
            );
            return answer
                .RootElement.GetProperty("data")
                .GetProperty("result")
                .EnumerateArray()
                .Select(r => (Labels: r.GetProperty("metric").ToString(), Value: Number(r.GetProperty("value")[1])))
                .Where(r => !double.IsNaN(r.Value))
                .ToDictionary(r => r.Labels, r => r.Value);
        }
        catch (HttpRequestException e) when (e.StatusCode is not System.Net.HttpStatusCode.BadRequest)
        {
            return []; // it does not listen yet
        }
    }

    private static double Number(JsonElement value) =>
        value.GetString() switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var text => double.Parse(text!, System.Globalization.CultureInfo.InvariantCulture),
        };

    private static Process Start(string program, params string[] arguments)
    {
        string path = Path.Combine(Folder, program);
        if (!File.Exists(path))
            Missing.Because($"{program} is not there (scripts/install.sh test)");
        return Process.Start(
            new ProcessStartInfo(path, arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
    }
}
