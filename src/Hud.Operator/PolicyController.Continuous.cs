using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Policies;

namespace Hud.Operator;

/// <summary>What a policy does about the agents that watch its target all the time.</summary>
public sealed partial class PolicyController
{
    /// <returns>The observation with what there is to say of them, and when to look at them again.</returns>
    private async Task<(PolicyObservation Observation, TimeSpan? RequeueAfter)> WatchAsync(
        PolicyObservation o,
        ProfilingPolicySpec spec,
        List<PolicyNotice> notices,
        CancellationToken cancel
    )
    {
        try
        {
            var (view, again) = await continuous.StepAsync(o.Policy, spec, notices, cancel).ConfigureAwait(false);
            return (o with { Continuous = view }, again);
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            // its sessions do not wait for that
            log.Warn(
                "the agents of a policy cannot be seen to, trying again",
                ("policy", EntityKey.Of(o.Policy)),
                ("error", e.Message)
            );
            return (
                o with
                {
                    Continuous = spec.Continuous is null
                        ? null
                        : ContinuousAgents.Failing(ContinuousAgents.Kept(o.Policy), e),
                },
                TargetsPause
            );
        }
    }

    private static TimeSpan Sooner(TimeSpan pause, TimeSpan? other) => other < pause ? other.Value : pause;
}
