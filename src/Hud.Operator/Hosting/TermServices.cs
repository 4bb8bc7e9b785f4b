using Hud.Kubernetes;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using Hud.Operator.Streams;
using Hud.Operator.Targets;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Hud.Operator.Hosting;

/// <summary>What the leader has for one term, beside the controller and its finalizer.</summary>
internal static class TermServices
{
    public static void AddTerm(this IServiceCollection services, OperatorOptions options)
    {
        services.AddScoped(s => new AgentOwner(
            s.GetRequiredService<ClusterAccess>().Reader,
            options.Namespace,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<Log>()
        ));
        services.AddScoped(s => options with { AgentOwner = s.GetRequiredService<AgentOwner>().Found });
        services.AddScoped(s => Term.Queue(s.GetRequiredService<TimeProvider>()));
        services.AddScoped<ProfileIntake>();
        services.AddScoped(s => new StreamFollowers(
            s.GetRequiredService<ClusterAccess>().Logs,
            s.GetRequiredService<Informer<V1Pod>>(),
            options.Namespace,
            s.GetRequiredService<ProfileIntake>(),
            s.GetRequiredService<WorkQueue<EntityKey>>().Add,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<Log>()
        ));
        services.AddScoped(s => new SessionActions(
            s.GetRequiredService<ClusterAccess>().Writer,
            s.GetRequiredService<OperatorOptions>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<Log>()
        ));
        services.AddScoped(s => new TargetResolver(
            s.GetRequiredService<ClusterAccess>().Reader,
            s.GetRequiredService<OperatorOptions>()
        ));
        services.AddScoped(s => new Slots(
            s.GetRequiredService<OperatorOptions>(),
            s.GetRequiredService<WorkQueue<EntityKey>>().Add
        ));
        services.AddScoped(s => new OrphanSweep(
            s.GetRequiredService<ClusterAccess>().Reader,
            s.GetRequiredService<Informer<SessionEntity>>(),
            s.GetRequiredService<Informer<V1Pod>>(),
            s.GetRequiredService<SessionActions>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<Log>()
        ));
        services.AddScoped(s => new PolicyActions(
            s.GetRequiredService<ClusterAccess>().Writer,
            s.GetRequiredService<SessionActions>(),
            s.GetRequiredService<Log>()
        ));
        services.AddScoped(s => new ContinuousActions(
            s.GetRequiredService<ClusterAccess>().Writer,
            s.GetRequiredService<SessionActions>(),
            s.GetRequiredService<OperatorOptions>(),
            s.GetRequiredService<Log>()
        ));
        services.AddScoped<ContinuousAgents>();
        services.AddScoped<ContinuousSweep>();
        services.AddScoped<PolicyTerm>();
        services.AddScoped<Term>();
    }
}
