using Hud.Kubernetes;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Continuous;

/// <summary>The writes about agents that watch all the time, each safe to repeat.</summary>
public sealed class ContinuousActions(
    KubernetesClient client,
    SessionActions sessions,
    OperatorOptions options,
    Log log
)
{
    /// <returns>Why the API server will not have the pod; null when it is there.</returns>
    public async Task<string?> CreateAsync(V1Pod pod, CancellationToken cancel)
    {
        try
        {
            await client.CreateAsync(EntityTypes.Pods, pod, cancel).ConfigureAwait(false);
            OperatorMeter.ContinuousCreated.Add(1);
            log.Info("agent that watches all the time created", About(pod));
            return null;
        }
        catch (AlreadyExistsException)
        {
            return null; // made before a restart, or by the leader before us; or an earlier one that is not gone yet
        }
        catch (KubernetesException e) when (SessionActions.IsRefusedForGood(e))
        {
            log.Warn("agent pod refused", [.. About(pod), ("error", e.Message)]);
            return e.Detail;
        }
    }

    /// <summary>Gives a running agent another list.</summary>
    public async Task WriteAsync(V1Pod pod, string targets, CancellationToken cancel)
    {
        try
        {
            await client
                .PatchAsync(
                    EntityTypes.Pods,
                    options.Namespace,
                    pod.Metadata.Name,
                    PatchKind.Merge,
                    ContinuousPod.TargetsPatch(pod.Metadata.Uid ?? "", targets),
                    cancel
                )
                .ConfigureAwait(false);
            OperatorMeter.ContinuousPatches.Add(1);
        }
        catch (Exception e) when (e is NotFoundException or ConflictException)
        {
            // gone, or another one by now: its end brings us back
        }
    }

    public async Task EndAsync(EndedAgent ended, CancellationToken cancel)
    {
        await sessions.DeleteAgentAsync(ended.Pod.Metadata.Name, ended.Pod.Metadata.Uid, cancel).ConfigureAwait(false);
        OperatorMeter.ContinuousEnded.Add(1, new KeyValuePair<string, object?>("reason", ended.Reason));
        log.Info("agent that watched all the time ended", [.. About(ended.Pod), ("reason", ended.Reason)]);
    }

    private static (string Key, object? Value)[] About(V1Pod pod) =>
        [
            ("policy", pod.GetAnnotation(Names.PolicyAnnotation)),
            ("node", pod.GetAnnotation(Names.NodeAnnotation)),
            ("pod", pod.Metadata.Name),
        ];
}
