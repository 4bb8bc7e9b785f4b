using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator;

/// <summary>
/// Deletes agent pods that belong to no session in progress. Owner references cannot do it: they do not cross namespaces. It finds what
/// sessions that were deleted while no operator ran leave behind.
/// </summary>
public sealed class OrphanSweep(
    KubernetesClient reader,
    Informer<SessionEntity> sessions,
    Informer<V1Pod> agents,
    SessionActions actions,
    TimeProvider time,
    Log log
)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            // a view that is not current makes too many look like orphans
            if (sessions.CurrentFor is not null && agents.CurrentFor is not null)
                await SweepAsync(sessions.Store.All(), agents.Store.All(), cancel).ConfigureAwait(false);
            await Task.Delay(Every, time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>One round, over what is in view.</summary>
    public async Task SweepAsync(IReadOnlyList<SessionEntity> seen, IReadOnlyList<V1Pod> pods, CancellationToken cancel)
    {
        foreach (var (pod, unseen) in Orphans(seen, pods, time.GetUtcNow()))
        {
            try
            {
                if (!unseen || !await ThereAsync(pod, cancel).ConfigureAwait(false))
                    await DeleteAsync(pod, cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is KubernetesException or TransportException or NotLeaderException)
            {
                log.Warn("orphaned agent pod could not be deleted", ("pod", pod.Metadata.Name), ("error", e.Message));
            }
        }
    }

    /// <summary>
    /// Pure. Pods without a session in view, of any age: it may be gone, or not have been heard of yet. And pods of sessions that are over;
    /// for a minute they are left to the session's own reconciles.
    /// </summary>
    public static IReadOnlyList<(V1Pod Pod, bool Unseen)> Orphans(
        IReadOnlyList<SessionEntity> sessions,
        IReadOnlyList<V1Pod> pods,
        DateTimeOffset now
    )
    {
        // whatever a server sends: one UID twice, as in a view that is being read again, or none, it must not stop the sweep
        var running = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var session in sessions.Where(s => s.Uid.Length > 0))
            running[session.Uid] = running.GetValueOrDefault(session.Uid) || IsRunning(session);
        var orphans = new List<(V1Pod, bool)>();
        foreach (var pod in pods.Where(p => p.Metadata.DeletionTimestamp is null && !ContinuousSweep.IsContinuous(p)))
        {
            var seen = running.TryGetValue(Uid(pod), out var runs);
            if (
                !seen
                || (
                    !runs
                    && now.UtcDateTime - (pod.Metadata.CreationTimestamp ?? now.UtcDateTime) > TimeSpan.FromMinutes(1)
                )
            )
                orphans.Add((pod, !seen));
        }
        return orphans;
    }

    private static bool IsRunning(SessionEntity session) =>
        session.Metadata.DeletionTimestamp is null
        && !session
            .ReadStatus()
            .Conditions.Any(c => c.Type is ConditionTypes.Complete or ConditionTypes.Failed && c.Status == "True");

    private static string Uid(V1Pod pod) => pod.GetLabel(Names.SessionUidLabel) ?? "";

    /// <summary>The server knows what no view does: whether the session is there now.</summary>
    private async Task<bool> ThereAsync(V1Pod pod, CancellationToken cancel)
    {
        var name = (pod.GetAnnotation(Names.SessionAnnotation) ?? "").Split('/');
        return name.Length == 2
            && Uid(pod).Length > 0
            && (await reader.TryGetAsync(SessionType.Sessions, name[0], name[1], cancel).ConfigureAwait(false))?.Uid
                == Uid(pod);
    }

    private async Task DeleteAsync(V1Pod pod, CancellationToken cancel)
    {
        await actions.DeleteAgentAsync(pod.Metadata.Name, pod.Metadata.Uid, cancel).ConfigureAwait(false);
        OperatorMeter.Orphans.Add(1);
        log.Warn(
            "orphaned agent pod deleted",
            ("pod", pod.Metadata.Name),
            ("session", pod.GetAnnotation(Names.SessionAnnotation))
        );
    }
}
