using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>The patch formats that the API server takes, as content types.</summary>
public static class PatchKind
{
    public const string Merge = "application/merge-patch+json";
    public const string Json = "application/json-patch+json";
    public const string Apply = "application/apply-patch+yaml";
}

/// <param name="PageSize">Objects asked for at once.</param>
public sealed record ListOptions(
    string? LabelSelector = null,
    string? FieldSelector = null,
    int PageSize = Limits.ListPageSize
);

public sealed partial class KubernetesClient
{
    public async Task<T> GetAsync<T>(EntityType<T> type, string? ns, string name, CancellationToken cancel)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        Read(
            await SendAsync(HttpMethod.Get, type.Path(ns, name), body: null, contentType: null, cancel)
                .ConfigureAwait(false),
            type
        );

    /// <returns>Null when there is no such object.</returns>
    public async Task<T?> TryGetAsync<T>(EntityType<T> type, string? ns, string name, CancellationToken cancel)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await GetAsync(type, ns, name, cancel).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>All pages of a list, and the resource version to watch from.</summary>
    /// <param name="ns">Null: all namespaces.</param>
    public async Task<EntityList<T>> ListAsync<T>(
        EntityType<T> type,
        string? ns,
        ListOptions? options,
        CancellationToken cancel
    )
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var all = new EntityList<T> { Items = [] };
        string? next = null;
        for (var page = 0; page < Limits.MaxListPages; page++)
        {
            var path =
                type.Path(ns)
                + Query(
                    options,
                    (
                        "limit",
                        (options?.PageSize ?? Limits.ListPageSize).ToString(
                            System.Globalization.CultureInfo.InvariantCulture
                        )
                    ),
                    ("continue", next)
                );
            EntityList<T> part;
            try
            {
                part = Deserialize(
                    await SendAsync(HttpMethod.Get, path, body: null, contentType: null, cancel).ConfigureAwait(false),
                    type.ListJson,
                    path
                );
            }
            catch (GoneException) when (next is not null)
            {
                // the snapshot that the pages came from is compacted away: begin again
                all.Items.Clear();
                next = null;
                continue;
            }
            foreach (var item in part.Items ?? [])
            {
                // items of a list carry no kind of their own
                item.ApiVersion = type.ApiVersion;
                item.Kind = type.Kind;
                all.Items.Add(item);
            }
            all.Metadata = part.Metadata;
            next = part.Metadata.ContinueProperty;
            if (string.IsNullOrEmpty(next))
                return all;
        }
        throw new TransportException("LIST " + type.Path(ns), $"more than {Limits.MaxListPages} pages");
    }

    public async Task<T> CreateAsync<T>(EntityType<T> type, T entity, CancellationToken cancel)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        Read(
            await SendAsync(
                    HttpMethod.Post,
                    type.Path(entity.Metadata.NamespaceProperty),
                    Write(entity, type),
                    "application/json",
                    cancel
                )
                .ConfigureAwait(false),
            type
        );

    /// <summary>PUT. Only for objects all of whose fields are known here; the resource version in it must be the current one.</summary>
    /// <param name="subresource">"status" for the status alone.</param>
    public async Task<T> ReplaceAsync<T>(
        EntityType<T> type,
        T entity,
        CancellationToken cancel,
        string? subresource = null
    )
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        Read(
            await SendAsync(
                    HttpMethod.Put,
                    type.Path(entity.Metadata.NamespaceProperty, entity.Metadata.Name, subresource),
                    Write(entity, type),
                    "application/json",
                    cancel
                )
                .ConfigureAwait(false),
            type
        );

    /// <returns>False when it was gone already. With a UID, another object of the same name is a <see cref="ConflictException"/>.</returns>
    public async Task<bool> DeleteAsync<T>(
        EntityType<T> type,
        string? ns,
        string name,
        V1DeleteOptions? options,
        CancellationToken cancel
    )
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        options ??= new V1DeleteOptions();
        (options.ApiVersion, options.Kind) = ("v1", "DeleteOptions");
        var body = JsonSerializer.SerializeToUtf8Bytes(options, ModelJson.Options.Info<V1DeleteOptions>());
        try
        {
            await SendAsync(HttpMethod.Delete, type.Path(ns, name), body, "application/json", cancel)
                .ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    /// <param name="kind">One of <see cref="PatchKind"/>.</param>
    public async Task<T> PatchAsync<T>(
        EntityType<T> type,
        string? ns,
        string name,
        string kind,
        string patch,
        CancellationToken cancel,
        string? subresource = null
    )
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        Read(
            await SendAsync(
                    HttpMethod.Patch,
                    type.Path(ns, name, subresource),
                    Encoding.UTF8.GetBytes(patch),
                    kind,
                    cancel
                )
                .ConfigureAwait(false),
            type
        );

    /// <summary>Server-side apply: the object holds the fields that <paramref name="manager"/> owns, all of them and no others.</summary>
    /// <param name="subresource">"status" for the status alone.</param>
    /// <param name="force">False: a field that another manager owns with another value is a <see cref="ConflictException"/>, and nothing is written.</param>
    public async Task<T> ApplyAsync<T>(
        EntityType<T> type,
        T entity,
        string manager,
        CancellationToken cancel,
        string? subresource = null,
        bool force = true
    )
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path =
            type.Path(entity.Metadata.NamespaceProperty, entity.Metadata.Name, subresource)
            + Query(null, ("fieldManager", manager), ("force", force ? "true" : null));
        return Read(
            await SendAsync(HttpMethod.Patch, path, Write(entity, type), PatchKind.Apply, cancel).ConfigureAwait(false),
            type
        );
    }

    private static byte[] Write<T>(T entity, EntityType<T> type)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        entity.ApiVersion = type.ApiVersion;
        entity.Kind = type.Kind;
        return JsonSerializer.SerializeToUtf8Bytes(entity, type.Json);
    }

    private static T Read<T>(byte[] bytes, EntityType<T> type)
        where T : class, IKubernetesObject<V1ObjectMeta> => Deserialize(bytes, type.Json, type.Kind);

    private static T Deserialize<T>(
        byte[] bytes,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> json,
        string what
    )
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, json) ?? throw new TransportException(what, "the answer is null");
        }
        catch (JsonException e)
        {
            throw new TransportException(what, $"the answer is not what it should be: {e.Message}", e);
        }
    }

    private static string Query(ListOptions? options, params ReadOnlySpan<(string Key, string? Value)> more)
    {
        var text = new StringBuilder();
        Add(text, "labelSelector", options?.LabelSelector);
        Add(text, "fieldSelector", options?.FieldSelector);
        foreach (var (key, value) in more)
            Add(text, key, value);
        return text.ToString();

        static void Add(StringBuilder text, string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                text.Append(text.Length == 0 ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        }
    }
}
