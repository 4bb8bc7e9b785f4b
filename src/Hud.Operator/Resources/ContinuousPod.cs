using System.Globalization;
using System.Text;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using k8s.Models;

namespace Hud.Operator.Resources;

/// <summary>
/// Builds the pod that watches the targets of a policy on one node for as long as the policy wants it. What it watches, and which parts of the past
/// are asked for, are annotations: the kubelet writes them into files within a second or two of a change. Pure.
/// </summary>
public static class ContinuousPod
{
    public const int MetricsPort = 9464;

    /// <summary>UTF-8. All annotations of an object together may have 256 KiB.</summary>
    public const int MaxTargetsBytes = 160 << 10;

    /// <summary>An agent that no operator replaces ends so long after its time.</summary>
    public static readonly TimeSpan RenewGrace = TimeSpan.FromMinutes(10);

    /// <summary>From the trigger to its session, and from the end of the session to the agent's look at what is asked for.</summary>
    private static readonly GoDuration Slack = GoDuration.Parse("30s");

    private const string InputFolder = "/run/hud/input";
    private const string MetricsFolder = "/run/hud/metrics";
    private const string Pipe = MetricsFolder + "/pipe";

    /// <summary>
    /// With hostPID, a process may read the environment and the files of others of its user, and end them. So it is a user of its own, and not the 65534
    /// as which node-exporter and many others run.
    /// </summary>
    private const long MetricsUser = 64646;

    /// <param name="targets">As <see cref="Targets"/> has them.</param>
    public static V1Pod Build(
        PolicyEntity policy,
        ProfilingPolicySpec spec,
        string node,
        string targets,
        OperatorOptions options
    )
    {
        var pod = new V1Pod
        {
            Metadata = Metadata(policy, node, options),
            Spec = Spec(spec, spec.Continuous ?? new ContinuousSpec(), node, options),
        };
        pod.Metadata.Annotations![Names.TaskAnnotation] = Names.Hash(
            JsonSerializer.Serialize(pod, EntityTypes.Pods.Json)
        );
        pod.Metadata.Annotations[Names.TargetsAnnotation] = targets;
        pod.Metadata.Annotations[Names.LookBackAnnotation] = "[]";
        // not of the task: an installation that is found later does not replace agents
        pod.Metadata.OwnerReferences = options.AgentOwner is { } owner ? [AsController(owner)] : null;
        return pod;
    }

    /// <summary>The text of the annotation, and how many of the targets had no room in it.</summary>
    public static (string Text, int LeftOut) Targets(string ns, IEnumerable<TargetStatus> targets, string? processName)
    {
        var list = targets.Select(t => AgentPod.Target(t, processName) with { Namespace = ns }).ToList();
        var all = list.Count;
        while (true)
        {
            var text = JsonSerializer.Serialize<IReadOnlyList<AgentTarget?>>(
                list,
                HudJson.Default.IReadOnlyListAgentTarget
            );
            var bytes = Encoding.UTF8.GetByteCount(text);
            if (bytes <= MaxTargetsBytes || list.Count == 0)
                return (text, all - list.Count);
            list.RemoveRange(list.Count - 1, 1);
        }
    }

    /// <returns>What the pod's annotation says; empty where it cannot be read.</returns>
    public static IReadOnlyList<AgentTarget> Targets(V1Pod pod)
    {
        try
        {
            return pod.GetAnnotation(Names.TargetsAnnotation) is { Length: <= MaxTargetsBytes } text
                ?
                [
                    .. (JsonSerializer.Deserialize(text, HudJson.Default.IReadOnlyListAgentTarget) ?? [])
                        .OfType<AgentTarget>()
                        .Take(SessionBounds.MaxPodsOfNode),
                ]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>Whether the agent in it runs, and is to go on.</summary>
    public static bool Runs(V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is null
        && pod.Status?.Phase is not ("Failed" or "Succeeded")
        && pod.Status?.ContainerStatuses?.Any(c => c.Name == Names.AgentContainer && c.State?.Running is not null)
            == true;

    /// <summary>This very pod watches these from now on.</summary>
    public static string TargetsPatch(string uid, string targets) =>
        $$$"""
            {"metadata": {"uid": "{{{JsonEncodedText.Encode(uid)}}}", "annotations": {
              "{{{Names.TargetsAnnotation}}}": "{{{JsonEncodedText.Encode(targets)}}}"
            } } }
            """;

    /// <summary>
    /// <c>kubectl drain</c> evicts what has a controller, and asks to be forced for the rest. The Deployment's own controller looks at ReplicaSets alone.
    /// </summary>
    private static V1OwnerReference AsController(V1OwnerReference owner) =>
        new()
        {
            ApiVersion = owner.ApiVersion,
            Kind = owner.Kind,
            Name = owner.Name,
            Uid = owner.Uid,
            Controller = true,
        };

    private static V1ObjectMeta Metadata(PolicyEntity policy, string node, OperatorOptions options)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Names.PolicyAnnotation] = $"{policy.Namespace}/{policy.Name}",
            [Names.NodeAnnotation] = node,
            // it is no reason to keep a node: where the targets go, another agent follows
            ["cluster-autoscaler.kubernetes.io/safe-to-evict"] = "true",
        };
        foreach (var (key, value) in AgentPod.NoShippersNoMeshes)
            annotations[key] = value;
        if (options.Continuous is { Metrics: true, ScrapeAnnotations: true })
        {
            annotations["prometheus.io/scrape"] = "true";
            annotations["prometheus.io/port"] = MetricsPort.ToString(CultureInfo.InvariantCulture);
            annotations["prometheus.io/path"] = "/metrics";
        }
        return new V1ObjectMeta
        {
            Name = Names.ContinuousPod(policy.Uid, node),
            NamespaceProperty = options.Namespace,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["app.kubernetes.io/name"] = "hud",
                ["app.kubernetes.io/component"] = Names.ContinuousComponent,
                ["app.kubernetes.io/managed-by"] = Names.Manager,
                [Names.PolicyUidLabel] = policy.Uid,
            },
            Annotations = annotations,
        };
    }

    private static V1PodSpec Spec(
        ProfilingPolicySpec spec,
        ContinuousSpec continuous,
        string node,
        OperatorOptions options
    )
    {
        var metrics = options.Continuous.Metrics;
        var pod = AgentPod.Spec(node, continuous.RenewAfter.ToTimeSpan() + RenewGrace, options);
        // the kubelet starts it again with its own back-off, whether an operator is there or not
        pod.RestartPolicy = "Always";
        pod.Containers =
        [
            Agent(Task(spec, continuous, node, options), options),
            .. metrics ? [Metrics(options)] : (V1Container[])[],
        ];
        pod.Volumes = [Input(), .. metrics ? [PipeVolume()] : (V1Volume[])[]];
        return pod;
    }

    private static AgentTask Task(
        ProfilingPolicySpec spec,
        ContinuousSpec continuous,
        string node,
        OperatorOptions options
    ) =>
        new()
        {
            Session = spec.Session with { OverheadBudgetPercent = continuous.OverheadBudgetPercent },
            Node = node,
            HideNeighbours = !options.NeighbourNames,
            TargetsFile = InputFolder + "/targets",
            LookBackFile = InputFolder + "/look-backs",
            Continuous = true,
            Options = new AgentOptions
            {
                LookBack = spec.LookBack is { } lookBack ? Kept(lookBack, spec.Session.Duration) : null,
                Metrics = options.Continuous.Metrics,
                MetricsPipe = options.Continuous.Metrics ? Pipe : null,
            },
        };

    /// <summary>The past before the trigger, and the session after it, at whose end all of it is asked for.</summary>
    private static GoDuration Kept(GoDuration lookBack, GoDuration duration)
    {
        var kept = new GoDuration(lookBack.Nanoseconds + duration.Nanoseconds + Slack.Nanoseconds);
        return kept > SessionBounds.MaxLookBack ? SessionBounds.MaxLookBack : kept;
    }

    private static V1Container Agent(AgentTask task, OperatorOptions options)
    {
        var agent = AgentPod.Container(
            task,
            AgentPod.Resources(
                (options.Continuous.CpuRequest, options.Continuous.MemoryRequest),
                (options.Continuous.CpuLimit, options.Continuous.MemoryLimit)
            ),
            options
        );
        agent.VolumeMounts =
        [
            new V1VolumeMount
            {
                Name = "input",
                MountPath = InputFolder,
                ReadOnlyProperty = true,
            },
            .. options.Continuous.Metrics
                ? [new V1VolumeMount { Name = "metrics", MountPath = MetricsFolder }]
                : (V1VolumeMount[])[],
        ];
        return agent;
    }

    /// <summary>It only reads lines and answers requests: a user that owns nothing, no capability, nothing to write to.</summary>
    private static V1Container Metrics(OperatorOptions options) =>
        new()
        {
            Name = Names.MetricsContainer,
            Image = options.AgentImage,
            ImagePullPolicy = options.AgentImagePullPolicy,
            Args = ["metrics", "--from", Pipe, "--listen", ":" + MetricsPort.ToString(CultureInfo.InvariantCulture)],
            Ports =
            [
                new V1ContainerPort
                {
                    Name = Names.MetricsPort,
                    ContainerPort = MetricsPort,
                    Protocol = "TCP",
                },
            ],
            VolumeMounts =
            [
                new V1VolumeMount
                {
                    Name = "metrics",
                    MountPath = MetricsFolder,
                    ReadOnlyProperty = true, // a FIFO is read all the same, and not replaced
                },
            ],
            Resources = AgentPod.Resources((new("10m"), new("32Mi")), (new("200m"), new("64Mi"))),
            SecurityContext = new V1SecurityContext
            {
                RunAsUser = MetricsUser,
                RunAsGroup = MetricsUser,
                RunAsNonRoot = true,
                AllowPrivilegeEscalation = false,
                ReadOnlyRootFilesystem = true,
                SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                Capabilities = new V1Capabilities { Drop = ["ALL"] },
            },
            TerminationMessagePolicy = "FallbackToLogsOnError",
        };

    private static V1Volume Input() =>
        new()
        {
            Name = "input",
            DownwardAPI = new V1DownwardAPIVolumeSource
            {
                DefaultMode = 0b100_100_100,
                Items = [File("targets", Names.TargetsAnnotation), File("look-backs", Names.LookBackAnnotation)],
            },
        };

    private static V1DownwardAPIVolumeFile File(string path, string annotation) =>
        new()
        {
            Path = path,
            FieldRef = new V1ObjectFieldSelector { FieldPath = $"metadata.annotations['{annotation}']" },
        };

    private static V1Volume PipeVolume() =>
        new()
        {
            Name = "metrics",
            EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = new ResourceQuantity("1Mi") },
        };
}
