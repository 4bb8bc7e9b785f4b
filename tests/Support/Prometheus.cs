using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Hud.Tests.Support;

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
    public static string Check(string text)
    {
        using var process = Start("promtool", "check", "metrics");
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(Patience), "promtool did not end");
        string said = (output.Result + error.Result).Trim();
        return process.ExitCode == 0 ? said : $"exit code {process.ExitCode}: {said}";
    }

    /// <summary>
    /// Lets a server scrape an address until it has, and asks it. Native histograms are on, so it prefers the protobuf format.
    /// </summary>
    /// <param name="target">Such as <c>127.0.0.1:9464</c>.</param>
    /// <param name="expressions">Each must have a value within a minute.</param>
    /// <returns>The values of each, by its labels as JSON.</returns>
    public static async Task<List<Dictionary<string, double>>> AskAsync(string target, params string[] expressions)
    {
        string folder = Directory.CreateTempSubdirectory("hud-prometheus-").FullName,
            config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            config,
            $"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs: [{{job_name: hud, static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        int port = FreePort.Next();
        using var process = Start(
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + Path.Combine(folder, "data"),
            $"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=native-histograms,exemplar-storage",
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
                .ToDictionary(
                    r => r.GetProperty("metric").ToString(),
                    r =>
                        double.Parse(
                            r.GetProperty("value")[1].GetString()!,
                            System.Globalization.CultureInfo.InvariantCulture
                        )
                );
        }
        catch (HttpRequestException)
        {
            return []; // it does not listen yet
        }
    }

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
