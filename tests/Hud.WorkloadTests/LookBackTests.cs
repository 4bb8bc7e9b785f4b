using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>The last while of a run, asked for when what was looked for is over; against the program's own account.</summary>
public sealed class LookBackTests : IDisposable
{
    private const string Set = "tokio143-release";
    private const long Ms = 1_000_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("hud-past-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_froze_before_the_request_is_in_it_and_what_is_longer_ago_is_not()
    {
        // 0.4 s of sleep in a poll, every 4.4 s
        using var workload = await Workload.StartAsync(Set, "sleep", "--block-ms 400 --every-ms 4000");
        using var hud = Start(workload.Pid, "--look-back 10s --duration 60s");
        await BlocksAsync(workload, 5);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        var past = await AskAsync(hud, files: 1);

        var (starts, ends) = Times(past);
        Assert.Equal(10_000 * Ms, past.LookBack!.WantedNs);
        Assert.InRange(past.Summary.ObservedNs, 10_000 * Ms, 15_000 * Ms);
        var within = Told(workload).Where(b => b.End > starts).ToList();
        var longAgo = Told(workload).Where(b => b.End <= starts).ToList();
        Assert.All(within, b => Assert.True(b.End < ends, "it was asked for when all was over"));
        Assert.NotEmpty(longAgo);
        Assert.InRange(within.Count, 2, 4);
        Assert.Equal(within.Count, past.SlowPolls.Count(p => p.WallNs > 100 * Ms));
        foreach (var (block, poll) in within.Zip(past.SlowPolls.Where(p => p.WallNs > 100 * Ms)))
        {
            // one that was under way when the look-back begins counts from there
            long from = Math.Max(block.Start, starts);
            Assert.InRange(starts + poll.StartNs, from - 50 * Ms, from + 50 * Ms);
            Assert.InRange(poll.WallNs, block.End - from - 50 * Ms, block.End - from + 50 * Ms);
        }

        var hotspot = past.Hotspots.First(h => !h.Cause.IsCpuPressure());
        Assert.Contains("wait_a_little", hotspot.UserFrame, StringComparison.Ordinal);
        Assert.Equal((within.Count, false), ((int)hotspot.Count, hotspot.Estimated));

        // the run has gone on, and another one is asked for
        await BlocksAsync(workload, Told(workload).Count + 1);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        var later = await AskAsync(hud, files: 2);
        Assert.True(later.Summary.StartedAt > past.Summary.StartedAt);

        var whole = await EndAsync(hud);
        Assert.Null(whole.LookBack);
        Assert.True(whole.SlowPolls.Count(p => p.WallNs > 100 * Ms) > within.Count);
        Assert.Equal(past.LookBack.RunStartedAt, whole.Summary.StartedAt);
    }

    [Fact]
    public async Task A_freeze_that_goes_on_is_in_it()
    {
        using var workload = await Workload.StartAsync(Set, "sleep", "--block-ms 30000 --every-ms 6000");
        using var hud = Start(workload.Pid, "--look-back 10s --duration 60s");
        await Task.Delay(10_000, TestContext.Current.CancellationToken);
        var past = await AskAsync(hud, files: 1);
        var poll = Assert.Single(past.SlowPolls, p => p.WallNs > 1000 * Ms);
        Assert.True(poll.Open);
        Assert.Equal(VerdictLevel.Blocked, past.VerdictLevel);
        await EndAsync(hud);
    }

    /// <summary>Measured with 5,500 slow polls: 52 MiB without, 53 with, 56 after two requests; with 17,000: 64, 64 and 75.</summary>
    [Fact]
    public async Task What_is_kept_takes_little_memory_of_the_agent()
    {
        using var workload = await Workload.StartAsync(
            Set,
            "sleep",
            "--block-ms 6 --every-ms 30 --tasks 8 --workers 4"
        );
        using var hud = Start(workload.Pid, "--look-back 10s --duration 60s");
        await BlocksAsync(workload, 3000);
        var past = await AskAsync(hud, files: 1);
        Assert.InRange(past.Summary.SlowPolls, 1000, long.MaxValue);
        var whole = await EndAsync(hud);
        Assert.InRange(whole.Overhead.AgentPeakBytes, 20 << 20, 60 << 20);
    }

    private Process Start(int pid, string arguments) =>
        Process.Start(
            new ProcessStartInfo(
                Repository.Hud,
                [
                    "--pid",
                    pid.ToString(CultureInfo.InvariantCulture),
                    "-o",
                    "json",
                    .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                ]
            )
            {
                WorkingDirectory = _folder,
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;

    private static async Task BlocksAsync(Workload workload, int count)
    {
        var watch = Stopwatch.StartNew();
        while (workload.Blocks.Count < count)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{workload.Blocks.Count} of {count} blocks");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<ProfileDocument> AskAsync(Process hud, int files)
    {
        Process.Start("kill", ["-USR1", hud.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            string[] written = [.. Directory.GetFiles(_folder).OrderBy(File.GetLastWriteTimeUtc)];
            if (written.Length >= files && Read(written[^1]) is { } document)
                return document;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "no look-back was written");
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

    private static async Task<ProfileDocument> EndAsync(Process hud)
    {
        var output = hud.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Process.Start("kill", ["-INT", hud.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        await hud.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, hud.ExitCode);
        return JsonSerializer.Deserialize(await output, HudJson.Default.ProfileDocument)!;
    }

    /// <summary>Beginning and end; ns since 1970.</summary>
    private static (long From, long To) Times(ProfileDocument document)
    {
        long from = (document.Summary.StartedAt - DateTimeOffset.UnixEpoch).Ticks * 100;
        return (from, from + document.Summary.ObservedNs);
    }

    /// <summary>The program's own account; ns since 1970.</summary>
    private static List<(long Start, long End)> Told(Workload workload) =>
        [
            .. workload.Blocks.Select(b =>
                (b.StartNs + workload.UnixMinusMonotonicNs, b.EndNs + workload.UnixMinusMonotonicNs)
            ),
        ];
}
