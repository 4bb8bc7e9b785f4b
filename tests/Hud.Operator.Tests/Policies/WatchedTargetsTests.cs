using Hud.Core.Api;
using Hud.Operator.Targets;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakeContinuous;

namespace Hud.Operator.Tests.Policies;

public sealed class WatchedTargetsTests
{
    private static string[] Pods(WatchedTargets targets) =>
        [.. targets.ByNode.SelectMany(n => n.Value).Select(t => t.Pod)];

    [Fact]
    public void Pods_that_run_are_watched_by_node_whether_they_are_ready_or_not()
    {
        var ended = Pod("ended");
        ended.Status!.Phase = "Succeeded";
        var leaving = Pod("leaving");
        leaving.Metadata.DeletionTimestamp = Now.UtcDateTime;
        var targets = Choose([Pod("b", "n2"), Pod("a", "n1", ready: false), Pod("c", "n1"), ended, leaving]);
        Assert.Equal(["n1", "n2"], targets.ByNode.Keys);
        Assert.Equal(["a", "c", "b"], Pods(targets));
        Assert.Equal((0, "", "", false), (targets.LeftOut, targets.Message, targets.Reason, targets.IsSettling));
    }

    /// <summary>A blocked pod fails its readiness probe: just then it must go on being watched.</summary>
    [Fact]
    public void A_pod_that_is_watched_keeps_its_place_where_not_all_have_room()
    {
        V1Pod[] pods = [Pod("old", ageMinutes: 100), Pod("blocked", ready: false, ageMinutes: 1), Pod("middle")];
        Assert.Equal(["old"], Pods(Choose(pods, maxPods: 1)));
        Assert.Equal(["blocked"], Pods(Choose(pods, maxPods: 1, watched: ["uid-blocked"])));
        Assert.Equal(["blocked", "old"], Pods(Choose(pods, maxPods: 2, watched: ["uid-blocked"])));
    }

    [Theory]
    [InlineData(2, 500, "not watched: 3 pods beyond session.target.maxPods (2)")]
    [InlineData(500, 4, "not watched: 1 pod beyond the 4 that the administrator allows a policy")]
    [InlineData(500, 500, "")]
    public void What_is_beyond_a_bound_is_counted_and_says_which(int maxPods, int ceiling, string message)
    {
        var targets = Choose([.. Enumerable.Range(0, 5).Select(i => Pod($"p{i}", $"n{i}"))], maxPods, ceiling: ceiling);
        Assert.Equal(message, targets.Message);
        Assert.Equal(5 - Pods(targets).Length, targets.LeftOut);
        Assert.Equal(message.Length > 0, targets.IsBounded);
    }

    [Fact]
    public void An_agent_has_63_places_and_500_pods_are_as_many_as_there_can_be()
    {
        var one = Choose([.. Enumerable.Range(0, 500).Select(i => Pod($"p{i:000}"))]);
        Assert.Equal((SessionBounds.MaxPodsOfNode, 437), (Pods(one).Length, one.LeftOut));
        Assert.Contains(
            "437 pods beyond the 63 that an agent watches of its node",
            one.Message,
            StringComparison.Ordinal
        );
        var many = Choose([.. Enumerable.Range(0, 500).Select(i => Pod($"p{i:000}", $"n{i % 20}"))]);
        Assert.Equal((500, 0), (Pods(many).Length, many.LeftOut));
    }

    [Fact]
    public void A_pod_that_is_young_is_looked_for_more_often_and_one_that_crashes_for_long_is_not()
    {
        Assert.True(Choose([Pod("a"), Pod("b", runs: false, ageMinutes: 0)]).IsSettling);
        var crashes = Choose([Pod("a"), Pod("b", runs: false)]);
        Assert.False(crashes.IsSettling);
        Assert.Equal("not watched: 1 pod without a container that runs, such as b (CrashLoopBackOff)", crashes.Message);
        Assert.False(crashes.IsBounded);
    }

    [Fact]
    public void Of_several_containers_one_must_be_meant_and_the_other_pods_are_watched()
    {
        var targets = Choose([Pod("a"), Pod("b", containers: ["app", "proxy"])]);
        Assert.Equal(["a"], Pods(targets));
        Assert.Contains("set session.target.containerName), such as b", targets.Message, StringComparison.Ordinal);
        Assert.Equal("ContainerAmbiguous", Choose([Pod("b", containers: ["app", "proxy"])]).Reason);
    }

    [Fact]
    public void What_is_kept_of_a_pod_says_the_same_of_it_and_is_small()
    {
        var several = Pod("several", containers: ["app", "proxy"]);
        var marked = Pod("marked", containers: ["app", "proxy"]);
        marked.Metadata.Annotations = MakePolicy.Labels(
            ("kubectl.kubernetes.io/default-container", "app"),
            ("large", new string('x', 256 << 10))
        );
        var leaving = Pod("leaving");
        leaving.Metadata.DeletionTimestamp = Now.UtcDateTime;
        var pinned = Pod("pinned");
        pinned.Spec.Containers[0].Image = "registry.example.com/" + new string('i', 2000);
        pinned.Status!.ContainerStatuses![0].ImageID = "registry.example.com/a@sha256:" + new string('a', 64);
        var strange = Pod("strange");
        strange.Spec.Containers[0].Image = "not an image";
        V1Pod[] pods =
        [
            several,
            marked,
            leaving,
            pinned,
            strange,
            Pod("young", runs: false, ageMinutes: 0),
            Pod("blocked", "n2", ready: false),
        ];
        foreach (var container in (string?[])[null, "app", "proxy"])
        {
            var target = MakePolicy.Checkout with { MaxPods = 500, ContainerName = container };
            var reduced = pods.Select(p => WatchedTargets.Reduce(target, p)).ToList();
            var (whole, small) = (Of(pods), Of(reduced));
            Assert.Equal(
                (whole.Reason, whole.Message, whole.LeftOut, whole.IsSettling),
                (small.Reason, small.Message, small.LeftOut, small.IsSettling)
            );
            Assert.Equal(whole.ByNode.SelectMany(n => n.Value), small.ByNode.SelectMany(n => n.Value));
            Assert.All(
                reduced,
                p =>
                    Assert.InRange(
                        System.Text.Json.JsonSerializer.Serialize(p, Hud.Kubernetes.EntityTypes.Pods.Json).Length,
                        1,
                        2048
                    )
            );

            WatchedTargets Of(IReadOnlyList<V1Pod> seen) =>
                WatchedTargets.Choose(target, seen, new HashSet<string>(StringComparer.Ordinal), 500, Now);
        }
    }
}
