using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

public enum WatchEventKind
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing changed up to this resource version.</summary>
    Bookmark,
}

/// <param name="Entity">Null for a bookmark.</param>
public readonly record struct WatchEvent<T>(WatchEventKind Kind, T? Entity, string ResourceVersion);

public sealed partial class KubernetesClient
{
    /// <summary>
    /// Changes after <paramref name="resourceVersion"/> until the server ends the watch, which it does in the normal course of things: the
    /// enumeration then simply ends. 410 is a <see cref="GoneException"/>; silence, cut lines and broken connections are a <see cref="TransportException"/>.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        EntityType<T> type,
        string? ns,
        ListOptions? options,
        string resourceVersion,
        [EnumeratorCancellation] CancellationToken cancel
    )
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var seconds = ((long)_options.WatchDuration.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var path =
            type.Path(ns)
            + Query(
                options,
                ("watch", "1"),
                ("allowWatchBookmarks", "true"),
                ("resourceVersion", resourceVersion),
                ("timeoutSeconds", seconds)
            );
        var operation = "WATCH " + type.Path(ns);
        await using var lines = await OpenLinesAsync(
                operation,
                path,
                Limits.MaxWatchLineBytes,
                _options.WatchSilence,
                cancel
            )
            .ConfigureAwait(false);
        while (await lines.NextAsync().ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
                continue;
            if (lines.LastLineCut)
                throw new TransportException(operation, "the connection ended inside an event");
            if (Parse(operation, line.Span, type) is { } change)
                yield return change;
        }
    }

    private static WatchEvent<T>? Parse<T>(string operation, ReadOnlySpan<byte> line, EntityType<T> type)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            var raw =
                JsonSerializer.Deserialize(line, ModelJson.Options.Info<WatchLine>())
                ?? throw new JsonException("null");
            if (raw.Type == "ERROR")
            {
                var status = raw.Object.Deserialize(ModelJson.Options.Info<V1Status>());
                throw KubernetesException.From(
                    operation,
                    (System.Net.HttpStatusCode)(status?.Code ?? 500),
                    status?.Reason,
                    status?.Message ?? "",
                    retryAfter: null
                );
            }
            WatchEventKind? kind = raw.Type switch
            {
                "ADDED" => WatchEventKind.Added,
                "MODIFIED" => WatchEventKind.Modified,
                "DELETED" => WatchEventKind.Deleted,
                "BOOKMARK" => WatchEventKind.Bookmark,
                _ => null, // an event of a future server
            };
            if (kind is null)
                return null;
            if (kind == WatchEventKind.Bookmark)
            {
                // a bookmark's object is of the watched kind but nearly empty: only its version counts
                var version = raw.Object.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? "";
                return new WatchEvent<T>(WatchEventKind.Bookmark, Entity: null, version);
            }
            var entity = raw.Object.Deserialize(type.Json) ?? throw new JsonException("null object");
            return new WatchEvent<T>(kind.Value, entity, entity.Metadata.ResourceVersion ?? "");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new TransportException(operation, $"an event is not what it should be: {e.Message}", e);
        }
    }

    /// <summary>Opens a request whose answer comes line by line, with a deadline on silence instead of one on the whole.</summary>
    private async Task<LineStream> OpenLinesAsync(
        string operation,
        string path,
        int maxLineBytes,
        TimeSpan silence,
        CancellationToken cancel
    )
    {
        var timeout = new CancellationTokenSource(_options.RequestTimeout, _options.Time);
        var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        HttpResponseMessage? response = null;
        try
        {
            response = await OpenAsync(HttpMethod.Get, path, body: null, contentType: null, both.Token)
                .ConfigureAwait(false);
            var stream = await response.Content.ReadAsStreamAsync(both.Token).ConfigureAwait(false);
            return new LineStream(
                operation,
                response,
                new LineReader(stream, maxLineBytes),
                timeout,
                both,
                silence,
                cancel
            );
        }
        catch (Exception e)
        {
            response?.Dispose();
            both.Dispose();
            timeout.Dispose();
            if (e is OperationCanceledException && !cancel.IsCancellationRequested)
                throw new TransportException(
                    operation,
                    $"no answer within {_options.RequestTimeout.TotalSeconds:0} s",
                    e
                );
            if (e is HttpRequestException or IOException)
                throw new TransportException(operation, e.InnerException?.Message ?? e.Message, e);
            throw;
        }
    }
}
