using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Operator.Reconcile;
using static Hud.Tests.Support.Stage;

namespace Hud.Operator.Tests.Scale;

/// <summary>
/// The operator as a process of its own, and sessions of five hundred pods on fifty nodes. On request only, like <see cref="ScaleTests"/>:
/// <c>HUD_SCALE_FLEETS=2</c> says how many sessions at once.
/// </summary>
public sealed class ManyPodsTests(ITestOutputHelper output)
{
    private const int Pods = 500;
    private const int Nodes = 50;
    private const long MiB = 1 << 20;
    private static readonly int Sessions = int.TryParse(
        Environment.GetEnvironmentVariable("HUD_SCALE_FLEETS"),
        out var sessions
    )
        ? sessions
        : 0;

    [Fact]
    public async Task Sessions_of_five_hundred_pods_stay_within_status_and_memory()
    {
        if (Sessions == 0)
            Assert.Skip("takes a minute and the whole machine: HUD_SCALE_FLEETS=2 runs it");
        await using var cluster = new PlayedCluster(FreePort.Next(), Nodes, PlayAsync) { LabelledPods = Pods };
        var health = FreePort.Next();
        using var folder = new ScaleTests.Folder();
        using var process = await ScaleTests.StartAsync(
            folder.Path,
            cluster.Address,
            health,
            ("HUD_MAX_PODS_PER_SESSION", "500")
        );
        var said = new ConcurrentQueue<string>();
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{health}") };
            await ScaleTests.UntilAsync(async () =>
                (await http.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode
            );
            for (var i = 0; i < Sessions; i++)
                cluster.Create(
                    $"team-{i}",
                    "fleet",
                    new JsonObject
                    {
                        ["podSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "fleet" } },
                        ["maxPods"] = Pods,
                    }
                );
            var (most, started) = (0L, Stopwatch.StartNew());
            while (cluster.Phases().GetValueOrDefault("Completed") < Sessions)
            {
                Assert.False(process.HasExited, "the operator ended: " + string.Join('\n', said.TakeLast(20)));
                Assert.True(
                    started.Elapsed < TimeSpan.FromMinutes(5),
                    cluster.Example("Failed") + string.Join('\n', said.TakeLast(20))
                );
                most = Math.Max(most, ScaleTests.Resident(process.Id));
                await Task.Delay(250);
            }
            var status = cluster.Status("team-0/fleet")!.Deserialize(HudJson.Default.ProfilingSessionStatus)!;
            output.WriteLine(
                $"{Sessions} sessions of {Pods} pods in {started.Elapsed.TotalSeconds:0} s, {cluster.MostAgents} agents at once, {cluster.Requests} requests"
            );
            output.WriteLine($"memory: {most / MiB} MiB resident at most");
            output.WriteLine($"status: {cluster.LargestStatus} bytes at most");
            foreach (var result in status.Results)
                output.WriteLine($"{result.Format}: {result.Bytes} bytes{(result.Truncated ? ", cut" : "")}");
            if (await ScaleTests.TopAsync(folder.Path) is { } top)
            {
                output.WriteLine($"kubectl hud top: {top.Took.TotalMilliseconds:0} ms for {top.Lines.Length} lines");
                Assert.True(top.Lines.Length > Sessions, string.Join('\n', top.Lines));
            }
            output.WriteLine($"odd one out: {status.Outliers.Single().Pod}: {status.Outliers.Single().Text}");

            Assert.Equal((Pods, Pods), (status.TargetCounts.Selected, status.TargetCounts.Succeeded));
            Assert.Equal("app-7", status.Outliers.Single().Pod);
            Assert.InRange(cluster.LargestStatus, 1, StatusSizeLimiter.MaxBytes);
            Assert.InRange(most, 1, 192 * MiB);
            Assert.Contains(status.Results, r => r.Format == OutputFormat.Targets && !r.Truncated);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task PlayAsync(string task, Stream log, TimeSpan ran, CancellationToken stop)
    {
        var targets = JsonSerializer.Deserialize(task, HudJson.Default.AgentTask)!.Targets;
        var profile = ProfileMerge.Merge([
            .. targets.Select(t =>
            {
                var built = BuiltDocuments.Of(
                    t.Pod!,
                    stage =>
                    {
                        for (var i = 0; i < 40; i++)
                            stage.Aggregator.AddPoll(
                                Slow(cpu: t.Pod == "app-7" ? 20 : 6, start: 1000 + (24 * i)) with
                                {
                                    CpuStack = stage.Stack(BuiltDocuments.Hash),
                                }
                            );
                    }
                );
                return built with { Targets = [.. built.Targets.Select(p => p with { PodUid = t.PodUid })] };
            }),
        ]);
        var lines = new MemoryStream();
        var writer = new AgentStreamWriter(lines);
        async Task SendAsync()
        {
            await log.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), stop);
            await log.FlushAsync(stop);
            lines.SetLength(0);
        }

        writer.Write(new HelloMessage());
        for (var second = 1; second <= 20; second++)
        {
            writer.Write(
                new ProgressMessage
                {
                    ElapsedNs = second * 1_000_000_000L,
                    Summary = profile.Summary,
                    Verdict = "so far",
                    Hotspots = profile.Hotspots,
                }
            );
            await SendAsync();
            if (second > ran.TotalSeconds)
                await Task.Delay(TimeSpan.FromSeconds(1), stop);
        }
        writer.WriteProfile(profile);
        writer.Write(new EndMessage { Reason = "Completed" });
        await SendAsync();
    }
}
