using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;

namespace Hud.Operator.Streams;

/// <summary>What a session waits for of an agent that watches already.</summary>
/// <param name="Request">The <see cref="LookBackRequest.Id"/>.</param>
/// <param name="Since">Nothing of the log before this is read; by the clock of the agent's node.</param>
/// <param name="Agents">How many agents the session hears from.</param>
/// <param name="Part">What of the answer is the session's own, or null and why it cannot be used.</param>
public sealed record LookBackWait(
    string Request,
    DateTimeOffset Since,
    int Agents,
    Func<ProfileDocument, (ProfileDocument? Part, string Error)> Part
);

/// <summary>Answers of agents that watch already.</summary>
public sealed partial class StreamFollowers
{
    private async Task FollowAsync(
        string pod,
        string? uid,
        EntityKey session,
        LookBackWait wait,
        AgentStream stream,
        CancellationToken stop
    )
    {
        var reader = new LookBackReader(wait.Request);
        for (var readings = 0; !stop.IsCancellationRequested; readings++)
        {
            // asked before reading: a log read to its end after that is complete
            var before = State(pod, uid);
            try
            {
                await ReadOnceAsync(pod, wait, reader, stream, stop).ConfigureAwait(false);
                stream.Fail("");
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                stream.Fail(e is KubernetesException { Detail.Length: > 0 } said ? said.Detail : e.Message);
            }
            // a container that ended is started again, and the next reading has what that one says
            if (reader.IsDone || !State(pod, uid).Exists || (before.Ended && readings >= LogEnd.Readings))
            {
                stream.End();
                changed(session);
                return;
            }
            try
            {
                await Task.Delay(Pauses.After(Math.Min(readings, 4)), time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Until the answer is whole, or the log says nothing for a while.</summary>
    private async Task ReadOnceAsync(
        string pod,
        LookBackWait wait,
        LookBackReader reader,
        AgentStream stream,
        CancellationToken stop
    )
    {
        using var slow = CancellationTokenSource.CreateLinkedTokenSource(stop);
        IDisposable? place = null;
        try
        {
            await foreach (var line in Log(pod, wait.Since, slow.Token).ConfigureAwait(false))
            {
                if (line.Cut || !LookBackReader.IsPart(line.Bytes.Span))
                    continue;
                if (place is null)
                {
                    place = await profiles.ReceiveAsync(stop).ConfigureAwait(false);
                    slow.CancelAfter(Receiving);
                }
                OperatorMeter.StreamLines.Add(1);
                reader.Accept(line.Bytes.Span);
                if (reader.TakePacked() is { } packed)
                {
                    var (profile, error) = await profiles
                        .KeepAsync(packed, wait.Agents, stop, wait.Part)
                        .ConfigureAwait(false);
                    if (!stream.Keep(profile, error))
                        profiles.Release(profile);
                }
                else if (reader.Problem.Length > 0)
                {
                    stream.Keep(profile: null, reader.Problem);
                }
                if (reader.IsDone)
                    return;
                if (!reader.IsReceiving)
                {
                    place.Dispose();
                    place = null;
                    slow.CancelAfter(Timeout.InfiniteTimeSpan);
                }
            }
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TransportException($"LOG {ns}/{pod}", "the answer stopped half way", e);
        }
        finally
        {
            reader.Rewind();
            place?.Dispose();
        }
    }
}
