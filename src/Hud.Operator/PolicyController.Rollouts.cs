using System.Collections.Concurrent;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Policies;

namespace Hud.Operator;

/// <summary>What a policy does about rollouts of its target.</summary>
public sealed partial class PolicyController
{
    /// <summary>
    /// How often the workload of a policy is asked for. One GET of one object is cheaper than a watch of all workloads of the cluster, which would have to
    /// hold them; with many such policies the pause grows, see <see cref="LookPace"/>.
    /// </summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(15);

    /// <summary>What changes about sessions brings a policy back at once, and the workload need not be asked for each time.</summary>
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<EntityKey, RolloutMemory> _rollouts = new();

    private TimeSpan PauseOfLooks => LookPace.Pause(LookPause, _rollouts.Count);

    /// <returns>What is to be seen after a session was made, or none was, with what is to be said.</returns>
    private async Task<PolicyObservation> TakeRolloutsAsync(
        PolicyObservation o,
        TargetSpec target,
        List<PolicyNotice> notices,
        CancellationToken cancel
    )
    {
        var key = EntityKey.Of(o.Policy);
        if (o.Rollouts is not { } spec)
        {
            _rollouts.TryRemove(key, out _);
            return o;
        }
        if (spec.Suspend)
        {
            _rollouts.TryRemove(key, out _);
            return o with
            {
                Rollout = new RolloutFinding(
                    IsWorse: null,
                    PolicyReasons.Suspended,
                    "no rollout is looked at; set triggers.rollout.suspend to false to go on",
                    new RolloutStatus()
                ),
            };
        }
        var memory = Of(o.Policy, _rollouts.GetValueOrDefault(key));
        memory = await LookAsync(o, target, memory, cancel).ConfigureAwait(false);
        if (memory.Sight is { } sight && memory.SeenAt is not null)
        {
            var decision = RolloutDecider.Decide(
                new RolloutObservation
                {
                    Policy = o.Policy,
                    Spec = spec,
                    Runs = PolicyRun.All(o.Policy, o.Sessions).FindAll(r => r.IsOfRollout),
                    Sight = sight,
                    Memory = memory,
                    Now = o.Now,
                }
            );
            memory = decision.Memory with { Finding = decision.Finding };
            notices.AddRange(decision.Notices);
            if (decision.Create is { } run)
                (o, memory) = await CreateAsync(o, memory, run, notices, cancel).ConfigureAwait(false);
        }
        _rollouts[key] = memory;
        // where the last look failed, soon again
        var next =
            memory.SeenAt is { } seen && seen + PauseOfLooks is var due && due > o.Now ? due : o.Now + TargetsPause;
        return o with
        {
            Rollout = memory.Finding! with
            {
                LookAgain = memory.Finding.LookAgain is { } sooner && sooner > o.Now && sooner < next ? sooner : next,
            },
        };
    }

    /// <summary>Of another policy of the name nothing is remembered, and of another spec not what its target was.</summary>
    private static RolloutMemory Of(PolicyEntity policy, RolloutMemory? before)
    {
        var version = $"{policy.Uid}|{policy.Metadata.Generation}";
        if (before?.Policy == version)
            return before;
        return before?.Policy.StartsWith(policy.Uid + "|", StringComparison.Ordinal) == true
            ? before with
            {
                Policy = version,
                Sight = null,
                SeenAt = null,
            }
            : new RolloutMemory { Policy = version };
    }

    /// <returns>With the newest sight; where the API server cannot say, with what was known and when.</returns>
    private async Task<RolloutMemory> LookAsync(
        PolicyObservation o,
        TargetSpec target,
        RolloutMemory memory,
        CancellationToken cancel
    )
    {
        if (memory.SeenAt is { } seen && (o.Now - seen).Duration() < LeastPause)
            return memory;
        try
        {
            var sight = await targets
                .RolloutAsync(o.Policy.Namespace, target, memory.Sight, cancel)
                .ConfigureAwait(false);
            return memory with { Sight = sight, SeenAt = o.Now };
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            log.Warn(
                "the workload of a policy's target cannot be read, trying again",
                ("policy", EntityKey.Of(o.Policy)),
                ("error", e.Message)
            );
            return memory with
            {
                Finding =
                    memory.Finding
                    ?? new RolloutFinding(
                        IsWorse: null,
                        PolicyReasons.NotSeen,
                        $"the API server does not say how the rollout stands: {e.Message}",
                        new RolloutStatus()
                    ),
            };
        }
    }

    private async Task<(PolicyObservation Seen, RolloutMemory Memory)> CreateAsync(
        PolicyObservation o,
        RolloutMemory memory,
        NewRun run,
        List<PolicyNotice> notices,
        CancellationToken cancel
    )
    {
        var (session, refusal, isNew) = await actions.CreateAsync(o.Policy, run, cancel).ConfigureAwait(false);
        if (refusal is not null)
        {
            notices.Add(
                new PolicyNotice(
                    PolicyReasons.Refused,
                    run.Name,
                    $"the session of {run.Described} was refused and is tried again: {refusal}",
                    Warning: true
                )
            );
            var finding = memory.Finding! with
            {
                Reason = PolicyReasons.Refused,
                Message = $"the session of {run.Described} was refused: {refusal}",
            };
            return (o, memory with { Finding = finding });
        }
        memory = memory.With(run);
        if (session is null)
        {
            notices.Add(
                new PolicyNotice(
                    PolicyReasons.NameTaken,
                    run.Name,
                    $"{run.Described} is left out: there is a session {run.Name} already that this policy does not own",
                    Warning: true
                )
            );
            return (o, memory);
        }
        if (isNew)
            notices.Add(
                new PolicyNotice(
                    PolicyReasons.SessionCreated,
                    run.Name,
                    $"created session {run.Name} for {run.Described}",
                    Warning: false
                )
            );
        var status = memory.Finding!.Status with { Session = run.Name };
        return (
            o with
            {
                Sessions = [.. o.Sessions.Where(s => s.Name != session.Name), session],
            },
            memory with
            {
                Finding = memory.Finding with { Status = status },
            }
        );
    }
}
