using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hud.Kubernetes;

public sealed class ConfigMap : IEntity
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "ConfigMap";

    public ObjectMeta Metadata { get; set; } = new();

    public bool? Immutable { get; set; }

    public Dictionary<string, string>? Data { get; set; }

    public Dictionary<string, byte[]>? BinaryData { get; set; }
}

public sealed class Lease : IEntity
{
    public string ApiVersion { get; set; } = "coordination.k8s.io/v1";

    public string Kind { get; set; } = "Lease";

    public ObjectMeta Metadata { get; set; } = new();

    public LeaseSpec Spec { get; set; } = new();
}

public sealed class LeaseSpec
{
    public string? HolderIdentity { get; set; }

    public int? LeaseDurationSeconds { get; set; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; set; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; set; }

    public int? LeaseTransitions { get; set; }
}

/// <summary>core/v1 Event: what <c>kubectl describe</c> lists at the end.</summary>
public sealed class Event : IEntity
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "Event";

    public ObjectMeta Metadata { get; set; } = new();

    public ObjectReference InvolvedObject { get; set; } = new();

    public string Reason { get; set; } = "";

    public string Message { get; set; } = "";

    /// <summary>Normal or Warning.</summary>
    public string Type { get; set; } = "Normal";

    public EventSource Source { get; set; } = new();

    public int Count { get; set; } = 1;

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? FirstTimestamp { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? LastTimestamp { get; set; }
}

public sealed class EventSource
{
    public string Component { get; set; } = "";
}

public sealed class ObjectReference
{
    public string? ApiVersion { get; set; }

    public string? Kind { get; set; }

    public string? Namespace { get; set; }

    public string? Name { get; set; }

    public string? Uid { get; set; }
}

public sealed class WorkloadStatus
{
    /// <summary>Of a Job: its pods that have not ended.</summary>
    public int? Active { get; set; }
}

/// <summary>Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob: the part they share, as far as each has it.</summary>
public sealed class Workload : IEntity
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public ObjectMeta Metadata { get; set; } = new();

    public WorkloadSpec Spec { get; set; } = new();

    public WorkloadStatus? Status { get; set; }
}

public sealed class WorkloadSpec
{
    public LabelSelector? Selector { get; set; }
}

/// <summary>metav1.Status: how the API server says no, and the last event of a broken watch.</summary>
public sealed class Status
{
    public string? Reason { get; set; }

    public string? Message { get; set; }

    public int? Code { get; set; }

    public StatusDetails? Details { get; set; }
}

public sealed class StatusDetails
{
    public int? RetryAfterSeconds { get; set; }
}

public sealed class DeleteOptions
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "DeleteOptions";

    public long? GracePeriodSeconds { get; set; }

    /// <summary>Background, Foreground or Orphan.</summary>
    public string? PropagationPolicy { get; set; }

    public Preconditions? Preconditions { get; set; }
}

public sealed class Preconditions
{
    public string? Uid { get; set; }

    public string? ResourceVersion { get; set; }
}

/// <summary>One line of a watch, with the object left unread until its kind is known.</summary>
internal sealed class WatchLine
{
    public string Type { get; set; } = "";

    public JsonElement Object { get; set; }
}
