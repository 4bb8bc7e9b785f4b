using System.Text.Json;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Tests;

/// <summary>Containers that a pod keeps in other places than <c>spec.containers</c>.</summary>
public sealed class ContainerKindTests
{
    private const string Running = """{"running":{"startedAt":"2026-01-05T10:00:00Z"}}""";

    /// <summary>As a server of 1.33 writes it, without what does not matter here.</summary>
    private static V1Pod Pod(string containers = """{"name":"app","image":"shop:1"}""") =>
        JsonSerializer.Deserialize(
            $$$"""
            {
              "apiVersion": "v1", "kind": "Pod",
              "metadata": {"name": "checkout-0", "namespace": "shop", "uid": "u0", "creationTimestamp": "2026-01-05T09:59:50Z"},
              "spec": {
                "nodeName": "n1",
                "initContainers": [
                  {"name": "migrate", "image": "shop:1"},
                  {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}
                ],
                "containers": [{{{containers}}}],
                "ephemeralContainers": [{"name": "debugger-x7k2p", "image": "tools:1", "targetContainerName": "app"}]
              },
              "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-05T10:00:01Z"}],
                "initContainerStatuses": [
                  {"name": "migrate", "containerID": "containerd://m", "state": {"terminated": {"exitCode": 0, "reason": "Completed"} } },
                  {"name": "proxy", "containerID": "containerd://p", "started": true, "state": {{{Running}}} }
                ],
                "containerStatuses": [
                  {"name": "app", "containerID": "containerd://a", "state": {{{Running}}} },
                  {"name": "second", "containerID": "containerd://s", "state": {{{Running}}} }
                ],
                "ephemeralContainerStatuses": [{"name": "debugger-x7k2p", "containerID": "containerd://d", "state": {{{Running}}} }]
              }
            }
            """,
            EntityTypes.Pods.Json
        )!;

    private static Selection Choose(string? container, V1Pod pod) =>
        TargetSelection.Choose(new TargetSpec { PodName = "checkout-0", ContainerName = container }, [pod], 20);

    [Theory]
    [InlineData(null, "containerd://a")]
    [InlineData("app", "containerd://a")]
    [InlineData("proxy", "containerd://p")]
    [InlineData("debugger-x7k2p", "containerd://d")]
    public void A_sidecar_and_an_ephemeral_container_are_targets_when_they_are_named(string? container, string id)
    {
        var selection = Choose(container, Pod());
        Assert.True(selection.Resolved, selection.Message);
        Assert.Equal(id, selection.Targets.Single().ContainerId);
    }

    [Fact]
    public void The_pod_may_mark_its_sidecar()
    {
        var pod = Pod();
        pod.Metadata.Annotations = new Dictionary<string, string>()
        {
            ["kubectl.kubernetes.io/default-container"] = "proxy",
        };
        Assert.Equal("proxy", Choose(container: null, pod).Targets.Single().Container);
    }

    [Fact]
    public void Of_several_containers_each_is_named_with_its_kind()
    {
        var selection = Choose(container: null, Pod("""{"name":"app"},{"name":"second"}"""));
        Assert.Equal(("ContainerAmbiguous", true), (selection.Reason, selection.Final));
        Assert.Equal(
            "pod checkout-0 has several containers; set target.containerName to one of app, second, proxy (sidecar), debugger-x7k2p (ephemeral)",
            selection.Message
        );
        Assert.Equal(
            "pod checkout-0 has no container nope; it has app, proxy (sidecar), debugger-x7k2p (ephemeral)",
            Choose("nope", Pod()).Message
        );
    }

    [Fact]
    public void An_init_container_that_ends_is_no_target_and_the_message_says_why()
    {
        var selection = Choose("migrate", Pod());
        Assert.Equal(("ContainerAmbiguous", true), (selection.Reason, selection.Final));
        Assert.Equal(
            "migrate of pod checkout-0 is an init container, which ends before the pod runs; set target.containerName to one of app, proxy (sidecar), debugger-x7k2p (ephemeral)",
            selection.Message
        );
    }
}
