using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;

namespace Hud.Operator;

/// <summary>
/// Deletes agent pods that belong to no session in progress. Owner references cannot do it: they do not cross namespaces. It mends what a
/// forced removal of a finalizer, or a session deleted while no operator ran, leaves behind.
/// </summary>
public sealed class OrphanSweep(Informer<SessionEntity> sessions, Informer<Pod> agents, SessionActions actions, TimeProvider time, Log log)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            // only a current view can tell an orphan from a session that was not heard of yet
            if (sessions.CurrentFor is not null && agents.CurrentFor is not null)
            {
                foreach (var pod in Orphans(sessions.Store.All(), agents.Store.All(), time.GetUtcNow()))
                    await DeleteAsync(pod, cancel).ConfigureAwait(false);
            }
            await Task.Delay(Every, time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Pure. A pod younger than a minute may belong to a session that our view has not caught up with.</summary>
    public static IReadOnlyList<Pod> Orphans(IReadOnlyList<SessionEntity> sessions, IReadOnlyList<Pod> pods, DateTimeOffset now)
    {
        var running = sessions
            .Where(s => s.Metadata.DeletionTimestamp is null)
            .Where(s => !s.ReadStatus().Conditions.Any(c => c.Type is ConditionTypes.Complete or ConditionTypes.Failed && c.Status == "True"))
            .Select(s => s.Uid).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. pods.Where(p => p.Metadata.DeletionTimestamp is null
                && now - (p.Metadata.CreationTimestamp ?? now) > TimeSpan.FromMinutes(1)
                && !running.Contains(p.Metadata.Labels?.GetValueOrDefault(Names.SessionUidLabel) ?? "")),
        ];
    }

    private async Task DeleteAsync(Pod pod, CancellationToken cancel)
    {
        try
        {
            await actions.DeleteAgentAsync(pod.Metadata.Name, pod.Metadata.Uid, cancel).ConfigureAwait(false);
            OperatorMeter.Orphans.Add(1);
            log.Warn("orphaned agent pod deleted", ("pod", pod.Metadata.Name), ("session", pod.Metadata.Annotations?.GetValueOrDefault(Names.SessionAnnotation)));
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            log.Warn("orphaned agent pod could not be deleted", ("pod", pod.Metadata.Name), ("error", e.Message));
        }
    }
}
