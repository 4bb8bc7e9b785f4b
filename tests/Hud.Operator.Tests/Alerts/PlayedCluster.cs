using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Alerts;
using Hud.Operator.Policies;
using Hud.Operator.Tests.Policies;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Alerts;

/// <summary>A whole operator with its receiver, over a server that is played and has one policy of the alert Slow.</summary>
internal sealed class PlayedCluster : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Task<int> _running;
    private readonly StringWriter _said = new();

    private PlayedCluster(PolicyWorld world, string tokenFile)
    {
        (World, TokenFile) = (world, tokenFile);
        Receiver = new Uri($"http://127.0.0.1:{FreePort.Next()}/alerts");
        var log = new Log(TextWriter.Synchronized(_said), LogLevel.Info, TimeProvider.System);
        _host = OperatorHost.Build(
            new KubernetesClientConfiguration { Host = world.Address.ToString() },
            Make.Options with
            {
                LeaderElection = false,
                HealthAddress = $"http://127.0.0.1:{FreePort.Next()}/",
                AlertsAddress = $"http://127.0.0.1:{Receiver.Port}/",
                AlertsTokenFile = tokenFile,
            },
            log
        );
        _running = OperatorHost.RunAsync(_host, log);
    }

    public PolicyWorld World { get; }

    public string TokenFile { get; }

    /// <summary>Where it takes alerts.</summary>
    public Uri Receiver { get; }

    public static async Task<PlayedCluster> StartAsync()
    {
        var world = new PolicyWorld([OnAlert()], now: DateTimeOffset.UtcNow)
        {
            Pods = [Pod("checkout-1"), Pod("checkout-2")],
        };
        await world.Ready;
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Alerts.Receiver.Token);
        var cluster = new PlayedCluster(world, file);
        // the first look at the policy: from then on it leads
        await Objects.UntilAsync(
            () => world.Status().Conditions.Count > 0 || cluster._running.IsCompleted,
            () => "an operator\n" + cluster._said
        );
        Assert.False(
            cluster._running.IsCompleted,
            $"the operator ended: {cluster._running.Exception}\n{cluster._said}"
        );
        return cluster;
    }

    private static V1Pod Pod(string name) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = name, Labels = Labels(("app", "checkout")) },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "app" }] },
        };

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _running;
        _host.Dispose();
        await World.DisposeAsync();
        File.Delete(TokenFile);
    }
}
