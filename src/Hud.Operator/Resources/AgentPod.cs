using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using k8s.Models;

namespace Hud.Operator.Resources;

/// <summary>Builds the one pod that profiles a session's targets on one node. Pure: the same input gives the same pod.</summary>
public static class AgentPod
{
    /// <summary>Beyond start and duration: unwinding, naming and sending the profile.</summary>
    public static readonly TimeSpan FinishGrace = TimeSpan.FromMinutes(2);

    // Common keys that make log shippers and meshes leave a pod alone. The stream is data, not a log.
    internal static readonly (string Key, string Value)[] NoShippersNoMeshes =
    [
        ("ad.datadoghq.com/logs_exclude", "true"),
        ("co.elastic.logs/enabled", "false"),
        ("fluentbit.io/exclude", "true"),
        ("k8s.grafana.com/logs.scrape", "false"),
        ("sidecar.istio.io/inject", "false"),
        ("linkerd.io/inject", "disabled"),
    ];

    // ... and autoscalers: it is gone in minutes
    private static readonly (string Key, string Value)[] HandsOff =
    [
        .. NoShippersNoMeshes,
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
        ("karpenter.sh/do-not-disrupt", "true"),
    ];

    private static readonly List<string> AgentCapabilities =
    [
        "BPF",
        "PERFMON",
        "SYS_PTRACE",
        "DAC_READ_SEARCH",
        "CHECKPOINT_RESTORE",
    ];

    /// <param name="targets">Those of <paramref name="node"/>, in the order of the status.</param>
    public static V1Pod Build(
        SessionEntity session,
        ProfilingSessionSpec spec,
        string node,
        IReadOnlyList<TargetStatus> targets,
        OperatorOptions options
    )
    {
        var pod = Spec(node, spec.StartDeadline.ToTimeSpan() + spec.Duration.ToTimeSpan() + FinishGrace, options);
        pod.RestartPolicy = "Never";
        pod.Containers =
        [
            Container(
                Task(spec, node, targets, options.NeighbourNames),
                Resources(
                    (options.AgentCpuRequest, options.AgentMemoryRequest),
                    (options.AgentCpuLimit, options.AgentMemoryLimit)
                ),
                options
            ),
        ];
        return new V1Pod { Metadata = Metadata(session, node, options), Spec = pod };
    }

    /// <summary>What every pod with an agent may do and may not, of sessions and of those that watch all the time.</summary>
    /// <param name="deadline">Past it the kubelet ends the pod, whatever the operator does.</param>
    internal static V1PodSpec Spec(string node, TimeSpan deadline, OperatorOptions options) =>
        new()
        {
            ActiveDeadlineSeconds = (long)Math.Ceiling(deadline.TotalSeconds),
            TerminationGracePeriodSeconds = 30,
            ServiceAccountName = options.AgentServiceAccount,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false, // its environment is its input: one variable, not a list of the namespace's services
            HostPID = true,
            DnsPolicy = "Default", // it resolves nothing; this asks for the least
            PriorityClassName = options.AgentPriorityClass,
            ImagePullSecrets =
                options.AgentImagePullSecrets.Count == 0
                    ? null
                    : [.. options.AgentImagePullSecrets.Select(s => new V1LocalObjectReference { Name = s })],
            Affinity = OnNode(node),
            Tolerations = [new V1Toleration { OperatorProperty = "Exists" }],
        };

    private static AgentTask Task(
        ProfilingSessionSpec session,
        string node,
        IReadOnlyList<TargetStatus> targets,
        bool neighbourNames
    ) =>
        new()
        {
            Session = session,
            Node = node,
            HideNeighbours = !neighbourNames,
            Targets = [.. targets.Select(t => Target(t, session.Target.ProcessName))],
        };

    /// <summary>What an agent needs to find it.</summary>
    internal static AgentTarget Target(TargetStatus t, string? processName) =>
        new()
        {
            Pod = t.Pod,
            PodUid = t.PodUid,
            Container = t.Container,
            Image = t.Image.Length > 0 ? t.Image : null,
            ImageDigest = t.ImageDigest.Length > 0 ? t.ImageDigest : null,
            ContainerId = WithoutScheme(t.ContainerId),
            ProcessName = processName,
        };

    /// <summary>The privileged container.</summary>
    internal static V1Container Container(AgentTask task, V1ResourceRequirements resources, OperatorOptions options) =>
        new()
        {
            Name = Names.AgentContainer,
            Image = options.AgentImage,
            ImagePullPolicy = options.AgentImagePullPolicy,
            Env =
            [
                new V1EnvVar
                {
                    Name = AgentTask.EnvironmentVariable,
                    Value = JsonSerializer.Serialize(task, HudJson.Default.AgentTask),
                },
            ],
            Resources = resources,
            SecurityContext = Security(options.AgentSecurityProfile),
            TerminationMessagePolicy = "FallbackToLogsOnError",
        };

    internal static V1ResourceRequirements Resources(
        (ResourceQuantity Cpu, ResourceQuantity Memory) requests,
        (ResourceQuantity Cpu, ResourceQuantity Memory) limits
    ) =>
        new()
        {
            Requests = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
            {
                ["cpu"] = requests.Cpu,
                ["memory"] = requests.Memory,
            },
            Limits = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
            {
                ["cpu"] = limits.Cpu,
                ["memory"] = limits.Memory,
            },
        };

    private static V1ObjectMeta Metadata(SessionEntity session, string node, OperatorOptions options)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Names.SessionAnnotation] = $"{session.Namespace}/{session.Name}",
            [Names.NodeAnnotation] = node,
        };
        foreach (var (key, value) in HandsOff)
            annotations[key] = value;
        return new V1ObjectMeta
        {
            Name = Names.AgentPod(session.Uid, node),
            NamespaceProperty = options.Namespace,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["app.kubernetes.io/name"] = "hud",
                ["app.kubernetes.io/component"] = "agent",
                ["app.kubernetes.io/managed-by"] = Names.Manager,
                [Names.SessionUidLabel] = session.Uid,
            },
            Annotations = annotations,
            OwnerReferences = options.AgentOwner is { } owner ? [owner] : null,
        };
    }

    /// <summary>Affinity and not nodeName: the scheduler then still checks resources, and the pod says why it cannot run.</summary>
    internal static V1Affinity OnNode(string node) =>
        new()
        {
            NodeAffinity = new V1NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
                {
                    NodeSelectorTerms =
                    [
                        new V1NodeSelectorTerm
                        {
                            MatchFields =
                            [
                                new V1NodeSelectorRequirement
                                {
                                    Key = "metadata.name",
                                    OperatorProperty = "In",
                                    Values = [node],
                                },
                            ],
                        },
                    ],
                },
            },
        };

    internal static V1SecurityContext Security(SecurityProfile profile) =>
        profile == SecurityProfile.Privileged
            ? new V1SecurityContext
            {
                Privileged = true,
                ReadOnlyRootFilesystem = true,
                RunAsUser = 0,
            }
            : new V1SecurityContext
            {
                AllowPrivilegeEscalation = false,
                ReadOnlyRootFilesystem = true,
                RunAsUser = 0, // capabilities of an exec reach only root without file capabilities on the binary
                SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                Capabilities = new V1Capabilities { Drop = ["ALL"], Add = AgentCapabilities },
            };

    /// <summary><c>containerd://abc</c> is <c>abc</c> in cgroup paths.</summary>
    internal static string WithoutScheme(string containerId)
    {
        var scheme = containerId.IndexOf("://", StringComparison.Ordinal);
        return scheme < 0 ? containerId : containerId[(scheme + 3)..];
    }

    /// <summary>
    /// An agent that said its last word ends by itself within moments. Deleting its pod meanwhile makes two kills of one: kubelets before 1.22
    /// can then lose track of the pod, which stays Terminating for ever. Past a bound it is deleted all the same.
    /// </summary>
    public static bool IsLeaving(V1Pod pod, DateTimeOffset? sessionEnd, DateTimeOffset now) =>
        now - sessionEnd < TimeSpan.FromSeconds(10)
        && pod.Status?.ContainerStatuses?.Any(c => c.State?.Running is not null) == true;

    /// <summary>The deadline that ends a running agent at once, with its last report: the kubelet sends SIGTERM and keeps the log.</summary>
    /// <param name="uid">Of the pod that is meant: another of its name is refused.</param>
    public static string StopPatch(string uid) =>
        $$$"""{"metadata":{"uid":"{{{JsonEncodedText.Encode(uid)}}}"},"spec":{"activeDeadlineSeconds":1}}""";
}
