using System.Text.Json.Serialization;

namespace Hud.Kubernetes;

public sealed class Pod : IEntity
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "Pod";

    public ObjectMeta Metadata { get; set; } = new();

    public PodSpec Spec { get; set; } = new();

    public PodStatus? Status { get; set; }
}

public sealed class PodSpec
{
    public string? NodeName { get; set; }

    public string? RestartPolicy { get; set; }

    public long? ActiveDeadlineSeconds { get; set; }

    public long? TerminationGracePeriodSeconds { get; set; }

    public string? ServiceAccountName { get; set; }

    public bool? AutomountServiceAccountToken { get; set; }

    public bool? EnableServiceLinks { get; set; }

    [JsonPropertyName("hostPID")]
    public bool? HostPid { get; set; }

    public bool? HostNetwork { get; set; }

    public string? DnsPolicy { get; set; }

    public string? PriorityClassName { get; set; }

    public Affinity? Affinity { get; set; }

    public List<Toleration>? Tolerations { get; set; }

    public List<LocalObjectReference>? ImagePullSecrets { get; set; }

    public PodSecurityContext? SecurityContext { get; set; }

    public List<Container> Containers { get; set; } = [];

    public List<Container>? InitContainers { get; set; }

    /// <summary>Only their names matter here.</summary>
    public List<Container>? EphemeralContainers { get; set; }

    public List<Volume>? Volumes { get; set; }
}

public sealed class Container
{
    public string Name { get; set; } = "";

    public string? Image { get; set; }

    public string? ImagePullPolicy { get; set; }

    public List<string>? Command { get; set; }

    public List<string>? Args { get; set; }

    public List<EnvVar>? Env { get; set; }

    public ResourceRequirements? Resources { get; set; }

    public SecurityContext? SecurityContext { get; set; }

    public List<VolumeMount>? VolumeMounts { get; set; }

    public string? TerminationMessagePolicy { get; set; }

    /// <summary>Of init containers: <c>Always</c> makes it a sidecar, from 1.28 on.</summary>
    public string? RestartPolicy { get; set; }
}

public sealed class EnvVar
{
    public string Name { get; set; } = "";

    public string? Value { get; set; }
}

public sealed class VolumeMount
{
    public string Name { get; set; } = "";

    public string MountPath { get; set; } = "";
}

/// <summary>Only the sources that this program has to tell apart.</summary>
public sealed class Volume
{
    public string Name { get; set; } = "";

    public HostPathVolume? HostPath { get; set; }
}

public sealed class HostPathVolume
{
    public string Path { get; set; } = "";
}

public sealed class ResourceRequirements
{
    public Dictionary<string, string>? Requests { get; set; }

    public Dictionary<string, string>? Limits { get; set; }
}

public sealed class LocalObjectReference
{
    public string Name { get; set; } = "";
}

public sealed class SecurityContext
{
    public bool? Privileged { get; set; }

    public bool? AllowPrivilegeEscalation { get; set; }

    public bool? ReadOnlyRootFilesystem { get; set; }

    public bool? RunAsNonRoot { get; set; }

    public long? RunAsUser { get; set; }

    public Capabilities? Capabilities { get; set; }

    public SeccompProfile? SeccompProfile { get; set; }
}

public sealed class PodSecurityContext
{
    public bool? RunAsNonRoot { get; set; }

    public long? RunAsUser { get; set; }

    public SeccompProfile? SeccompProfile { get; set; }
}

public sealed class Capabilities
{
    public List<string>? Add { get; set; }

    public List<string>? Drop { get; set; }
}

public sealed class SeccompProfile
{
    public string Type { get; set; } = "";
}

public sealed class Toleration
{
    public string? Key { get; set; }

    public string? Operator { get; set; }

    public string? Effect { get; set; }
}

public sealed class Affinity
{
    public NodeAffinity? NodeAffinity { get; set; }
}

public sealed class NodeAffinity
{
    public NodeSelector? RequiredDuringSchedulingIgnoredDuringExecution { get; set; }
}

public sealed class NodeSelector
{
    public List<NodeSelectorTerm> NodeSelectorTerms { get; set; } = [];
}

public sealed class NodeSelectorTerm
{
    public List<LabelSelectorRequirement>? MatchFields { get; set; }
}
