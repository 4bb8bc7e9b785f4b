using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Resources;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Tests.Policies;

/// <summary>Policies whose agents watch all the time, their targets and agents.</summary>
internal static class MakeContinuous
{
    public static readonly DateTimeOffset Now = Make.Now;

    public static ProfilingPolicySpec Spec(ContinuousSpec? continuous = null, int maxPods = 500) =>
        new()
        {
            Session = Make.Spec() with { Target = MakePolicy.Checkout with { MaxPods = maxPods } },
            Continuous = continuous ?? new ContinuousSpec(),
        };

    public static PolicyEntity Policy(
        ProfilingPolicySpec? spec = null,
        string name = MakePolicy.Name,
        string uid = "policy-1"
    )
    {
        var policy = MakePolicy.Policy(name: name, uid: uid);
        policy.Spec = JsonSerializer.SerializeToElement(spec ?? Spec(), HudJson.Default.ProfilingPolicySpec);
        return policy;
    }

    /// <summary>A pod of the target as the API server has it.</summary>
    public static V1Pod Pod(
        string name,
        string node = "n1",
        bool runs = true,
        bool ready = true,
        int ageMinutes = 60,
        params string[] containers
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                Uid = "uid-" + name,
                Labels = MakePolicy.Labels(("app", "checkout")),
                CreationTimestamp = Now.UtcDateTime.AddMinutes(-ageMinutes),
            },
            Spec = new V1PodSpec
            {
                NodeName = node,
                Containers =
                [
                    .. (containers.Length == 0 ? ["app"] : containers).Select(c => new V1Container { Name = c }),
                ],
            },
            Status = new V1PodStatus
            {
                Phase = runs ? "Running" : "Pending",
                Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
                ContainerStatuses =
                [
                    new V1ContainerStatus
                    {
                        Name = "app",
                        ContainerID = runs ? "containerd://c-" + name : null,
                        State = runs
                            ? new V1ContainerState { Running = new V1ContainerStateRunning() }
                            : new V1ContainerState
                            {
                                Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff" },
                            },
                    },
                ],
            },
        };

    public static WatchedTargets Choose(
        IReadOnlyList<V1Pod> pods,
        int maxPods = 500,
        string[]? watched = null,
        int ceiling = 500
    ) =>
        WatchedTargets.Choose(
            MakePolicy.Checkout with
            {
                MaxPods = maxPods,
            },
            pods,
            (watched ?? []).ToHashSet(StringComparer.Ordinal),
            ceiling,
            Now
        );

    /// <summary>So many pods on each of so many nodes.</summary>
    public static WatchedTargets Fleet(int nodes, int each = 1) =>
        Choose([.. Enumerable.Range(0, nodes * each).Select(i => Pod($"checkout-{i:0000}", $"n{i % nodes:000}"))]);

    /// <summary>The agent as the operator makes it for these, running.</summary>
    public static V1Pod Agent(
        WatchedTargets targets,
        string node,
        ProfilingPolicySpec? spec = null,
        double ageMinutes = 60,
        bool runs = true
    )
    {
        spec ??= Spec();
        var there = targets.ByNode.GetValueOrDefault(node) ?? [];
        var pod = ContinuousPod.Build(
            Policy(spec),
            spec,
            node,
            ContinuousPod.Targets("shop", there, processName: null).Text,
            Make.Options
        );
        pod.Metadata.Uid = "agent-" + node;
        pod.Metadata.CreationTimestamp = Now.UtcDateTime.AddMinutes(-ageMinutes);
        pod.Status = new V1PodStatus
        {
            Phase = runs ? "Running" : "Pending",
            ContainerStatuses = runs
                ?
                [
                    new V1ContainerStatus
                    {
                        Name = Names.AgentContainer,
                        State = new V1ContainerState { Running = new V1ContainerStateRunning() },
                    },
                ]
                : null,
        };
        return pod;
    }

    public static IReadOnlyList<V1Pod> Agents(WatchedTargets targets, ProfilingPolicySpec? spec = null) =>
        [.. targets.ByNode.Keys.Select(n => Agent(targets, n, spec))];

    public static ContinuousObservation Observation(
        WatchedTargets? targets,
        IReadOnlyList<V1Pod>? agents = null,
        ProfilingPolicySpec? spec = null,
        ContinuousMemory? memory = null,
        double seconds = 0,
        IReadOnlyDictionary<string, NodeLoad>? others = null,
        OperatorOptions? options = null
    )
    {
        spec ??= Spec();
        return new ContinuousObservation
        {
            Policy = Policy(spec),
            Spec = spec,
            Options = options ?? Make.Options,
            Targets = targets,
            Agents = agents ?? [],
            Others = others ?? new Dictionary<string, NodeLoad>(StringComparer.Ordinal),
            Memory = memory ?? new ContinuousMemory { Uid = "policy-1" },
            Now = Now.AddSeconds(seconds),
        };
    }

    public static ContinuousDecision Decide(
        WatchedTargets? targets,
        IReadOnlyList<V1Pod>? agents = null,
        ProfilingPolicySpec? spec = null,
        ContinuousMemory? memory = null,
        double seconds = 0,
        IReadOnlyDictionary<string, NodeLoad>? others = null
    ) => ContinuousDecider.Decide(Observation(targets, agents, spec, memory, seconds, others));
}
