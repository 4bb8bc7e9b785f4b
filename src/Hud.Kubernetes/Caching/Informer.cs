using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

public enum ChangeKind
{
    Added,
    Updated,
    Deleted,
}

/// <param name="Old">Null for an addition.</param>
/// <param name="New">For a deletion the last state that is known.</param>
/// <param name="Missed">The deletion was not seen: the object was gone when the list was read again, and <see cref="New"/> may be stale.</param>
public sealed record Change<T>(ChangeKind Kind, T? Old, T New, bool Missed = false);

public sealed class InformerOptions
{
    public ListOptions? Filter { get; init; }

    /// <summary>Null: all namespaces.</summary>
    public string? Namespace { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Called for every list or watch that failed.</summary>
    public Action<Exception>? OnError { get; init; }
}

/// <summary>
/// A local copy of one kind, kept by list and watch. Every change is reported once and in order, on the informer's own task;
/// deletions that happened while no watch was open are found by the next list and reported too.
/// </summary>
public sealed class Informer<T>(
    KubernetesClient client,
    EntityType<T> type,
    InformerOptions options,
    IReadOnlyDictionary<string, Func<T, IEnumerable<string>>>? indexers = null
)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<Change<T>>[] _handlers = [];
    private long _lastContact;
    private long _connectedSince;
    private int _connected;
    private long _lastSign = options.Time.GetTimestamp();
    private long _relists;

    public Store<T> Store { get; } =
        new(indexers ?? new Dictionary<string, Func<T, IEnumerable<string>>>(StringComparer.Ordinal));

    /// <summary>Ends when the first list is in the store.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Lists read so far; more than 1 means gaps.</summary>
    public long Lists => Interlocked.Read(ref _relists);

    /// <summary>How long the server has not been heard of: an event, a bookmark, a list. A dead watch shows here.</summary>
    public TimeSpan SinceLastContact => options.Time.GetElapsedTime(Interlocked.Read(ref _lastContact));

    /// <summary>How long there has been neither contact nor a failed try: past a watch's silence and a pause, the loop itself is stuck.</summary>
    public TimeSpan SinceLastActivity => options.Time.GetElapsedTime(Interlocked.Read(ref _lastSign));

    /// <summary>How long the copy has been current without a break; null while it is not.</summary>
    public TimeSpan? CurrentFor =>
        Volatile.Read(ref _connected) == 1 ? options.Time.GetElapsedTime(Interlocked.Read(ref _connectedSince)) : null;

    /// <summary>Handlers must not block. One that is added later hears of later changes only.</summary>
    public void OnChange(Action<Change<T>> handler) =>
        Volatile.Write(ref _handlers, [.. Volatile.Read(ref _handlers), handler]);

    public async Task RunAsync(CancellationToken cancel)
    {
        Interlocked.Exchange(ref _lastContact, options.Time.GetTimestamp());
        Interlocked.Exchange(ref _lastSign, options.Time.GetTimestamp());
        var backoff = options.MinBackoff;
        var goneAtOnce = false;
        string? version = null;
        while (!cancel.IsCancellationRequested)
        {
            var started = options.Time.GetTimestamp();
            try
            {
                version ??= await RelistAsync(cancel).ConfigureAwait(false);
                version = await WatchAsync(version, v => version = v, cancel).ConfigureAwait(false);
                (backoff, goneAtOnce) = (options.MinBackoff, false);
                continue;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (GoneException e)
            {
                version = null; // the history we stand on is compacted away
                options.OnError?.Invoke(e);
                // The server answers, so whatever pauses an outage has earned are over and the list is read at once. Unless that has just been
                // done: a server that calls its own newest list too old is not asked without pauses.
                if (!goneAtOnce || options.Time.GetElapsedTime(started) > options.MaxBackoff)
                {
                    (backoff, goneAtOnce) = (options.MinBackoff, true);
                    Interlocked.Exchange(ref _lastSign, options.Time.GetTimestamp());
                    continue;
                }
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                Volatile.Write(ref _connected, 0);
                // Of a kind that nothing happens to, a server sends no bookmarks either. Another watch would be as silent, and the copy would never be
                // current again; a list says that it is.
                if (e is SilenceException)
                    version = null;
                goneAtOnce = false;
                options.OnError?.Invoke(e);
            }
            Interlocked.Exchange(ref _lastSign, options.Time.GetTimestamp());
            // a watch that lived for a while earned a fresh start
            if (options.Time.GetElapsedTime(started) > options.MaxBackoff)
                backoff = options.MinBackoff;
            // jitter: after an outage not every client should come back in the same instant
            var wait = backoff * (0.5 + Random.Shared.NextDouble());
            backoff = TimeSpan.FromTicks(Math.Min(options.MaxBackoff.Ticks, backoff.Ticks * 2));
            try
            {
                await Task.Delay(wait, options.Time, cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<string> RelistAsync(CancellationToken cancel)
    {
        var list = await client.ListAsync(type, options.Namespace, options.Filter, cancel).ConfigureAwait(false);
        Interlocked.Increment(ref _relists);
        Contact();
        var now = new HashSet<EntityKey>();
        foreach (var entity in list.Items ?? [])
        {
            now.Add(EntityKey.Of(entity));
            Put(entity);
        }
        foreach (var old in Store.All())
        {
            var key = EntityKey.Of(old);
            if (!now.Contains(key) && Store.Remove(key) is { } gone)
                Report(new Change<T>(ChangeKind.Deleted, gone, gone, Missed: true));
        }
        _synced.TrySetResult();
        return list.Metadata.ResourceVersion ?? "";
    }

    private async Task<string> WatchAsync(string version, Action<string> seen, CancellationToken cancel)
    {
        await foreach (
            var change in client
                .WatchAsync(type, options.Namespace, options.Filter, version, cancel)
                .ConfigureAwait(false)
        )
        {
            Contact();
            switch (change.Kind)
            {
                case WatchEventKind.Added or WatchEventKind.Modified:
                    Put(change.Entity!);
                    break;
                case WatchEventKind.Deleted:
                    var old = Store.Remove(EntityKey.Of(change.Entity!));
                    Report(new Change<T>(ChangeKind.Deleted, old, change.Entity!));
                    break;
            }
            version = change.ResourceVersion;
            seen(version);
        }
        Contact();
        return version;
    }

    private void Put(T entity)
    {
        var old = Store.Put(entity);
        if (old is not null && old.Metadata.Uid != entity.Metadata.Uid)
        {
            // deleted and made again under the same name while we looked away: two changes, not one
            Report(new Change<T>(ChangeKind.Deleted, old, old, Missed: true));
            old = null;
        }
        if (old is null)
            Report(new Change<T>(ChangeKind.Added, Old: null, entity));
        else if (old.Metadata.ResourceVersion != entity.Metadata.ResourceVersion)
            Report(new Change<T>(ChangeKind.Updated, old, entity));
    }

    private void Report(Change<T> change)
    {
        foreach (var handler in Volatile.Read(ref _handlers))
            handler(change);
    }

    private void Contact()
    {
        Interlocked.Exchange(ref _lastContact, options.Time.GetTimestamp());
        Interlocked.Exchange(ref _lastSign, options.Time.GetTimestamp());
        if (Interlocked.Exchange(ref _connected, 1) == 0)
            Interlocked.Exchange(ref _connectedSince, options.Time.GetTimestamp());
    }
}
