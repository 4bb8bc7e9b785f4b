using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Tests;

public sealed class TargetSelectionTests
{
    private static V1Pod Pod(
        string name,
        int ageSeconds = 60,
        bool ready = true,
        string[]? containers = null,
        string phase = "Running",
        string? marked = null,
        string? waiting = null
    )
    {
        containers ??= ["app"];
        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                Uid = "uid-" + name,
                CreationTimestamp = Make.Now.UtcDateTime.AddSeconds(-ageSeconds),
                Annotations = marked is null
                    ? null
                    : new Dictionary<string, string>() { ["kubectl.kubernetes.io/default-container"] = marked },
            },
            Spec = new V1PodSpec
            {
                NodeName = "n1",
                Containers = [.. containers.Select(c => new V1Container { Name = c })],
            },
            Status = new V1PodStatus
            {
                Phase = phase,
                Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
                ContainerStatuses =
                [
                    .. containers.Select(c => new V1ContainerStatus
                    {
                        Name = c,
                        ContainerID = "containerd://" + name + c,
                        State = waiting is null
                            ? new V1ContainerState { Running = new() }
                            : new V1ContainerState { Waiting = new() { Reason = waiting } },
                    }),
                ],
            },
        };
    }

    private static Selection Choose(TargetSpec target, params V1Pod[] pods) => TargetSelection.Choose(target, pods, 20);

    [Fact]
    public void The_oldest_ready_pods_come_first_and_then_names_decide()
    {
        var selection = Choose(
            new TargetSpec { MaxPods = 4 },
            Pod("young", 10),
            Pod("old-unready", 900, ready: false),
            Pod("old", 500),
            Pod("same-b", 100),
            Pod("same-a", 100),
            Pod("youngest", 1)
        );
        Assert.Equal(["old", "same-a", "same-b", "young"], selection.Targets.Select(t => t.Pod));
        Assert.Equal(6, selection.Matched);
        Assert.Equal("4 of 6 pods pinned by UID and container id, the oldest ready ones first", selection.Message);
    }

    [Fact]
    public void Targets_are_pinned_by_uid_and_container_id()
    {
        var target = Choose(new TargetSpec(), Pod("a")).Targets.Single();
        Assert.Equal(
            ("uid-a", "containerd://aapp", "n1", "app"),
            (target.PodUid, target.ContainerId, target.Node, target.Container)
        );
    }

    [Theory]
    [InlineData("registry.example.com/shop/checkout@sha256:0123456789abcdef", "0123456789ab")]
    [InlineData("docker-pullable://shop/checkout@sha256:0123456789abcdef", "0123456789ab")]
    [InlineData("sha256:0123456789abcdef", "0123456789ab")]
    [InlineData("sha256:0123", "")]
    [InlineData("sha256:<script>abcdef", "")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Its_image_is_told_with_the_first_digits_of_its_digest(string? imageId, string digest)
    {
        var pod = Pod("a");
        pod.Spec.Containers[0].Image = "shop/checkout:v1";
        pod.Status.ContainerStatuses[0].ImageID = imageId;
        var target = Choose(new TargetSpec(), pod).Targets.Single();
        Assert.Equal(("shop/checkout:v1", digest), (target.Image, target.ImageDigest));
    }

    [Fact]
    public void The_administrators_ceiling_counts_and_is_said()
    {
        var selection = TargetSelection.Choose(
            new TargetSpec { MaxPods = 50 },
            [.. Enumerable.Range(0, 9).Select(i => Pod("p" + i))],
            ceiling: 3
        );
        Assert.Equal(3, selection.Targets.Count);
        Assert.Contains("the administrator allows 3", selection.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pods_that_ended_or_are_going_do_not_count()
    {
        var going = Pod("going");
        going.Metadata.DeletionTimestamp = Make.Now.UtcDateTime;
        var selection = Choose(new TargetSpec { PodName = "x" }, Pod("done", phase: "Succeeded"), going);
        Assert.False(selection.Resolved);
        Assert.Equal("NoMatchingPods", selection.Reason);
        Assert.Contains("2 that ended or are being deleted", selection.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_containers_need_a_name_and_the_message_lists_them()
    {
        var selection = Choose(new TargetSpec(), Pod("a", containers: ["app", "proxy"]));
        Assert.Equal(("ContainerAmbiguous", true), (selection.Reason, selection.Final));
        Assert.Contains("app, proxy", selection.Message, StringComparison.Ordinal);
        Assert.Equal(
            "proxy",
            Choose(new TargetSpec { ContainerName = "proxy" }, Pod("a", containers: ["app", "proxy"]))
                .Targets.Single()
                .Container
        );
        Assert.Equal(
            "app",
            Choose(new TargetSpec(), Pod("a", containers: ["app", "proxy"], marked: "app")).Targets.Single().Container
        );
    }

    [Fact]
    public void A_container_that_does_not_exist_is_named_with_those_that_do()
    {
        var selection = Choose(new TargetSpec { ContainerName = "nope" }, Pod("a"));
        Assert.Equal("ContainerAmbiguous", selection.Reason);
        Assert.Equal("pod a has no container nope; it has app", selection.Message);
    }

    [Fact]
    public void A_container_that_does_not_run_is_waited_for()
    {
        var selection = Choose(new TargetSpec(), Pod("a", waiting: "CrashLoopBackOff"));
        Assert.Equal(("NoRunningContainer", false), (selection.Reason, selection.Final));
        Assert.Contains("CrashLoopBackOff", selection.Message, StringComparison.Ordinal);
    }
}
