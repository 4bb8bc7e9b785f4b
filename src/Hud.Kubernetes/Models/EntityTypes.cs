using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>The kinds of the API that come with it, as far as they are used.</summary>
public static class EntityTypes
{
    public static readonly EntityType<V1Pod> Pods = Core<V1Pod>(V1Pod.KubeKind, V1Pod.KubePluralName);

    public static readonly EntityType<V1ConfigMap> ConfigMaps = Core<V1ConfigMap>(
        V1ConfigMap.KubeKind,
        V1ConfigMap.KubePluralName
    );

    public static readonly EntityType<V1Lease> Leases = Of<V1Lease>(
        V1Lease.KubeGroup,
        V1Lease.KubeKind,
        V1Lease.KubePluralName
    );

    public static readonly EntityType<Corev1Event> Events = Core<Corev1Event>(
        Corev1Event.KubeKind,
        Corev1Event.KubePluralName
    );

    public static readonly EntityType<V1Deployment> Deployments = Of<V1Deployment>(
        V1Deployment.KubeGroup,
        V1Deployment.KubeKind,
        V1Deployment.KubePluralName
    );

    public static readonly EntityType<V1StatefulSet> StatefulSets = Of<V1StatefulSet>(
        V1StatefulSet.KubeGroup,
        V1StatefulSet.KubeKind,
        V1StatefulSet.KubePluralName
    );

    public static readonly EntityType<V1DaemonSet> DaemonSets = Of<V1DaemonSet>(
        V1DaemonSet.KubeGroup,
        V1DaemonSet.KubeKind,
        V1DaemonSet.KubePluralName
    );

    public static readonly EntityType<V1ReplicaSet> ReplicaSets = Of<V1ReplicaSet>(
        V1ReplicaSet.KubeGroup,
        V1ReplicaSet.KubeKind,
        V1ReplicaSet.KubePluralName
    );

    /// <summary>What a StatefulSet or a DaemonSet was and is.</summary>
    public static readonly EntityType<V1ControllerRevision> ControllerRevisions = Of<V1ControllerRevision>(
        V1ControllerRevision.KubeGroup,
        V1ControllerRevision.KubeKind,
        V1ControllerRevision.KubePluralName
    );

    public static readonly EntityType<V1Job> Jobs = Of<V1Job>(V1Job.KubeGroup, V1Job.KubeKind, V1Job.KubePluralName);

    /// <summary>It has no selector of its own: its Jobs do.</summary>
    public static readonly EntityType<V1CronJob> CronJobs = Of<V1CronJob>(
        V1CronJob.KubeGroup,
        V1CronJob.KubeKind,
        V1CronJob.KubePluralName
    );

    private static EntityType<T> Core<T>(string kind, string plural)
        where T : class, IKubernetesObject<V1ObjectMeta> => Of<T>("", kind, plural);

    private static EntityType<T> Of<T>(string group, string kind, string plural)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        new(
            group,
            "v1",
            kind,
            plural,
            Namespaced: true,
            ModelJson.Options.Info<T>(),
            ModelJson.Options.Info<EntityList<T>>()
        );
}
