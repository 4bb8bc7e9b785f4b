using System.Diagnostics.CodeAnalysis;
using Hud.Kubernetes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Hud.Operator.Hosting;

/// <summary>
/// What an operator consists of. KubeOps has it as <c>KubeOps.Abstractions.Builder.IOperatorBuilder</c>. A scope of the services is one term of
/// leadership, where KubeOps makes one for each reconcile.
/// </summary>
public sealed class OperatorBuilder(IServiceCollection services)
{
    private const DynamicallyAccessedMemberTypes Constructors = DynamicallyAccessedMemberTypes.PublicConstructors;

    public IServiceCollection Services => services;

    /// <summary>A copy of a kind, kept on every replica: a new leader has its view at once.</summary>
    public OperatorBuilder AddInformer<TEntity>(Func<IServiceProvider, Informer<TEntity>> make)
        where TEntity : class, IKubernetesObject<V1ObjectMeta>
    {
        services.AddSingleton(make);
        services.AddHostedService(s => new InformerService<TEntity>(
            s.GetRequiredService<Informer<TEntity>>(),
            s.GetRequiredService<Ending>()
        ));
        return this;
    }

    /// <summary>The controller of a kind that has an informer.</summary>
    public OperatorBuilder AddController<[DynamicallyAccessedMembers(Constructors)] TController, TEntity>()
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IKubernetesObject<V1ObjectMeta>, new()
    {
        services.AddScoped(s => new Latest<TEntity>(s.GetRequiredService<Informer<TEntity>>().Store));
        services.AddScoped<TController>();
        services.AddScoped<IEntityController<TEntity>>(s => s.GetRequiredService<TController>());
        services.AddScoped(s => new Reconciler<TEntity>(
            s.GetRequiredService<Latest<TEntity>>(),
            s.GetRequiredService<IEntityController<TEntity>>(),
            s.GetServices<RegisteredFinalizer<TEntity>>()
        ));
        return this;
    }

    /// <param name="former">See <see cref="RegisteredFinalizer{TEntity}"/>; KubeOps calls a finalizer at deletions only.</param>
    public OperatorBuilder AddFinalizer<[DynamicallyAccessedMembers(Constructors)] TFinalizer, TEntity>(
        string identifier,
        bool former = false
    )
        where TFinalizer : class, IEntityFinalizer<TEntity>
        where TEntity : class, IKubernetesObject<V1ObjectMeta>
    {
        services.AddScoped<TFinalizer>();
        services.AddScoped(s => new RegisteredFinalizer<TEntity>(
            identifier,
            s.GetRequiredService<TFinalizer>(),
            former
        ));
        return this;
    }
}

public static class OperatorServices
{
    /// <summary>KubeOps has a method of this name, with its <c>OperatorSettings</c>.</summary>
    public static OperatorBuilder AddKubernetesOperator(this IServiceCollection services)
    {
        services.AddSingleton<Ending>();
        return new OperatorBuilder(services);
    }
}
