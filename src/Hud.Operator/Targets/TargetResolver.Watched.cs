using System.Net;
using Hud.Core.Api;
using Hud.Kubernetes;

namespace Hud.Operator.Targets;

public sealed partial class TargetResolver
{
    /// <summary>
    /// What agents that watch all the time are to watch now. It is asked every few seconds, so the list comes from the server's cache: it may be some
    /// moments old, and the next look sees the rest.
    /// </summary>
    /// <param name="watched">UIDs of pods that are watched by now: they stay, where not all have room.</param>
    public async Task<WatchedTargets> WatchedAsync(
        string ns,
        TargetSpec target,
        IReadOnlySet<string> watched,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        try
        {
            var found = await FindAsync(ns, target, cancel, fromCache: true).ConfigureAwait(false);
            return found.None is { } none
                ? WatchedTargets.None(none.Reason, none.Message)
                : WatchedTargets.Choose(target, found.Pods, watched, options.Continuous.MaxPodsPerPolicy, now);
        }
        catch (ForbiddenException e)
        {
            return Unknown(Selection.NotPermitted, $"the operator may not look for the target: {Said(e)}");
        }
        catch (KubernetesException e) when (e.Code is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)
        {
            return Unknown(Selection.Refused, $"the API server refuses the target: {Said(e)}");
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            return Unknown(Selection.ServerUnavailable, $"the API server cannot say which pods there are: {Said(e)}");
        }
    }

    private static WatchedTargets Unknown(string reason, string message) =>
        WatchedTargets.None(reason, message) with
        {
            IsKnown = false,
        };
}
