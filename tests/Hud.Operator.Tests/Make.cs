using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator.Tests;

/// <summary>Small worlds for decisions to look at.</summary>
internal static class Make
{
    public static readonly DateTimeOffset Now = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly OperatorOptions Options = new() { AgentImage = "registry/hud-agent:1" };

    public static SessionEntity Session(
        ProfilingSessionSpec? spec = null,
        ProfilingSessionStatus? status = null,
        string name = "checkout",
        string uid = "5e55-1"
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "shop",
                Uid = uid,
                Generation = 1,
                ResourceVersion = "7",
                CreationTimestamp = Now.UtcDateTime,
            },
            Spec = JsonSerializer.SerializeToElement(spec ?? Spec(), HudJson.Default.ProfilingSessionSpec),
            Status = status is null
                ? default
                : JsonSerializer.SerializeToElement(status, HudJson.Default.ProfilingSessionStatus),
        };

    public static ProfilingSessionSpec Spec() =>
        new()
        {
            Target = new TargetSpec { PodName = "checkout-0" },
            Duration = GoDuration.Parse("30s"),
        };

    /// <summary>The pod that <see cref="Target"/> 0 is about, as the API server has it.</summary>
    public static V1Pod TargetPod() =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = "checkout-0",
                NamespaceProperty = "shop",
                Uid = "pod-0",
            },
            Spec = new V1PodSpec { NodeName = "n1", Containers = [new V1Container { Name = "app" }] },
            Status = new V1PodStatus
            {
                Phase = "Running",
                ContainerStatuses =
                [
                    new V1ContainerStatus
                    {
                        Name = "app",
                        ContainerID = "containerd://c0",
                        State = new V1ContainerState { Running = new() },
                    },
                ],
            },
        };

    public static TargetStatus Target(int n, string node = "n1", TargetState state = TargetState.Pending) =>
        new()
        {
            Pod = $"checkout-{n}",
            PodUid = $"pod-{n}",
            Node = node,
            Container = "app",
            ContainerId = $"containerd://c{n}",
            State = state,
        };

    public static ProfilingSessionStatus Status(params TargetStatus[] targets) =>
        new()
        {
            ObservedGeneration = 1,
            StartTime = Now,
            Targets = targets,
            TargetCounts = new TargetCounts { Matched = targets.Length, Selected = targets.Length },
        };

    public static Observation Observation(
        ProfilingSessionStatus status,
        AgentObservation[] agents,
        ProfilingSessionSpec? spec = null,
        double after = 1,
        TimeSpan? currentFor = null
    ) =>
        new()
        {
            Spec = spec ?? Spec(),
            Status = status,
            Generation = 1,
            Now = Now.AddSeconds(after),
            Agents = agents,
            CurrentFor = currentFor ?? TimeSpan.FromHours(1),
        };

    public static AgentObservation Agent(
        V1Pod? pod = null,
        StreamSnapshot? stream = null,
        string node = "n1",
        string? refusal = null
    ) => new(node, Names.AgentPod("5e55-1", node), pod, stream ?? StreamSnapshot.Empty, refusal);

    public static V1Pod Pod(
        string phase,
        V1ContainerState? state = null,
        string? reason = null,
        params V1PodCondition[] conditions
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = "agent", Uid = "agent-uid" },
            Spec = new V1PodSpec { ActiveDeadlineSeconds = 300 },
            Status = new V1PodStatus
            {
                Phase = phase,
                Reason = reason,
                Conditions = [.. conditions],
                ContainerStatuses = state is null
                    ? null
                    : [new V1ContainerStatus { Name = Names.AgentContainer, State = state }],
            },
        };

    public static V1Pod Running() => Pod("Running", new V1ContainerState { Running = new V1ContainerStateRunning() });

    public static V1Pod Waiting(string reason, string? message = null) =>
        Pod(
            "Pending",
            new V1ContainerState
            {
                Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message },
            }
        );

    public static V1Pod Ended(int code = 0, string? reason = null) =>
        Pod(
            "Failed",
            new V1ContainerState
            {
                Terminated = new V1ContainerStateTerminated { ExitCode = code, Reason = reason },
            }
        );

    public static StreamSnapshot Measuring() =>
        new()
        {
            Hello = new HelloMessage(),
            Progress = new ProgressMessage
            {
                Summary = new ProfileSummary { Polls = 10 },
                Verdict = "so far",
            },
        };

    /// <summary>An agent that did all it should for these targets.</summary>
    public static StreamSnapshot Done(params TargetStatus[] targets) =>
        new()
        {
            Hello = new HelloMessage(),
            Progress = new ProgressMessage(),
            Profile = PackedProfile.Of(Profile(targets)),
            EndMessage = new EndMessage { Reason = "Completed" },
        };

    public static ProfileDocument Profile(params TargetStatus[] targets) =>
        new()
        {
            Verdict = "BLOCKED 12.5% of worker time",
            VerdictLevel = VerdictLevel.Blocked,
            Summary = new ProfileSummary
            {
                Polls = 1000,
                SlowPolls = 10,
                BlockedPercent = 12.5,
                WorstPollNs = 412_000_000,
                LongestPollNs = 412_000_000,
                Workers = 4,
                SymbolizedPercent = 98,
            },
            Targets =
            [
                .. targets.Select(t => new TargetProfile
                {
                    PodUid = t.PodUid,
                    Pod = t.Pod,
                    State = TargetState.Succeeded,
                    Polls = 1000,
                    Workers = 4,
                }),
            ],
            Hotspots =
            [
                .. Enumerable
                    .Range(1, 30)
                    .Select(i => new Hotspot
                    {
                        Rank = i,
                        Function = $"f{i}",
                        TotalNs = 1_000_000_000 / i,
                        Stack = [.. Enumerable.Range(0, 40).Select(s => $"frame_{s} (src/x.rs:{s})")],
                        Fingerprint = $"p{i}",
                    }),
            ],
        };

    /// <summary>A task type whose waits for a worker were timed; most of the long ones behind a hotspot of the same name.</summary>
    public static TaskProfile WaitingTask(string name, long count, long p99Ns, double percent = 81) =>
        new()
        {
            Name = name,
            Waits = new TaskWaits
            {
                Count = count,
                P99Ns = p99Ns,
                MaxNs = p99Ns,
                Behind =
                [
                    new WaitBehind { Function = name + "::hash", Percent = percent },
                    new WaitBehind { Function = "other", Percent = 1 },
                ],
            },
        };

    public static Condition Condition(this ProfilingSessionStatus status, string type) =>
        status.Conditions.FirstOrDefault(c => c.Type == type)
        ?? throw new Xunit.Sdk.XunitException(
            $"no condition {type} among {string.Join(", ", status.Conditions.Select(c => c.Type))}"
        );
}
