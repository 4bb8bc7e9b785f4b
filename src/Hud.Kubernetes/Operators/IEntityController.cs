using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// Brings the world in line with an entity. Level-based: it looks at what is, never at what happened. KubeOps has it as
/// <c>KubeOps.Abstractions.Reconciliation.Controller.IEntityController&lt;TEntity&gt;</c>.
/// </summary>
public interface IEntityController<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <param name="entity">As it is now. It may be a new one with the name of one that is gone.</param>
    Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancel);

    /// <param name="entity">Its last known state; namespace and name alone where it was deleted before this process looked.</param>
    Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancel);
}
