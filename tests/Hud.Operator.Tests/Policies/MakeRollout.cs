using System.Text.Json;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

/// <summary>Policies that rollouts make sessions of, and what they made.</summary>
internal static class MakeRollout
{
    public static readonly TargetSpec Deployment = new()
    {
        WorkloadRef = new WorkloadReference("apps/v1", "Deployment", "checkout"),
    };

    public static PolicyEntity OnRollout(
        RolloutTriggerSpec? spec = null,
        TargetSpec? target = null,
        string name = Name,
        string uid = "policy-1"
    )
    {
        var policy = Policy(name: name, uid: uid);
        policy.Spec = JsonSerializer.SerializeToElement(
            new ProfilingPolicySpec
            {
                Session = Make.Spec() with { Target = target ?? Deployment },
                Triggers = new TriggersSpec { Rollout = spec ?? new RolloutTriggerSpec() },
            },
            HudJson.Default.ProfilingPolicySpec
        );
        return policy;
    }

    public static Rollout Rollout(string revision, long number) =>
        new("Deployment", "checkout", "deployment-1", revision, number);

    public static string NameOf(string revision, long number) =>
        PolicyNames.RolloutSession(Name, "policy-1", Rollout(revision, number));

    /// <summary>Rolled out so many seconds from now.</summary>
    public static RolloutSight Sight(string revision, long number, int seconds) =>
        new()
        {
            State = RolloutState.RolledOut,
            Workload = "Deployment/checkout",
            Generation = number + 10,
            Mark = $"{number}",
            Target = new RolloutTarget(
                Rollout(revision, number),
                new LabelSelector { MatchLabels = Labels(("app", "checkout"), ("pod-template-hash", revision)) }
            ),
            ReadyAt = Now.AddSeconds(seconds),
            NewestPod = Now.AddSeconds(seconds),
        };

    /// <summary>A session as the operator makes it for a rollout, so many minutes from now.</summary>
    public static SessionEntity ByRollout(
        string revision,
        long number,
        int minutes,
        RunState state = RunState.Completed,
        ProfilingSessionStatus? status = null
    )
    {
        var session = PolicySession.Build(
            OnRollout(),
            new NewRun(NameOf(revision, number), Now.AddMinutes(minutes), 0)
            {
                Rollout = Sight(revision, number, 60 * minutes).Target,
            }
        );
        session.Metadata.Uid = "uid-" + session.Name;
        session.Metadata.ResourceVersion = "1";
        session.Metadata.CreationTimestamp = Now.AddMinutes(minutes).UtcDateTime;
        session.Status = status is null ? Status(state) : StatusJson.Write(status);
        return session;
    }

    /// <summary>The status that the operator writes when agents sent a profile with these hotspots, in percent of the worker time.</summary>
    public static ProfilingSessionStatus Found(
        (string Function, double Percent)[] hotspots,
        long polls = 60_000,
        int minutes = 0,
        int top = 20
    )
    {
        var target = Make.Target(1);
        var profile = Make.Profile(target);
        profile = profile with
        {
            Summary = profile.Summary with { Polls = polls, BlockedPercent = hotspots.Sum(h => h.Percent) },
            Hotspots =
            [
                .. hotspots
                    .OrderByDescending(h => h.Percent)
                    .Select(
                        (h, i) =>
                            new Hotspot
                            {
                                Rank = i + 1,
                                Cause = HotspotCause.OnCpu,
                                Function = h.Function,
                                UserFrame = $"shop::{h.Function}",
                                Location = "src/main.rs:7",
                                Task = "shop::serve",
                                Count = 100,
                                Percent = h.Percent,
                            }
                    ),
            ],
        };
        if (polls == 0)
            profile = profile with { Targets = [.. profile.Targets.Select(t => t with { Polls = 0 })] };
        profile = profile with { Verdict = Verdict.Of(profile).Text };
        var conditions = new ConditionSet([], 1, Now.AddMinutes(minutes));
        conditions.Set(ConditionTypes.Complete, status: true, "AllTargetsProfiled", "1 of 1 targets profiled");
        return new ProfilingSessionStatus
        {
            StartTime = Now.AddMinutes(minutes - 1),
            CompletionTime = Now.AddMinutes(minutes),
            Phase = SessionPhase.Completed,
            Verdict = profile.Verdict,
            TargetCounts = new TargetCounts { Selected = 1, Succeeded = 1 },
            Summary = StatusProjection.Summary(profile.Summary, []),
            Hotspots = StatusProjection.Hotspots(profile.Hotspots, top),
            Conditions = conditions.ToList(),
        };
    }

    public static RolloutDecision Decide(
        RolloutSight sight,
        SessionEntity[]? sessions = null,
        RolloutTriggerSpec? spec = null,
        RolloutMemory? memory = null,
        DateTimeOffset? now = null
    )
    {
        var policy = OnRollout(spec);
        return RolloutDecider.Decide(
            new RolloutObservation
            {
                Policy = policy,
                Spec = spec ?? new RolloutTriggerSpec(),
                Runs = PolicyRun.All(policy, sessions ?? []).FindAll(r => r.IsOfRollout),
                Sight = sight,
                Memory = memory ?? new RolloutMemory(),
                Now = now ?? Now,
            }
        );
    }
}
