using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hud.Core;
using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>A run that goes on with the next process, asked for its last while and for its metrics as it does.</summary>
public sealed partial class FollowTests : IDisposable
{
    private const string Name = "followed";
    private const string Arguments = "--workers 2 --block-ms 30 --every-ms 100";
    private const long Ms = 1_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("hud-followed-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Look_backs_and_metrics_are_those_of_the_process_that_is_there_now()
    {
        string original = Repository.Workload("tokio143-release", "sleep");
        Repository.Require(original);
        // a name that no other process has
        string program = Path.Combine(_folder, Name);
        CopiedProgram.To(original, program);
        var first = await Workload.StartAsync(_folder, Name, Arguments);
        using var hud = Process.Start(
            new ProcessStartInfo(
                Repository.Hud,
                [Name, .. "--follow --look-back 10s --metrics 127.0.0.1:0 --duration 5m -o json".Split(' ')]
            )
            {
                WorkingDirectory = _folder,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var output = hud.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string url = await UrlAsync(hud);
        using var http = new HttpClient();
        // 12 s of the first process: a look-back that began with it would have a reading of its sums
        double ofFirst = await SlowPollsAsync(http, url, atLeast: 80);
        first.Signal("-KILL");
        first.Dispose();
        using var second = await Workload.StartAsync(_folder, Name, Arguments);
        double ofSecond = await SlowPollsAsync(http, url, atLeast: 1, below: ofFirst);
        Assert.True(ofSecond < ofFirst, $"{ofSecond} after {ofFirst}: they begin anew");

        // soon after the change: both are in it
        var both = await AskAsync(hud, files: 1);
        var row = Assert.Single(both.Targets);
        Assert.Equal((second.Pid, 2), (row.Pid, row.Processes));
        Assert.InRange(both.Summary.SlowPolls, ofSecond, (both.Summary.ObservedNs / Ms / 100) + 5);
        Assert.InRange(row.CpuNs, 1, both.Summary.ObservedNs);

        // when the first one is longer ago than it reaches
        await SlowPollsAsync(http, url, atLeast: 150, below: double.MaxValue);
        var later = await AskAsync(hud, files: 2);
        Assert.InRange(later.Summary.ObservedNs, 10_000 * Ms, 15_000 * Ms);
        row = Assert.Single(later.Targets);
        Assert.Equal((second.Pid, 2), (row.Pid, row.Workers));
        double share =
            later.SlowPolls.Sum(p => (double)p.WallNs) * 100 / later.Summary.ObservedNs / Math.Max(1, row.Workers);
        Assert.InRange(row.BlockedPercent, share - 2, share + 2);
        Assert.Equal(later.Summary.Polls, row.Polls);

        Process.Start("kill", ["-INT", hud.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        await hud.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.Equal(0, hud.ExitCode);
        var whole = JsonSerializer.Deserialize(await output, HudJson.Default.ProfileDocument)!;
        Assert.Equal(2, Assert.Single(whole.Targets).Processes);
        Assert.InRange(whole.Summary.SlowPolls, ofFirst + later.Summary.SlowPolls, double.MaxValue);
        Assert.InRange(whole.Summary.Polls, both.Summary.Polls + 1, long.MaxValue);
    }

    /// <returns>The slow polls of the process that is there, as they are served.</returns>
    private static async Task<double> SlowPollsAsync(
        HttpClient http,
        string url,
        double atLeast,
        double below = double.MaxValue
    )
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            string page = await http.GetStringAsync(new Uri(url), TestContext.Current.CancellationToken);
            double slow = SlowPolls()
                .Matches(page)
                .Sum(m => double.Parse(m.Groups["value"].ValueSpan, CultureInfo.InvariantCulture));
            if (slow >= atLeast && slow < below)
                return slow;
            Assert.True(
                watch.Elapsed < Deadline,
                $"{slow} slow polls are served, not from {atLeast} to {below}: {page}"
            );
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private async Task<ProfileDocument> AskAsync(Process hud, int files)
    {
        Process.Start("kill", ["-USR1", hud.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            string[] written = [.. Directory.GetFiles(_folder, "*.json").OrderBy(File.GetLastWriteTimeUtc)];
            if (written.Length >= files && Read(written[^1]) is { } document)
                return document;
            Assert.True(watch.Elapsed < Deadline, "no look-back was written");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static ProfileDocument? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), HudJson.Default.ProfileDocument);
        }
        catch (JsonException)
        {
            return null; // half written
        }
    }

    private static async Task<string> UrlAsync(Process hud)
    {
        string said = "";
        while (
            await hud
                .StandardError.ReadLineAsync(TestContext.Current.CancellationToken)
                .AsTask()
                .WaitAsync(Deadline, TestContext.Current.CancellationToken)
                is { } line
        )
        {
            said += line + "\n";
            if (Url().Match(line) is { Success: true } match)
            {
                _ = hud.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
                return match.Value;
            }
        }

        Assert.Fail($"hud named no address: {said}");
        return "";
    }

    [GeneratedRegex(@"http://[^\s,]+/metrics", RegexOptions.None, 1000)]
    private static partial Regex Url();

    [GeneratedRegex(@"^hud_slow_polls_total\{[^\n]*\} (?<value>[^\s]+)$", RegexOptions.Multiline, 1000)]
    private static partial Regex SlowPolls();
}
