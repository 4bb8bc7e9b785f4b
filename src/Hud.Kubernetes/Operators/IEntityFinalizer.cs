using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// What is left to do before an entity may go. KubeOps has it as
/// <c>KubeOps.Abstractions.Reconciliation.Finalizer.IEntityFinalizer&lt;TEntity&gt;</c>, and takes the identifier off by itself afterwards
/// (<c>AutoDetachFinalizers</c>) if that has not been done.
/// </summary>
public interface IEntityFinalizer<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Does the work and takes the identifier off.</summary>
    Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancel);
}

/// <summary>A finalizer and the text that stands for it in <c>metadata.finalizers</c>.</summary>
/// <param name="Former">Left by an earlier version: it is taken off at once, not only when the entity is being deleted.</param>
public sealed record RegisteredFinalizer<TEntity>(string Identifier, IEntityFinalizer<TEntity> Finalizer, bool Former)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    public bool IsDue(TEntity entity) =>
        (Former || entity.Metadata.DeletionTimestamp is not null)
        && entity.Metadata.Finalizers?.Contains(Identifier, StringComparer.Ordinal) == true;
}
