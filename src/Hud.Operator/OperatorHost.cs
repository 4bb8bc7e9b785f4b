using Hud.Kubernetes;
using Hud.Operator.Alerts;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Health;
using Hud.Operator.Hosting;
using Hud.Operator.Policies;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using KubernetesClientConfiguration = k8s.KubernetesClientConfiguration;

namespace Hud.Operator;

/// <summary>Puts the parts together and runs them: informers on every replica, the rest on the leader.</summary>
public static class OperatorHost
{
    /// <summary>
    /// The host has no configuration, which <see cref="OperatorOptions"/> is, and no logger: what it would say of a part that failed, the
    /// program says when it ends.
    /// </summary>
    public static IHost Build(KubernetesClientConfiguration cluster, OperatorOptions options, Log log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        // the kubelet's grace period is the bound: running writes end, and the lease is given back
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(log);
        builder.Services.AddSingleton(_ => new ClusterAccess(cluster, options, log));
        builder.Services.AddSingleton(_ => new PrometheusText(KubernetesMeter.Name, OperatorMeter.Name));
        // what is registered first is stopped last: health is served until the lease is given back
        builder.Services.AddHostedService(s => new HealthService(
            s.GetRequiredService<Informer<SessionEntity>>(),
            s.GetRequiredService<Informer<V1Pod>>(),
            s.GetRequiredService<Informer<PolicyEntity>>(),
            s.GetRequiredService<PrometheusText>(),
            options,
            log,
            s.GetRequiredService<Ending>()
        ));
        builder
            .Services.AddKubernetesOperator()
            .AddInformer(s => Sessions(s.GetRequiredService<ClusterAccess>(), log))
            .AddInformer(s => Agents(s.GetRequiredService<ClusterAccess>(), options, log))
            .AddInformer(s => Policies(s.GetRequiredService<ClusterAccess>(), log))
            .AddController<SessionController, SessionEntity>()
            .AddController<PolicyController, PolicyEntity>()
            .AddFinalizer<FormerFinalizer, SessionEntity>(FormerFinalizer.Identifier, former: true);
        builder.Services.AddSingleton(s => new AlertInbox(s.GetRequiredService<Informer<PolicyEntity>>(), log));
        builder.Services.AddTerm(options);
        builder.Services.AddHostedService(s => new LeaderService(
            s.GetRequiredService<Informer<SessionEntity>>(),
            s.GetRequiredService<Informer<V1Pod>>(),
            s.GetRequiredService<Informer<PolicyEntity>>(),
            options.LeaderElection ? s.GetRequiredService<ClusterAccess>().Elector : null,
            s.GetRequiredService<IServiceScopeFactory>(),
            s.GetRequiredService<Ending>()
        ));
        if (options.ReceivesAlerts)
            builder.Services.AddHostedService(s => new AlertService(
                s.GetRequiredService<AlertInbox>(),
                options,
                s.GetRequiredService<TimeProvider>(),
                log,
                s.GetRequiredService<Ending>()
            ));
        return builder.Build();
    }

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IHost host, Log log)
    {
        var ending = host.Services.GetRequiredService<Ending>();
        await host.RunAsync().ConfigureAwait(false);
        ending.ThrowIfFailed();
        if (!ending.Unasked)
            return 0;
        log.Error("stopped without being asked to; the kubelet starts this again");
        return 1;
    }

    private static Informer<SessionEntity> Sessions(ClusterAccess cluster, Log log) =>
        new(
            cluster.Reader,
            SessionType.Sessions,
            new InformerOptions { OnError = e => Broken(log, "profilingsessions", e) },
            PolicyRun.Indexes
        );

    private static Informer<PolicyEntity> Policies(ClusterAccess cluster, Log log) =>
        new(
            cluster.Reader,
            PolicyType.Policies,
            new InformerOptions { OnError = e => Broken(log, "profilingpolicies", e) }
        );

    private static Informer<V1Pod> Agents(ClusterAccess cluster, OperatorOptions options, Log log) =>
        new(
            cluster.Reader,
            EntityTypes.Pods,
            new InformerOptions
            {
                Namespace = options.Namespace,
                Filter = new ListOptions(LabelSelector: Resources.Names.AllAgentsSelector),
                OnError = e => Broken(log, "agent pods", e),
            },
            new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(
                [.. SessionController.AgentIndexes, .. ContinuousAgents.Indexes],
                StringComparer.Ordinal
            )
        );

    private static void Broken(Log log, string what, Exception e) =>
        log.Warn("watch broken, trying again", ("kind", what), ("error", e.Message));
}
