using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>The objects an informer knows, with named indexes over them. Safe for several threads; readers get copies of lists, never the lists.</summary>
public sealed class Store<T>(IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> indexers)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<EntityKey, T> _byKey = [];
    private readonly Dictionary<string, Dictionary<string, HashSet<EntityKey>>> _indexes = indexers.Keys.ToDictionary(
        k => k,
        _ => new Dictionary<string, HashSet<EntityKey>>(StringComparer.Ordinal),
        StringComparer.Ordinal
    );

    public int Count
    {
        get
        {
            lock (_lock)
                return _byKey.Count;
        }
    }

    public T? Get(EntityKey key)
    {
        lock (_lock)
            return _byKey.GetValueOrDefault(key);
    }

    public List<T> All()
    {
        lock (_lock)
            return [.. _byKey.Values];
    }

    public List<T> ByIndex(string index, string value)
    {
        lock (_lock)
        {
            return _indexes[index].TryGetValue(value, out var keys)
                ?
                [
                    .. keys.Order(
                            Comparer<EntityKey>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))
                        )
                        .Select(k => _byKey[k]),
                ]
                : [];
        }
    }

    /// <returns>What was there before.</returns>
    internal T? Put(T entity)
    {
        var key = EntityKey.Of(entity);
        lock (_lock)
        {
            var old = _byKey.GetValueOrDefault(key);
            if (old is not null)
                Unindex(key, old);
            _byKey[key] = entity;
            foreach (var (name, values) in indexers)
            {
                foreach (var value in values(entity))
                {
                    if (!_indexes[name].TryGetValue(value, out var keys))
                        _indexes[name][value] = keys = [];
                    keys.Add(key);
                }
            }
            return old;
        }
    }

    internal T? Remove(EntityKey key)
    {
        lock (_lock)
        {
            if (!_byKey.Remove(key, out var old))
                return null;
            Unindex(key, old);
            return old;
        }
    }

    private void Unindex(EntityKey key, T entity)
    {
        foreach (var (name, values) in indexers)
        {
            foreach (var value in values(entity))
            {
                if (_indexes[name].TryGetValue(value, out var keys) && keys.Remove(key) && keys.Count == 0)
                    _indexes[name].Remove(value);
            }
        }
    }
}
