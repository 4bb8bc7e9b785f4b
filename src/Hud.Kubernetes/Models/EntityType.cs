using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>What the client has to know of a kind: where it lives, and how it is read and written without reflection.</summary>
/// <param name="Group">Empty for the core group.</param>
public sealed record EntityType<T>(
    string Group,
    string Version,
    string Kind,
    string Plural,
    bool Namespaced,
    JsonTypeInfo<T> Json,
    JsonTypeInfo<EntityList<T>> ListJson
)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    /// <summary>Path of a collection or of one object; <paramref name="ns"/> null means all namespaces.</summary>
    public string Path(string? ns, string? name = null, string? subresource = null)
    {
        var root = Group.Length == 0 ? "/api/" + Version : "/apis/" + Group + "/" + Version;
        if (Namespaced && ns is not null)
            root += "/namespaces/" + Uri.EscapeDataString(ns);
        root += "/" + Plural;
        if (name is not null)
            root += "/" + Uri.EscapeDataString(name);
        return subresource is null ? root : root + "/" + subresource;
    }
}

/// <summary>A list of any kind, custom ones too.</summary>
public sealed class EntityList<T>
{
    public V1ListMeta Metadata { get; set; } = new();

    public List<T>? Items { get; set; }
}

/// <summary>Namespace and name: how a controller calls an object that may be gone by the time it looks.</summary>
public readonly record struct EntityKey(string Namespace, string Name)
{
    public static EntityKey Of(IMetadata<V1ObjectMeta> entity) =>
        new(entity.Metadata.NamespaceProperty ?? "", entity.Metadata.Name ?? "");

    public override string ToString() => Namespace.Length == 0 ? Name : Namespace + "/" + Name;
}
