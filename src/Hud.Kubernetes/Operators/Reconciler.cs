using System.Collections.Concurrent;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// From the name of an entity to what is to be done with it: a finalizer that is due, else the controller; the end, where there is none of
/// this name any more. KubeOps has an internal class of the same name. That one keeps entities that are being deleted from the controller;
/// here it sees them, as another operator's finalizer may hold them for long.
/// </summary>
public sealed class Reconciler<TEntity>(
    Latest<TEntity> latest,
    IEntityController<TEntity> controller,
    IEnumerable<RegisteredFinalizer<TEntity>> finalizers
)
    where TEntity : class, IKubernetesObject<V1ObjectMeta>, new()
{
    private readonly RegisteredFinalizer<TEntity>[] _finalizers = [.. finalizers];

    // until the queue comes to their names: no longer than the queue itself
    private readonly ConcurrentDictionary<EntityKey, TEntity> _gone = new();

    /// <summary>Keeps the last state of an entity whose deletion was seen. The caller adds its name to the queue afterwards.</summary>
    public void Gone(TEntity last) => _gone[EntityKey.Of(last)] = last;

    public async Task<ReconciliationResult<TEntity>> ReconcileAsync(EntityKey key, CancellationToken cancel)
    {
        if (latest.Get(key) is { } entity)
        {
            _gone.TryRemove(key, out _); // another one has the name; its controller sees what the former one left
            return Array.Find(_finalizers, f => f.IsDue(entity)) is { } due
                ? await due.Finalizer.FinalizeAsync(entity, cancel).ConfigureAwait(false)
                : await controller.ReconcileAsync(entity, cancel).ConfigureAwait(false);
        }
        var last = _gone.GetValueOrDefault(key) ?? Named(key);
        var result = await controller.DeletedAsync(last, cancel).ConfigureAwait(false);
        if (result.IsSuccess && result.RequeueAfter is null)
            _gone.TryRemove(new KeyValuePair<EntityKey, TEntity>(key, last));
        return result;
    }

    private static TEntity Named(EntityKey key) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = key.Name, NamespaceProperty = key.Namespace },
        };
}
