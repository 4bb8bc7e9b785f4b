using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>A real run's metrics, scraped over loopback while it goes on, beside the report at its end.</summary>
public sealed partial class MetricsTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task What_is_scraped_only_grows_and_ends_as_the_report_has_it()
    {
        using var workload = await Workload.StartAsync(
            "tokio143-release",
            "wakes",
            "--workers 2 --block-ms 20 --every-ms 15"
        );
        using var hud = Start(
            $"--pid {workload.Pid} --duration 13s --budget 10 --force-level 0 -o stream --metrics 127.0.0.1:0"
        );
        var reading = ReadAsync(hud.StandardOutput.BaseStream);
        string url = await UrlAsync(hud);
        var asked = Prometheus.AskAsync(
            new Uri(url).Authority,
            "hud_up",
            "sum(hud_slow_polls_total) > 0",
            "histogram_count(sum(hud_poll_duration_seconds)) > 0",
            "histogram_quantile(0.99, sum(hud_task_wait_seconds)) > 0"
        );

        using var http = new HttpClient();
        var scraped = new Dictionary<string, double>(StringComparer.Ordinal);
        string text = "";
        while (await TryGetAsync(http, url) is { } page)
        {
            text = page;
            foreach (var (series, value) in Counters(page))
            {
                Assert.True(value >= scraped.GetValueOrDefault(series), $"{series} fell to {value}");
                scraped[series] = value;
            }

            await Task.Delay(200);
        }

        await hud.WaitForExitAsync().WaitAsync(Deadline);
        var (profile, last, reader) = await reading;
        Assert.Equal((0, 0L, 0L), (hud.ExitCode, reader.BadLines, reader.MissingLines));
        Assert.Equal("", Prometheus.Check(text));

        // the last message is the report's
        var tasks = last.Target.Tasks.ToDictionary(t => t.Name);
        Assert.NotEmpty(profile.Tasks);
        // types that share a name share a series
        foreach (var types in profile.Tasks.GroupBy(t => t.Name, StringComparer.Ordinal))
        {
            var metrics = tasks[types.Key];
            Assert.Equal(Log2Histogram.Sum(types.Select(t => t.Histogram)), metrics.Polls);
            Assert.Equal((types.Sum(t => t.SlowPolls), types.Sum(t => t.TotalNs)), (metrics.SlowPolls, metrics.PollNs));
            Assert.Equal(Log2Histogram.Sum(types.Select(t => t.Waits?.Histogram ?? [])), metrics.Waits);
            Assert.Equal(types.Sum(t => t.Waits?.TotalNs ?? 0), metrics.WaitNs);
        }

        Assert.InRange(last.Target.OnCpuNs + last.Target.BlockedNs, Lost(profile), Lost(profile) * 1.05);
        Assert.True(last.Target.Stalls >= profile.Stalls.Count);
        Assert.Contains(
            tasks.Values.SelectMany(t => t.Exemplars),
            e => profile.Hotspots.Any(h => h.Fingerprint == e.Fingerprint && h.Cause == e.Cause)
        );

        // what was scraped is what had been by then: most of it, as the last message before the end is at most five seconds old
        double slow = scraped
            .Where(s => s.Key.StartsWith("hud_slow_polls_total{", StringComparison.Ordinal))
            .Sum(s => s.Value);
        Assert.InRange(slow, profile.Summary.SlowPolls * 0.3, profile.Summary.SlowPolls);

        var answers = await asked;
        Assert.Equal(1, answers[0].Values.Single());
        Assert.InRange(answers[1].Values.Single(), 1, profile.Summary.SlowPolls);
        Assert.InRange(answers[2].Values.Single(), 1, profile.Summary.Polls);
        Assert.InRange(answers[3].Values.Single(), 0.000_001, 10);
    }

    private static double Lost(ProfileDocument profile) => profile.Summary.CpuHogNs + profile.Summary.BlockedNs;

    private static Process Start(string arguments) =>
        Process.Start(
            new ProcessStartInfo(Repository.Hud, arguments.Split(' '))
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;

    private static async Task<string> UrlAsync(Process hud)
    {
        var said = new StringBuilder();
        while (await hud.StandardError.ReadLineAsync().WaitAsync(Deadline) is { } line)
        {
            said.AppendLine(line);
            if (Url().Match(line) is { Success: true } match)
            {
                _ = hud.StandardError.ReadToEndAsync();
                return match.Value;
            }
        }

        Assert.Fail($"hud named no address: {said}");
        return "";
    }

    private static async Task<(ProfileDocument Profile, MetricsMessage Last, AgentStreamReader Reader)> ReadAsync(
        System.IO.Stream output
    )
    {
        var reader = new AgentStreamReader();
        MetricsMessage? last = null;
        var lines = new StreamLines();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await output.ReadAsync(buffer)) > 0)
            lines.Push(buffer.AsSpan(0, read), line => last = reader.Accept(line) as MetricsMessage ?? last);
        return (reader.Profile!, last!, reader);
    }

    /// <returns>Null when nobody serves any more.</returns>
    private static async Task<string?> TryGetAsync(HttpClient http, string url)
    {
        try
        {
            return await http.GetStringAsync(url);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Every series that may not fall, with its labels as they are written.</summary>
    private static IEnumerable<(string Series, double Value)> Counters(string page)
    {
        var growing = page.Split('\n')
            .Select(l => l.Split(' '))
            .Where(w => w is ["#", "TYPE", _, "counter" or "histogram"])
            .Select(w => w[2])
            .ToHashSet(StringComparer.Ordinal);
        foreach (string line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#'))
        {
            int space = line.LastIndexOf(' ');
            string name = Suffix().Replace(line[..space].Split('{')[0], "");
            if (growing.Contains(name))
                yield return (line[..space], double.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"http://[^\s,]+/metrics", RegexOptions.None, 1000)]
    private static partial Regex Url();

    [GeneratedRegex("_(?:bucket|sum|count)$", RegexOptions.None, 1000)]
    private static partial Regex Suffix();
}
