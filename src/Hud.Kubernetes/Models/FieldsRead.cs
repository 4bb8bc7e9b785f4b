using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// Which fields of the library's models are read. A pod as the server has it is about 10 KB, half of it managed fields, and stores and
/// lists hold thousands: what is never read is skipped by the parser and never becomes an object. Writing is unaffected: what is set is
/// sent. Hence what was read is not to be written back whole, except leases, of which nothing is left out.
/// </summary>
internal static class FieldsRead
{
    private static readonly Dictionary<Type, HashSet<string>> Only = new()
    {
        [typeof(V1PodSpec)] = Set(
            "nodeName",
            "activeDeadlineSeconds",
            "containers",
            "initContainers",
            "ephemeralContainers"
        ),
        [typeof(V1Container)] = Set("name", "image", "restartPolicy"),
        [typeof(V1EphemeralContainer)] = Set("name", "image"),
        [typeof(V1PodStatus)] = Set(
            "phase",
            "reason",
            "message",
            "startTime",
            "conditions",
            "containerStatuses",
            "initContainerStatuses",
            "ephemeralContainerStatuses"
        ),
        [typeof(V1ContainerStatus)] = Set("name", "containerID", "imageID", "state"),
        [typeof(V1DeploymentSpec)] = Set("selector", "replicas"),
        [typeof(V1DeploymentStatus)] = Set("observedGeneration", "replicas", "updatedReplicas", "availableReplicas"),
        [typeof(V1StatefulSetSpec)] = Set("selector", "replicas"),
        [typeof(V1StatefulSetStatus)] = Set(
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "updateRevision"
        ),
        [typeof(V1DaemonSetSpec)] = Set("selector"),
        [typeof(V1DaemonSetStatus)] = Set(
            "observedGeneration",
            "desiredNumberScheduled",
            "updatedNumberScheduled",
            "numberAvailable"
        ),
        [typeof(V1ControllerRevision)] = Set("apiVersion", "kind", "metadata", "revision"),
        [typeof(V1ReplicaSetSpec)] = Set("selector"),
        [typeof(V1ReplicaSetStatus)] = Set(),
        [typeof(V1JobSpec)] = Set("selector"),
        [typeof(V1JobStatus)] = Set("active"),
        [typeof(V1CronJobSpec)] = Set(),
        [typeof(V1CronJobStatus)] = Set(),
    };

    public static void Apply(JsonTypeInfo type)
    {
        foreach (var field in type.Properties)
        {
            var read =
                type.Type == typeof(V1ObjectMeta)
                    ? field.Name is not ("managedFields" or "selfLink")
                    : !Only.TryGetValue(type.Type, out var only) || only.Contains(field.Name);
            if (!read)
                field.Set = null;
            // the API server insists on six digits after the point; the library writes none for a whole second
            if (type.Type == typeof(V1LeaseSpec) && field.Name is "acquireTime" or "renewTime")
                field.CustomConverter = new MicroTimeConverter();
        }
        if (type.Kind == JsonTypeInfoKind.Object)
            type.OnDeserialized = Complete(type.Type);
    }

    /// <summary>The library's models hold null for what was not sent; parts that every object has are there.</summary>
    private static Action<object>? Complete(Type type) =>
        type == typeof(V1ObjectMeta) ? o => ((V1ObjectMeta)o).Name ??= ""
        : type == typeof(V1Pod) ? o => Complete((V1Pod)o)
        : type == typeof(V1Lease) ? o => Complete((V1Lease)o)
        : type.IsAssignableTo(typeof(IKubernetesObject<V1ObjectMeta>))
            ? o => ((IKubernetesObject<V1ObjectMeta>)o).Metadata ??= new V1ObjectMeta { Name = "" }
        : null;

    private static void Complete(V1Pod pod)
    {
        pod.Metadata ??= new V1ObjectMeta { Name = "" };
        pod.Spec ??= new V1PodSpec();
        pod.Spec.Containers ??= [];
    }

    private static void Complete(V1Lease lease)
    {
        lease.Metadata ??= new V1ObjectMeta { Name = "" };
        lease.Spec ??= new V1LeaseSpec();
    }

    private static HashSet<string> Set(params string[] fields) => new(fields, StringComparer.Ordinal);
}
