using Hud.Core.Stream;
using Hud.Kubernetes;
using k8s.Models;

namespace Hud.Operator.Streams;

/// <summary>
/// Reads the logs of agent pods through the API server. A reading that fails or breaks off is made again, from the start; the reader drops what
/// it has. <see cref="LogEnd"/> decides when there is nothing more to come. Nothing here survives a restart and nothing needs to: the log is
/// still there.
/// </summary>
public sealed partial class StreamFollowers(
    KubernetesClient client,
    Informer<V1Pod> agents,
    string ns,
    ProfileIntake profiles,
    Action<EntityKey> changed,
    TimeProvider time,
    Log log
) : IAsyncDisposable
{
    // an agent speaks once a second; the kubelet's stream that says nothing for so long is dead
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    // a kubelet that restarts is back after some seconds; one that stays away is asked every ten
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));
    private const int WarnAfter = 4;

    // 30 minutes of progress lines and a profile, far below; a log that goes on for ever is cut here
    private const long MaxLogBytes = 512L << 20;

    // a profile is a MiB at most; its parts follow each other at once
    private static readonly TimeSpan Receiving = TimeSpan.FromSeconds(15);
    private static ReadOnlySpan<byte> ProfilePart => "{\"t\":\"profile\""u8;

    private readonly Lock _lock = new();
    private readonly Dictionary<
        string,
        (string? Uid, AgentStream Stream, CancellationTokenSource Stop, Task Running)
    > _open = new(StringComparer.Ordinal);

    /// <summary>
    /// Begins to read a pod's log unless that is done already, and returns what is known of it. A pod that took the place of one of the same name
    /// has a log of its own.
    /// </summary>
    /// <param name="agents">How many the session has.</param>
    public StreamSnapshot Follow(V1Pod pod, EntityKey session, int agents = 1)
    {
        var (name, uid) = (pod.Metadata.Name, pod.Metadata.Uid);
        return Open(name, uid, (stream, stop) => FollowAsync(name, uid, session, agents, stream, stop));
    }

    /// <summary>
    /// The same for the answer of an agent that watches for many sessions and goes on: of its log only what it says to this one is kept, and it is read
    /// for as long as that is waited for.
    /// </summary>
    /// <param name="name">What the session calls the agent.</param>
    public StreamSnapshot FollowLookBack(string name, V1Pod pod, EntityKey session, LookBackWait wait)
    {
        var (agent, uid) = (pod.Metadata.Name, pod.Metadata.Uid);
        return Open(name, uid, (stream, stop) => FollowAsync(agent, uid, session, wait, stream, stop));
    }

    /// <summary>One reading for each name; another pod under the same name is read from its beginning.</summary>
    private StreamSnapshot Open(string name, string? uid, Func<AgentStream, CancellationToken, Task> follow)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(name, out var entry))
            {
                if (entry.Uid == uid)
                    return entry.Stream.Snapshot;
                entry.Stop.Cancel();
                profiles.Release(entry.Stream.Close());
            }
            var stream = new AgentStream(time);
            var stop = new CancellationTokenSource();
            _open[name] = (uid, stream, stop, Task.Run(() => follow(stream, stop.Token), CancellationToken.None));
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
            if (!_open.Remove(pod, out var entry))
                return;
            entry.Stop.Cancel();
            profiles.Release(entry.Stream.Close());
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
            {
                entry.Stop.Cancel();
                profiles.Release(entry.Stream.Close());
            }
            _open.Clear();
        }
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task FollowAsync(
        string pod,
        string? uid,
        EntityKey session,
        int agents,
        AgentStream stream,
        CancellationToken stop
    )
    {
        var (failures, unfinished) = (0, 0);
        while (!stop.IsCancellationRequested)
        {
            // asked before reading: a log read to its end after that is complete
            var before = State(pod, uid);
            var had = stream.LastSeq;
            stream.BeginReading();
            var pause = TimeSpan.Zero;
            try
            {
                await ReadOnceAsync(pod, session, agents, stream, stop).ConfigureAwait(false);
                if (before.Ended)
                    unfinished++;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                unfinished = 0;
                stream.Fail(e is KubernetesException { Detail.Length: > 0 } said ? said.Detail : e.Message);
                if (e is KubernetesException { RetryAfter: { } after })
                    pause = after < Limits.MaxRetryAfter ? after : Limits.MaxRetryAfter;
            }
            if (LogEnd.IsReached(stream.Snapshot, stream.ReadSeq, before, State(pod, uid), unfinished))
            {
                stream.End();
                changed(session);
                return;
            }
            failures = stream.LastSeq > had ? 0 : failures + 1;
            if (failures == WarnAfter && stream.Snapshot.Trouble.Length > 0)
                log.Warn("agent log cannot be read, trying again", ("pod", pod), ("error", stream.Snapshot.Trouble));
            var wait = Pauses.After(Math.Max(0, failures - 1));
            try
            {
                await Task.Delay(pause > wait ? pause : wait, time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private IAsyncEnumerable<LogLine> Log(string pod, DateTimeOffset? since, CancellationToken stop) =>
        client.FollowLogAsync(
            ns,
            pod,
            Resources.Names.AgentContainer,
            StreamLimits.MaxLineBytes,
            Silence,
            MaxLogBytes,
            since,
            stop
        );

    private async Task ReadOnceAsync(
        string pod,
        EntityKey session,
        int agents,
        AgentStream stream,
        CancellationToken stop
    )
    {
        // whoever stops in the middle of a profile loses the place to others, and is read again later
        using var slow = CancellationTokenSource.CreateLinkedTokenSource(stop);
        IDisposable? place = null;
        try
        {
            await foreach (var line in Log(pod, since: null, slow.Token).ConfigureAwait(false))
            {
                // half a line is what a broken connection leaves; the next reading has it whole
                if (line.Cut)
                    continue;
                if (place is null && (stream.IsReceiving || line.Bytes.Span.StartsWith(ProfilePart)))
                {
                    place = await profiles.ReceiveAsync(stop).ConfigureAwait(false);
                    slow.CancelAfter(Receiving);
                }
                OperatorMeter.StreamLines.Add(1);
                var missing = stream.Snapshot.MissingLines;
                if (stream.Accept(line.Bytes.Span))
                    changed(session);
                OperatorMeter.StreamGaps.Add(stream.Snapshot.MissingLines - missing);
                if (stream.TakePacked() is { } packed)
                {
                    var (profile, error) = await profiles.KeepAsync(packed, agents, stop).ConfigureAwait(false);
                    if (!stream.Keep(profile, error))
                        profiles.Release(profile);
                }
                if (place is not null && !stream.IsReceiving)
                {
                    place.Dispose();
                    place = null;
                    slow.CancelAfter(Timeout.InfiniteTimeSpan);
                }
            }
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TransportException($"LOG {ns}/{pod}", "the profile stopped half way", e);
        }
        finally
        {
            stream.Rewind();
            place?.Dispose();
        }
    }

    /// <summary>What the pod store says of the pod that is followed; another pod of its name is not it.</summary>
    private AgentState State(string pod, string? uid)
    {
        var found = agents.Store.Get(new EntityKey(ns, pod));
        if (found is null || found.Metadata.Uid != uid)
            return AgentState.Gone;
        var ended = found
            .Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Resources.Names.AgentContainer)
            ?.State?.Terminated;
        return ended is not null ? new AgentState(Exists: true, Ended: true, ended.ExitCode)
            : found.Status?.Phase is "Succeeded" or "Failed" ? new AgentState(Exists: true, Ended: true, ExitCode: null)
            : AgentState.Running;
    }
}
