using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using Hud.Operator.Tests.Policies;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Alerts;

/// <summary>A real Alertmanager calls a whole operator, which makes a session on a server that is played.</summary>
public sealed class AlertmanagerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_configuration_of_the_documentation_is_one_and_stands_in_it()
    {
        var page = await File.ReadAllTextAsync(RepositoryRoot.PathOf("docs", "kubernetes.md"));
        var block = Alertmanager.Documented.Split('\n', 2)[1].TrimEnd('\n').Split('\n').Select(l => "    " + l);
        Assert.Contains(string.Join('\n', block), page, StringComparison.Ordinal);
        Alertmanager.Require();
        var (code, said) = await Alertmanager.CheckAsync(Alertmanager.Documented);
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task An_alert_that_fires_makes_a_session_of_its_pod()
    {
        Alertmanager.Require();
        await using var cluster = await PlayedCluster.StartAsync();
        await using var alertmanager = await Alertmanager.StartAsync(cluster.Receiver, cluster.TokenFile);
        var since = Stopwatch.StartNew();
        // two that have nothing to do with it, and the same of two pods
        await alertmanager.FireAsync(
            DateTimeOffset.UtcNow,
            Labels(("alertname", "Other"), ("profile", "yes"), ("namespace", "shop")),
            Labels(("alertname", "Slow"), ("profile", "no"), ("namespace", "shop")),
            Labels(("alertname", "Slow"), ("profile", "yes"), ("namespace", "shop"), ("pod", "checkout-1")),
            Labels(("alertname", "Slow"), ("profile", "yes"), ("namespace", "shop"), ("pod", "checkout-2"))
        );
        await Objects.UntilAsync(() => cluster.World.Names.Count > 0, () => "a session\n" + alertmanager.Log);
        output.WriteLine($"from the alert to the session: {since.ElapsedMilliseconds} ms");
        await Objects.UntilAsync(() => cluster.World.Events.Contains("AlertInCooldown"), "an event of the other pod");
        var session = cluster.World.Session(Assert.Single(cluster.World.Names));
        Assert.True(PolicyNames.IsOfAlert(Name, session.Name));
        var target = session.Spec.GetProperty("target");
        Assert.StartsWith("checkout-", target.GetProperty("podName").GetString(), StringComparison.Ordinal);
        Assert.False(target.TryGetProperty("podSelector", out _));
        Assert.Equal("Slow", session.GetAnnotation(PolicyNames.AlertNameAnnotation));
        await Objects.UntilAsync(() => cluster.World.Status().LastAlert is not null, "word of it in the status");
        Assert.Equal(
            "AwaitingAlerts",
            cluster.World.Status().Conditions.Single(c => c.Type == ConditionTypes.Ready).Reason
        );
    }

    /// <summary>The token that Alertmanager has is not the operator's: it is told so, and does not try for ever.</summary>
    [Fact]
    public async Task With_another_token_it_makes_none_and_says_why()
    {
        Alertmanager.Require();
        await using var cluster = await PlayedCluster.StartAsync();
        var other = Path.GetTempFileName();
        await File.WriteAllTextAsync(other, "another-token-of-20-chars");
        await using var alertmanager = await Alertmanager.StartAsync(cluster.Receiver, other);
        await alertmanager.FireAsync(DateTimeOffset.UtcNow, Labels(("alertname", "Slow"), ("profile", "yes")));
        await Objects.UntilAsync(
            () => alertmanager.Log.Contains("unexpected status code 403", StringComparison.Ordinal),
            () => "a refusal in its log\n" + alertmanager.Log
        );
        Assert.Empty(cluster.World.Names);
        File.Delete(other);
    }

    /// <summary>As a Service does for two replicas, each connection goes to one of them; only one leads, and it is the second that is asked.</summary>
    [Fact]
    public async Task Of_two_replicas_behind_one_address_it_reaches_the_leader()
    {
        Alertmanager.Require();
        await using var cluster = await PlayedCluster.StartAsync();
        await using var follower = await Alerts.Receiver.StartAsync(leads: false);
        File.Copy(cluster.TokenFile, follower.TokenFile, overwrite: true);
        await using var service = new TwoBehindOne(follower.Port, cluster.Receiver.Port);
        await using var alertmanager = await Alertmanager.StartAsync(
            new Uri($"http://127.0.0.1:{service.Port}/alerts"),
            cluster.TokenFile
        );
        var since = Stopwatch.StartNew();
        await alertmanager.FireAsync(DateTimeOffset.UtcNow, Labels(("alertname", "Slow"), ("profile", "yes")));
        await Objects.UntilAsync(() => cluster.World.Names.Count > 0, () => "a session\n" + alertmanager.Log);
        output.WriteLine(
            $"from the alert to the session: {since.ElapsedMilliseconds} ms, {service.Connections} connections"
        );
        Assert.True(service.Connections >= 2, $"{service.Connections} connections");
        Assert.Single(cluster.World.Names);
    }

    /// <summary>Connections in turn to the one and the other, the first first.</summary>
    private sealed class TwoBehindOne : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _accepting;

        public TwoBehindOne(params int[] ports)
        {
            _listener.Start();
            _accepting = AcceptAsync(ports);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Connections;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _accepting;
            _listener.Stop();
            _stop.Dispose();
        }

        private async Task AcceptAsync(int[] ports)
        {
            var open = new List<Task>();
            try
            {
                while (true)
                {
                    var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                    open.Add(PassAsync(client, ports[(Interlocked.Increment(ref Connections) - 1) % ports.Length]));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(open);
            }
        }

        private async Task PassAsync(TcpClient client, int port)
        {
            using (client)
            using (var server = new TcpClient())
            {
                try
                {
                    await server.ConnectAsync(IPAddress.Loopback, port);
                    var (there, back) = (
                        client.GetStream().CopyToAsync(server.GetStream(), _stop.Token),
                        server.GetStream().CopyToAsync(client.GetStream(), _stop.Token)
                    );
                    await back;
                    client.Client.Shutdown(SocketShutdown.Both);
                    server.Client.Shutdown(SocketShutdown.Both);
                    await there;
                }
                catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
                {
                    // one of the two left
                }
            }
        }
    }
}
