using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Health;
using k8s.Models;

namespace Hud.Operator.Hosting;

/// <summary>The pages for kubelet and Prometheus, up to the very end.</summary>
internal sealed class HealthService(
    Informer<SessionEntity> sessions,
    Informer<V1Pod> agents,
    Informer<PolicyEntity> policies,
    PrometheusText metrics,
    OperatorOptions options,
    Log log,
    Ending ending
) : PartService(ending)
{
    /// <summary>Failures of informers come in this rhythm at most; without any sign of life for longer they are stuck.</summary>
    private static readonly TimeSpan DeadWatch = Limits.WatchSilence + TimeSpan.FromMinutes(1);

    protected override Task RunAsync(CancellationToken cancel)
    {
        var checks = new HealthChecks(
            () => Live(sessions.SinceLastActivity, agents.SinceLastActivity, policies.SinceLastActivity),
            // not that of policies: a server with the definitions of an earlier version has none, and sessions go on
            () =>
                sessions.Synced.IsCompletedSuccessfully && agents.Synced.IsCompletedSuccessfully
                    ? ""
                    : "the first list has not been read",
            metrics.Write
        );
        return new HealthServer(options.HealthAddress, checks, log).RunAsync(cancel);
    }

    /// <summary>What the liveness probe says: empty while every watch is heard of, or at least tried again.</summary>
    internal static string Live(params ReadOnlySpan<TimeSpan> quiet)
    {
        foreach (var watch in quiet)
        {
            if (watch > DeadWatch)
                return "a watch has been dead for minutes";
        }
        return "";
    }
}
