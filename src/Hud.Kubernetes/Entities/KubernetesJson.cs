using System.Text.Json.Serialization;

namespace Hud.Kubernetes;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(EntityList<Pod>))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(EntityList<ConfigMap>))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(EntityList<Lease>))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(EntityList<Event>))]
[JsonSerializable(typeof(Workload))]
[JsonSerializable(typeof(EntityList<Workload>))]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(DeleteOptions))]
[JsonSerializable(typeof(WatchLine))]
internal sealed partial class KubernetesJson : JsonSerializerContext;

/// <summary>The kinds of the API that come with it.</summary>
public static class EntityTypes
{
    public static readonly EntityType<Pod> Pods = new(
        "",
        "v1",
        "Pod",
        "pods",
        Namespaced: true,
        KubernetesJson.Default.Pod,
        KubernetesJson.Default.EntityListPod
    );

    public static readonly EntityType<ConfigMap> ConfigMaps = new(
        "",
        "v1",
        "ConfigMap",
        "configmaps",
        Namespaced: true,
        KubernetesJson.Default.ConfigMap,
        KubernetesJson.Default.EntityListConfigMap
    );

    public static readonly EntityType<Lease> Leases = new(
        "coordination.k8s.io",
        "v1",
        "Lease",
        "leases",
        Namespaced: true,
        KubernetesJson.Default.Lease,
        KubernetesJson.Default.EntityListLease
    );

    public static readonly EntityType<Event> Events = new(
        "",
        "v1",
        "Event",
        "events",
        Namespaced: true,
        KubernetesJson.Default.Event,
        KubernetesJson.Default.EntityListEvent
    );

    public static readonly EntityType<Workload> Deployments = Owner("apps", "Deployment", "deployments");
    public static readonly EntityType<Workload> StatefulSets = Owner("apps", "StatefulSet", "statefulsets");
    public static readonly EntityType<Workload> DaemonSets = Owner("apps", "DaemonSet", "daemonsets");
    public static readonly EntityType<Workload> ReplicaSets = Owner("apps", "ReplicaSet", "replicasets");
    public static readonly EntityType<Workload> Jobs = Owner("batch", "Job", "jobs");

    /// <summary>It has no selector of its own: its Jobs do.</summary>
    public static readonly EntityType<Workload> CronJobs = Owner("batch", "CronJob", "cronjobs");

    /// <returns>Null for a kind that does not own pods through a selector.</returns>
    public static EntityType<Workload>? WorkloadKind(string apiVersion, string kind) =>
        (apiVersion, kind) switch
        {
            ("apps/v1", "Deployment") => Deployments,
            ("apps/v1", "StatefulSet") => StatefulSets,
            ("apps/v1", "DaemonSet") => DaemonSets,
            ("apps/v1", "ReplicaSet") => ReplicaSets,
            ("batch/v1", "Job") => Jobs,
            _ => null,
        };

    private static EntityType<Workload> Owner(string group, string kind, string plural) =>
        new(
            group,
            "v1",
            kind,
            plural,
            Namespaced: true,
            KubernetesJson.Default.Workload,
            KubernetesJson.Default.EntityListWorkload
        );
}
