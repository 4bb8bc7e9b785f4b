using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Continuous;

/// <summary>
/// Ends agents whose policy is gone. Owner references cannot do it: they do not cross namespaces. It finds what policies leave behind that were deleted
/// while no operator ran.
/// </summary>
public sealed class ContinuousSweep(
    Informer<PolicyEntity> policies,
    Informer<V1Pod> agents,
    ContinuousActions actions,
    TimeProvider time,
    Log log
)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>By then the policy of a new agent is in view, whoever made it.</summary>
    private static readonly TimeSpan InView = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            // a view that is not current makes too many look like orphans
            if (policies.CurrentFor is not null && agents.CurrentFor is not null)
                await SweepAsync(cancel).ConfigureAwait(false);
            await Task.Delay(Every, time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>One round, over what is in view.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        foreach (var pod in Orphans(policies.Store.All(), agents.Store.All(), time.GetUtcNow()))
        {
            try
            {
                await actions.EndAsync(new EndedAgent(pod, AgentEnds.PolicyGone), cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is KubernetesException or TransportException or NotLeaderException)
            {
                log.Warn("orphaned agent pod could not be deleted", ("pod", pod.Metadata.Name), ("error", e.Message));
            }
        }
    }

    /// <summary>Pure.</summary>
    public static IReadOnlyList<V1Pod> Orphans(
        IReadOnlyList<PolicyEntity> policies,
        IReadOnlyList<V1Pod> pods,
        DateTimeOffset now
    )
    {
        var there = policies.Select(p => p.Uid).Where(u => u.Length > 0).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. pods.Where(p =>
                IsContinuous(p)
                && p.Metadata.DeletionTimestamp is null
                && !there.Contains(p.GetLabel(Names.PolicyUidLabel) ?? "")
                && now.UtcDateTime - (p.Metadata.CreationTimestamp ?? DateTime.MinValue) > InView
            ),
        ];
    }

    /// <summary>Not a session's.</summary>
    public static bool IsContinuous(V1Pod pod) =>
        pod.GetLabel("app.kubernetes.io/component") == Names.ContinuousComponent;
}
