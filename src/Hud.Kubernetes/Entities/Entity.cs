using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Hud.Kubernetes;

/// <summary>An object of the API, with the part of its fields that this program uses.</summary>
public interface IEntity
{
    string ApiVersion { get; set; }

    string Kind { get; set; }

    ObjectMeta Metadata { get; set; }
}

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
    where T : class, IEntity
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

public sealed class EntityList<T>
{
    public ListMeta Metadata { get; set; } = new();

    public List<T>? Items { get; set; }
}

public sealed class ListMeta
{
    public string? ResourceVersion { get; set; }

    public string? Continue { get; set; }
}

public sealed class ObjectMeta
{
    public string Name { get; set; } = "";

    public string? GenerateName { get; set; }

    public string? Namespace { get; set; }

    public string? Uid { get; set; }

    public string? ResourceVersion { get; set; }

    public long? Generation { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? CreationTimestamp { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeletionTimestamp { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }

    public List<string>? Finalizers { get; set; }

    public List<OwnerReference>? OwnerReferences { get; set; }
}

public sealed class OwnerReference
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";

    public string Uid { get; set; } = "";

    public bool? Controller { get; set; }

    public bool? BlockOwnerDeletion { get; set; }
}

public sealed class LabelSelector
{
    public Dictionary<string, string>? MatchLabels { get; set; }

    public List<LabelSelectorRequirement>? MatchExpressions { get; set; }

    /// <summary>The form a list request takes. An empty selector selects everything, as in the API.</summary>
    public string ToQuery()
    {
        var terms = new List<string>();
        foreach (var (key, value) in MatchLabels ?? [])
            terms.Add(key + "=" + value);
        foreach (var e in MatchExpressions ?? [])
        {
            var values = string.Join(',', e.Values ?? []);
            terms.Add(
                e.Operator switch
                {
                    "In" => $"{e.Key} in ({values})",
                    "NotIn" => $"{e.Key} notin ({values})",
                    "Exists" => e.Key,
                    "DoesNotExist" => "!" + e.Key,
                    _ => throw new FormatException(
                        $"label selector operator {e.Operator} is not one of In, NotIn, Exists, DoesNotExist"
                    ),
                }
            );
        }
        return string.Join(',', terms);
    }
}

public sealed class LabelSelectorRequirement
{
    public string Key { get; set; } = "";

    public string Operator { get; set; } = "";

    public List<string>? Values { get; set; }
}

/// <summary>Namespace and name: how a controller calls an object that may be gone by the time it looks.</summary>
public readonly record struct EntityKey(string Namespace, string Name)
{
    public static EntityKey Of(IEntity entity) => new(entity.Metadata.Namespace ?? "", entity.Metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : Namespace + "/" + Name;
}
