using Hud.Kubernetes;
using KubernetesClientConfiguration = k8s.KubernetesClientConfiguration;

namespace Hud.Operator.Hosting;

/// <summary>The connections to the API server, and the lease without which one of them writes nothing.</summary>
internal sealed class ClusterAccess : IDisposable
{
    /// <summary>A thousand agents are followed within a minute after a start; an API server and its kubelets hardly notice that.</summary>
    private const int LogOpensPerSecond = 20;
    private const int LogOpensAtOnce = 20;

    private const int LeaseRequestsPerSecond = 5;
    private const int LeaseRequestsAtOnce = 10;
    private static readonly TimeSpan LeaseRequestTimeout = TimeSpan.FromSeconds(5);

    private readonly KubernetesClient _lease;

    public ClusterAccess(KubernetesClientConfiguration cluster, OperatorOptions options, Log log)
    {
        Reader = Client(cluster, options.RequestsPerSecond);
        Logs = Client(cluster, LogOpensPerSecond, LogOpensAtOnce);
        _lease = Client(cluster, LeaseRequestsPerSecond, LeaseRequestsAtOnce, LeaseRequestTimeout);
        var identity = $"{Environment.MachineName}_{Guid.NewGuid():N}";
        Elector = new LeaderElector(
            _lease,
            new LeaderElectionOptions
            {
                Namespace = options.Namespace,
                Name = "hud-operator",
                Identity = identity,
                OnLog = text => log.Info(text, ("identity", identity)),
            }
        );
        Writer = Client(
            cluster,
            options.RequestsPerSecond,
            mayWrite: () => !options.LeaderElection || Elector.IsLeader
        );
    }

    public KubernetesClient Reader { get; }

    /// <summary>Hundreds of agents' logs are opened one after the other; a connection of its own keeps others from waiting for them.</summary>
    public KubernetesClient Logs { get; }

    /// <summary>The lease has a client of its own and waits behind no other request: what else there is to do must not cost the leadership.</summary>
    public LeaderElector Elector { get; }

    public KubernetesClient Writer { get; }

    public void Dispose()
    {
        Writer.Dispose();
        _lease.Dispose();
        Logs.Dispose();
        Reader.Dispose();
    }

    private static KubernetesClient Client(
        KubernetesClientConfiguration cluster,
        double perSecond,
        int? burst = null,
        TimeSpan? timeout = null,
        Func<bool>? mayWrite = null
    )
    {
        var defaults = new KubernetesClientOptions { RequestsPerSecond = perSecond, UserAgent = "hud-operator" };
        return new KubernetesClient(
            cluster,
            defaults with
            {
                Burst = burst ?? defaults.Burst,
                RequestTimeout = timeout ?? defaults.RequestTimeout,
                MayWrite = mayWrite ?? defaults.MayWrite,
            }
        );
    }
}
