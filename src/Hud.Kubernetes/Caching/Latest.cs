using System.Collections.Concurrent;
using System.Globalization;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>Entities as the store has them, unless our own last write is newer: then that, so that no step is taken twice.</summary>
public sealed class Latest<T>(Store<T> store)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly ConcurrentDictionary<EntityKey, T> _written = new();

    public T? Get(EntityKey key)
    {
        var seen = store.Get(key);
        if (!_written.TryGetValue(key, out var written))
            return seen;
        if (seen is not null && written.Metadata.Uid == seen.Metadata.Uid && Version(written) > Version(seen))
            return written;
        _written.TryRemove(key, out _);
        return seen;
    }

    /// <param name="entity">What the server answered to a write.</param>
    public T Wrote(T entity)
    {
        _written[EntityKey.Of(entity)] = entity;
        return entity;
    }

    private static ulong Version(T entity) =>
        ulong.TryParse(
            entity.Metadata.ResourceVersion,
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var version
        )
            ? version
            : 0;
}
