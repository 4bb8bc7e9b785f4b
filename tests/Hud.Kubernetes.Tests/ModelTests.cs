using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;

namespace Hud.Kubernetes.Tests;

/// <summary>The library's models as this client reads and writes them.</summary>
public sealed class ModelTests
{
    private static V1Pod Pod(string json) => JsonSerializer.Deserialize(json, EntityTypes.Pods.Json)!;

    [Fact]
    public void What_nobody_looks_at_is_not_kept()
    {
        var pod = Pod(
            """
            {"metadata": {"name": "p", "managedFields": [{"manager": "kubelet"}], "labels": {"a": "b"}},
             "spec": {"nodeName": "n", "volumes": [{"name": "v"}], "tolerations": [{"operator": "Exists"}],
                      "containers": [{"name": "c", "image": "i", "env": [{"name": "e", "value": "secret"}],
                                      "resources": {"limits": {"cpu": "no quantity"}}}]},
             "status": {"phase": "Running", "podIP": "10.0.0.1",
                        "containerStatuses": [{"name": "c", "containerID": "containerd://1", "image": "i", "ready": true}]}}
            """
        );
        Assert.Equal(("p", "b", "n"), (pod.Metadata.Name, pod.Metadata.Labels["a"], pod.Spec.NodeName));
        Assert.Equal(
            ("Running", "containerd://1"),
            (pod.Status.Phase, pod.Status.ContainerStatuses.Single().ContainerID)
        );
        Assert.Null(pod.Metadata.ManagedFields);
        Assert.Null(pod.Spec.Volumes);
        Assert.Null(pod.Spec.Tolerations);
        Assert.Null(pod.Status.PodIP);
        var container = pod.Spec.Containers.Single();
        Assert.Equal(("c", "i"), (container.Name, container.Image));
        Assert.Null(container.Env);
        Assert.Null(container.Resources);
    }

    [Fact]
    public void What_is_set_is_written_and_nothing_else()
    {
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "p" },
            Spec = new V1PodSpec
            {
                HostPID = true,
                Containers =
                [
                    new V1Container
                    {
                        Name = "c",
                        Image = "i",
                        Resources = new V1ResourceRequirements
                        {
                            Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new("512Mi") },
                        },
                    },
                ],
            },
        };
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse(
                    """
                    {"metadata": {"name": "p"},
                     "spec": {"hostPID": true,
                              "containers": [{"name": "c", "image": "i", "resources": {"limits": {"memory": "512Mi"}}}]}}
                    """
                ),
                JsonNode.Parse(JsonSerializer.Serialize(pod, EntityTypes.Pods.Json))
            )
        );
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata": null, "spec": null}""")]
    [InlineData("""{"metadata": {}, "spec": {"containers": null}}""")]
    public void Parts_that_every_pod_has_are_there_whatever_was_sent(string json)
    {
        var pod = Pod(json);
        Assert.Equal("", pod.Metadata.Name);
        Assert.Empty(pod.Spec.Containers);
    }

    [Theory]
    [InlineData("\"yesterday\"")]
    [InlineData("17")]
    [InlineData("{\"a\": [1]}")]
    [InlineData("null")]
    public void A_time_that_cannot_be_read_is_none(string time)
    {
        var pod = Pod($$$"""{"metadata": {"name": "p", "creationTimestamp": {{{time}}}, "uid": "u"}}""");
        Assert.Null(pod.Metadata.CreationTimestamp);
        Assert.Equal("u", pod.Metadata.Uid);
    }

    [Fact]
    public void A_time_with_an_offset_is_read_as_utc_and_written_in_whole_seconds()
    {
        var pod = Pod("""{"metadata": {"creationTimestamp": "2024-05-01T14:00:00.5+02:00"}}""");
        Assert.Equal(new DateTime(2024, 5, 1, 12, 0, 0, 500, DateTimeKind.Utc), pod.Metadata.CreationTimestamp);
        Assert.Contains(
            "\"creationTimestamp\":\"2024-05-01T12:00:00Z\"",
            JsonSerializer.Serialize(pod, EntityTypes.Pods.Json),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Of_a_lease_nothing_that_others_wrote_is_lost()
    {
        const string Json = """
            {"metadata":{"name":"l","resourceVersion":"3"},"spec":{"acquireTime":"2024-05-01T12:00:00.000000Z","holderIdentity":"a","leaseDurationSeconds":15,"leaseTransitions":2,"preferredHolder":"b","renewTime":"2024-05-01T12:00:01.250000Z","strategy":"OldestEmulationVersion"}}
            """;
        var lease = JsonSerializer.Deserialize(Json, EntityTypes.Leases.Json)!;
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse(Json),
                JsonNode.Parse(JsonSerializer.Serialize(lease, EntityTypes.Leases.Json))
            )
        );
    }

    /// <summary>The template that a revision holds is somebody's whole pod, and is not read.</summary>
    [Fact]
    public void Of_a_revision_its_number_is_read()
    {
        var revision = JsonSerializer.Deserialize(
            """{"metadata": {"name": "r"}, "revision": 7, "data": {"spec": {"template": {"a": [1, {"b": null}]}}}}""",
            EntityTypes.ControllerRevisions.Json
        )!;
        Assert.Equal(("r", 7, null), (revision.Metadata.Name, revision.Revision, revision.Data));
    }

    [Theory]
    [InlineData("/api/v1/namespaces/a/pods")]
    [InlineData("/apis/apps/v1/namespaces/a/deployments")]
    [InlineData("/apis/apps/v1/namespaces/a/statefulsets")]
    [InlineData("/apis/apps/v1/namespaces/a/daemonsets")]
    [InlineData("/apis/apps/v1/namespaces/a/replicasets")]
    [InlineData("/apis/apps/v1/namespaces/a/controllerrevisions")]
    [InlineData("/apis/batch/v1/namespaces/a/jobs")]
    [InlineData("/apis/batch/v1/namespaces/a/cronjobs")]
    [InlineData("/apis/coordination.k8s.io/v1/namespaces/a/leases")]
    [InlineData("/api/v1/namespaces/a/configmaps")]
    [InlineData("/api/v1/namespaces/a/events")]
    public void Every_kind_has_its_place(string path) =>
        Assert.Contains(
            path,
            (string[])
                [
                    EntityTypes.Pods.Path("a"),
                    EntityTypes.Deployments.Path("a"),
                    EntityTypes.StatefulSets.Path("a"),
                    EntityTypes.DaemonSets.Path("a"),
                    EntityTypes.ReplicaSets.Path("a"),
                    EntityTypes.ControllerRevisions.Path("a"),
                    EntityTypes.Jobs.Path("a"),
                    EntityTypes.CronJobs.Path("a"),
                    EntityTypes.Leases.Path("a"),
                    EntityTypes.ConfigMaps.Path("a"),
                    EntityTypes.Events.Path("a"),
                ]
        );
}
