using Hud.Core.Stream;
using Hud.Kubernetes;

namespace Hud.Operator.Streams;

/// <summary>
/// Reads the logs of agent pods through the API server. A broken connection is made again and read from the start; the reader drops what it has.
/// Nothing here survives a restart and nothing needs to: the log is still there.
/// </summary>
public sealed class StreamFollowers(
    KubernetesClient client,
    Informer<Pod> agents,
    string ns,
    Action<EntityKey> changed,
    TimeProvider time,
    Log log
) : IAsyncDisposable
{
    // an agent speaks once a second; the kubelet's stream that says nothing for so long is dead
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // 30 minutes of progress lines and a profile, far below; a log that goes on for ever is cut here
    private const long MaxLogBytes = 512L << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (AgentStream Stream, CancellationTokenSource Stop, Task Running)> _open = new(
        StringComparer.Ordinal
    );

    /// <summary>Begins to read a pod's log unless that is done already, and returns what is known of it.</summary>
    public StreamSnapshot Follow(string pod, EntityKey session)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(pod, out var entry))
                return entry.Stream.Snapshot;
            var stream = new AgentStream(time);
            var stop = new CancellationTokenSource();
            _open[pod] = (
                stream,
                stop,
                Task.Run(() => FollowAsync(pod, session, stream, stop.Token), CancellationToken.None)
            );
            return stream.Snapshot;
        }
    }

    /// <summary>What is known of a pod's stream, without beginning to read it.</summary>
    public StreamSnapshot Peek(string pod)
    {
        lock (_lock)
            return _open.TryGetValue(pod, out var entry) ? entry.Stream.Snapshot : StreamSnapshot.Empty;
    }

    /// <summary>Stops reading and forgets what was read.</summary>
    public void Forget(string pod)
    {
        lock (_lock)
        {
            if (_open.Remove(pod, out var entry))
                entry.Stop.Cancel();
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Task> running;
        lock (_lock)
        {
            running = [.. _open.Values.Select(e => e.Running)];
            foreach (var entry in _open.Values)
                entry.Stop.Cancel();
            _open.Clear();
        }
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task FollowAsync(string pod, EntityKey session, AgentStream stream, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // asked before reading: a log read to its end after that is complete
            var ended = ContainerEnded(pod);
            try
            {
                await ReadOnceAsync(pod, session, stream, stop).ConfigureAwait(false);
                if (stream.Snapshot.Bye is not null || ended)
                {
                    stream.End();
                    changed(session);
                    return;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (NotFoundException)
            {
                // the pod is gone, and its log with it
                stream.End();
                changed(session);
                return;
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                if (stream.Snapshot.Bye is not null)
                {
                    stream.End();
                    changed(session);
                    return;
                }
                log.Debug("agent log broke off, reading it again", ("pod", pod), ("error", e.Message));
            }
            try
            {
                await Task.Delay(Pause, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReadOnceAsync(string pod, EntityKey session, AgentStream stream, CancellationToken stop)
    {
        await foreach (
            var line in client
                .FollowLogAsync(
                    ns,
                    pod,
                    Resources.Names.AgentContainer,
                    StreamLimits.MaxLineBytes,
                    Silence,
                    MaxLogBytes,
                    stop
                )
                .ConfigureAwait(false)
        )
        {
            // half a line is what a broken connection leaves; the next reading has it whole
            if (line.Cut)
                continue;
            OperatorMeter.StreamLines.Add(1);
            var missing = stream.Snapshot.MissingLines;
            if (stream.Accept(line.Bytes.Span))
                changed(session);
            OperatorMeter.StreamGaps.Add(stream.Snapshot.MissingLines - missing);
        }
    }

    private bool ContainerEnded(string pod)
    {
        var found = agents.Store.Get(new EntityKey(ns, pod));
        return found?.Status?.Phase is "Succeeded" or "Failed"
            || found
                ?.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Resources.Names.AgentContainer)
                ?.State?.Terminated
                is not null;
    }
}
