using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Health;
using Hud.Operator.Hosting;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Operator.Tests;

public sealed class OperatorHostTests
{
    [Fact]
    public async Task The_liveness_page_fails_once_a_watch_is_dead()
    {
        await using var server = new ScriptedServer((_, answer) => answer.SilenceAsync());
        using var client = server.Client();
        var clock = new FakeTimeProvider();
        var informer = new Informer<V1Pod>(client, EntityTypes.Pods, new InformerOptions { Time = clock });
        var address = $"http://127.0.0.1:{FreePort.Next()}/";
        using var stop = new CancellationTokenSource();
        var serving = new HealthServer(
            address,
            new HealthChecks(() => HealthService.Live(TimeSpan.Zero, informer.SinceLastActivity), () => "", () => ""),
            new Log(TextWriter.Null, LogLevel.Error, clock)
        ).RunAsync(stop.Token);
        using var http = new HttpClient { BaseAddress = new Uri(address) };

        clock.Advance(Limits.WatchSilence);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz")).StatusCode);
        clock.Advance(Limits.WatchSilence);
        using var dead = await http.GetAsync("healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, dead.StatusCode);
        Assert.Contains("watch", await dead.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("readyz")).StatusCode);
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Probes_that_knock_while_the_server_starts_do_not_end_it()
    {
        var port = FreePort.Next();
        var server = new HealthServer(
            $"http://127.0.0.1:{port}/",
            new HealthChecks(() => "", () => "", () => ""),
            new Log(TextWriter.Null, LogLevel.Error, TimeProvider.System)
        );
        using var enough = new CancellationTokenSource();
        var knocking = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    using var probe = new TcpClient();
                    await probe.ConnectAsync(IPAddress.Loopback, port);
                }
                catch (SocketException)
                {
                    // it does not listen yet
                }
            }
        });
        for (var i = 0; i < 300; i++)
        {
            using var stop = new CancellationTokenSource();
            var serving = server.RunAsync(stop.Token);
            await stop.CancelAsync();
            await serving;
        }
        await enough.CancelAsync();
        await knocking;
    }

    [Fact]
    public async Task A_probe_is_answered_while_hundreds_hold_their_connections_open_and_say_nothing()
    {
        var port = FreePort.Next();
        using var stop = new CancellationTokenSource();
        var serving = new HealthServer(
            $"http://*:{port}/",
            new HealthChecks(() => "", () => "not yet", () => "hud_up 1\n"),
            new Log(TextWriter.Null, LogLevel.Error, TimeProvider.System)
        ).RunAsync(stop.Token);
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(IPAddress.Loopback, port);
            }
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
            Assert.Equal("ok\n", await http.GetStringAsync("healthz?verbose"));
            Assert.Equal("hud_up 1\n", await http.GetStringAsync("metrics"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("readyz")).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("secrets")).StatusCode);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.PostAsync("healthz", null)).StatusCode);
            using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "metrics"));
            Assert.Equal(9, head.Content.Headers.ContentLength);
        }
        finally
        {
            silent.ForEach(c => c.Dispose());
        }
        Assert.StartsWith("HTTP/1.1 400 ", await SayAsync(port, "hello\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", await SayAsync(port, new string('x', 8 << 10)), StringComparison.Ordinal);
        await stop.CancelAsync();
        await serving;
    }

    private static async Task<string> SayAsync(int port, string what)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(what));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }

    [Fact]
    public async Task An_operator_that_is_told_to_end_gives_its_lease_back()
    {
        V1Lease? lease = null;
        await using var server = new ScriptedServer(
            (request, answer) =>
            {
                var path = request.Target.Split('?')[0];
                if (request.IsWatch())
                    return WatchAsync(answer);
                if (!path.Contains("/leases", StringComparison.Ordinal))
                    return answer.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[]}""");
                if (request.Method != "GET")
                    lease = JsonSerializer.Deserialize(request.Body, EntityTypes.Leases.Json);
                return lease is null
                    ? answer.ErrorAsync(404, "NotFound", "no lease")
                    : answer.JsonAsync(JsonSerializer.Serialize(lease, EntityTypes.Leases.Json));
            }
        );
        var kubeconfig = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            kubeconfig,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: c
            clusters: [{name: c, cluster: {server: "{{server.Address}}" } }]
            users: [{name: u, user: {token: t } }]
            contexts: [{name: c, context: {cluster: c, user: u } }]
            """
        );
        using var process = Process.Start(
            new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "hud-operator"))
            {
                RedirectStandardError = true,
                Environment =
                {
                    ["KUBECONFIG"] = kubeconfig,
                    ["HUD_AGENT_IMAGE"] = "agent:1",
                    ["HUD_HEALTH_ADDRESS"] = $"http://127.0.0.1:{FreePort.Next()}/",
                    ["DOTNET_ROOT"] = Path.GetFullPath(
                        Path.Combine(
                            System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(),
                            "../../.."
                        )
                    ),
                },
            }
        )!;
        try
        {
            var log = process.StandardError.ReadToEndAsync();
            await Objects.UntilAsync(
                () => lease?.Spec.HolderIdentity is { Length: > 0 } || process.HasExited,
                "a leader"
            );
            Assert.False(process.HasExited, process.HasExited ? await log : "");
            using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]))
                await kill.WaitForExitAsync();
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(process.ExitCode == 0, await log);
            Assert.Equal("", lease?.Spec.HolderIdentity ?? "");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            File.Delete(kubeconfig);
        }
    }

    private static async Task WatchAsync(Answer answer)
    {
        await answer.StreamAsync();
        await answer.SilenceAsync();
    }
}
