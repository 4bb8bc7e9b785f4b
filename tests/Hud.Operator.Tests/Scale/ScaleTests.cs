using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Operator.Tests.Scale;

/// <summary>
/// The operator as a process of its own, with the heap that its container would give it, and many sessions at once. A run of minutes on a
/// machine that does nothing else, so it is made on request only: <c>HUD_SCALE=1000</c> says how many sessions.
/// </summary>
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const int Nodes = 40;
    private const int Running = 400;
    private const long MiB = 1 << 20;
    private static readonly int Sessions = int.TryParse(
        Environment.GetEnvironmentVariable("HUD_SCALE"),
        CultureInfo.InvariantCulture,
        out var sessions
    )
        ? sessions
        : 0;

    [Fact]
    public async Task Many_sessions_at_once_lose_no_lease_and_stay_within_the_memory_limit()
    {
        if (Sessions == 0)
            Assert.Skip("takes minutes and the whole machine: HUD_SCALE=1000 runs it");
        await using var cluster = new PlayedCluster(FreePort.Next(), Nodes, PlayAsync);
        var health = FreePort.Next();
        using var folder = new Folder();
        using var process = await StartAsync(folder.Path, cluster.Address, health);
        var said = new ConcurrentQueue<string>();
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{health}") };
            await UntilAsync(async () =>
                (await http.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode
            );

            // twenty namespaces ask at once for more than there is room for, and then one more comes
            const int Namespaces = 20;
            var last = Sessions / 50;
            for (var i = 0; i < Sessions - last; i++)
                cluster.Create($"team-{i % Namespaces}", $"s-{i}", i / Namespaces); // each has pods on all nodes
            for (var i = 0; i < last; i++)
                cluster.Create("late", $"s-{i}", i);

            var (most, started) = (0L, Stopwatch.StartNew());
            while (true)
            {
                Assert.False(process.HasExited, "the operator ended: " + string.Join('\n', said.TakeLast(20)));
                most = Math.Max(most, Resident(process.Id));
                var phases = cluster.Phases();
                var done = phases.GetValueOrDefault("Completed") + phases.GetValueOrDefault("Failed");
                if (done == Sessions)
                    break;
                Assert.True(
                    started.Elapsed < TimeSpan.FromMinutes(8),
                    string.Join(", ", phases.Select(p => $"{p.Key}: {p.Value}"))
                        + "\n"
                        + cluster.Example("Failed")
                        + string.Join('\n', said.TakeLast(20))
                );
                await Task.Delay(250);
            }
            var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            var (p50, p99) = (Quantile(metrics, 0.5), Quantile(metrics, 0.99));
            var look = cluster.FirstLooks["late/s-0"];
            output.WriteLine(
                $"{Sessions} sessions in {started.Elapsed.TotalSeconds:0} s, {cluster.MostAgents} agents at once, {cluster.Requests} requests"
            );
            output.WriteLine($"memory: {most / MiB} MiB resident at most");
            output.WriteLine($"reconcile: p50 up to {p50 * 1000:0} ms, p99 up to {p99 * 1000:0} ms");
            output.WriteLine(
                $"first look: {look.TotalMilliseconds:0} ms at the last namespace's first session, {cluster.FirstLooks.Values.Max().TotalMilliseconds:0} ms at the latest of all"
            );
            output.WriteLine($"holders of the lease: {cluster.Holders.Count}");
            if (await TopAsync(folder.Path) is { } top)
            {
                output.WriteLine($"kubectl hud top: {top.Took.TotalMilliseconds:0} ms for {top.Lines.Length} lines");
                Assert.NotEmpty(top.Lines);
            }

            Assert.True(cluster.Phases().GetValueOrDefault("Completed") == Sessions, cluster.Example("Failed"));
            Assert.Single(cluster.Holders);
            Assert.Empty(cluster.Unknown);
            Assert.InRange(most, 1, 192 * MiB);
            if (Sessions >= 1000)
            {
                Assert.InRange(cluster.MostAgents, Running * 9 / 10, Running * 11 / 10);
                Assert.InRange(p99, 0, 0.05);
                Assert.InRange(look.TotalSeconds, 0, 2);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        Assert.DoesNotContain(said, line => line.Contains("lost the lease", StringComparison.Ordinal));
    }

    /// <summary>What an agent says in twenty seconds, at its pace.</summary>
    private static async Task PlayAsync(string task, Stream log, TimeSpan ran, CancellationToken stop)
    {
        var lines = new MemoryStream();
        var writer = new AgentStreamWriter(lines);
        async Task SendAsync()
        {
            await log.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), stop);
            await log.FlushAsync(stop);
            lines.SetLength(0);
        }

        var profile = Make.Profile(Make.Target(0)) with
        {
            SlowPolls =
            [
                .. Enumerable.Range(0, 500).Select(i => new SlowPoll { StartNs = i * 7919L, WallNs = i * 104729L }),
            ],
        };
        writer.Write(new HelloMessage());
        writer.Write(new TargetMessage { Target = new TargetProfile { State = TargetState.Running } });
        for (var second = 1; second <= 20; second++)
        {
            writer.Write(
                new ProgressMessage
                {
                    ElapsedNs = second * 1_000_000_000L,
                    Summary = profile.Summary with { Polls = second * 1000 },
                    Verdict = "so far",
                    Hotspots = [.. profile.Hotspots.Take(StreamLimits.ProgressHotspots)],
                }
            );
            await SendAsync();
            // what was said before is there at once
            if (second > ran.TotalSeconds)
                await Task.Delay(TimeSpan.FromSeconds(1), stop);
        }
        writer.WriteProfile(profile);
        writer.Write(new EndMessage { Reason = "Completed" });
        await SendAsync();
    }

    internal static async Task<Process> StartAsync(
        string folder,
        string server,
        int health,
        params (string Name, string Value)[] options
    )
    {
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        await File.WriteAllTextAsync(
            kubeconfig,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{name: c, context: {cluster: c, user: u} }]
            clusters: [{name: c, cluster: {server: "{{server}}" } }]
            users: [{name: u, user: {token: t} }]
            """
        );
        // HUD_OPERATOR: the native program, as it is delivered
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("HUD_OPERATOR") ?? Path.Combine(AppContext.BaseDirectory, "hud-operator")
        )
        {
            RedirectStandardError = true,
            Environment =
            {
                ["KUBECONFIG"] = kubeconfig,
                ["HUD_AGENT_IMAGE"] = "agent",
                ["HUD_NAMESPACE"] = "hud-system",
                ["HUD_HEALTH_ADDRESS"] = $"http://127.0.0.1:{health}/",
                // what the runtime takes of a container of 192 MiB
                ["DOTNET_GCHeapHardLimit"] = (192 * MiB * 3 / 4).ToString("x", CultureInfo.InvariantCulture),
            },
        };
        foreach (var (name, value) in options)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    internal static long Resident(int pid) =>
        File.ReadLines($"/proc/{pid}/status")
            .Where(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(l =>
                long.Parse(
                    l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
                    CultureInfo.InvariantCulture
                ) * 1024
            )
            .FirstOrDefault();

    /// <summary>The upper bound of the bucket in which the quantile falls.</summary>
    private static double Quantile(string metrics, double q)
    {
        var buckets = Regex
            .Matches(
                metrics,
                """controller_runtime_reconcile_time_seconds_bucket\{.*le="(?<le>[^"]+)"\} (?<count>\d+)""",
                RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(5)
            )
            .Select(m =>
                (Le: m.Groups["le"].Value, Count: long.Parse(m.Groups["count"].Value, CultureInfo.InvariantCulture))
            )
            .ToList();
        Assert.NotEmpty(buckets);
        var wanted = buckets.Max(b => b.Count) * q;
        var le = buckets.First(b => b.Count >= wanted).Le;
        return le == "+Inf" ? double.PositiveInfinity : double.Parse(le, CultureInfo.InvariantCulture);
    }

    internal static async Task UntilAsync(Func<Task<bool>> there)
    {
        for (var i = 0; i < 600; i++)
        {
            try
            {
                if (await there())
                    return;
            }
            catch (HttpRequestException)
            {
                // not yet
            }
            await Task.Delay(100);
        }
        Assert.Fail("the operator is not ready after a minute");
    }

    /// <summary>What a person waits for who asks for the state of the fleet; where the program is built.</summary>
    /// <returns>Its lines and how long it took; null where there is none.</returns>
    internal static async Task<(string[] Lines, TimeSpan Took)?> TopAsync(string folder)
    {
        var program = RepositoryRoot.PathOf("out", "kubectl-hud");
        if (!File.Exists(program))
            return null;
        var clock = Stopwatch.StartNew();
        using var top = Process.Start(
            new ProcessStartInfo(program, ["top", "-A"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment =
                {
                    ["KUBECONFIG"] = Path.Combine(folder, "kubeconfig"),
                    ["KUBECACHEDIR"] = Path.Combine(folder, "cache"),
                },
            }
        )!;
        var errors = top.StandardError.ReadToEndAsync();
        var lines = (await top.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await top.WaitForExitAsync();
        Assert.True(top.ExitCode == 0, await errors);
        return (lines, clock.Elapsed);
    }

    internal sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("hud-scale").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
