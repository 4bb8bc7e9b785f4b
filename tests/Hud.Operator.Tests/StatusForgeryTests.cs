using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Tests.Scripted;
using k8s.Models;

namespace Hud.Operator.Tests;

/// <summary>Whoever may write a session's status makes it say what they like. Nothing outside the session may follow from it.</summary>
public sealed class StatusForgeryTests
{
    private static V1Pod Target(string uid = "pod-0", string node = "n1", string container = "containerd://c0") =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = "checkout-0",
                NamespaceProperty = "shop",
                Uid = uid,
            },
            Spec = new V1PodSpec { NodeName = node, Containers = [new V1Container { Name = "app" }] },
            Status = new V1PodStatus
            {
                Phase = "Running",
                ContainerStatuses =
                [
                    new V1ContainerStatus
                    {
                        Name = "app",
                        ContainerID = container,
                        State = new V1ContainerState { Running = new() },
                    },
                ],
            },
        };

    [Theory]
    [InlineData("another namespace's pod", null, null, null)]
    [InlineData("another UID", "pod-9", "n1", "containerd://c0")]
    [InlineData("another node", "pod-0", "n9", "containerd://c0")]
    [InlineData("another container", "pod-0", "n1", "containerd://c9")]
    public async Task A_target_that_is_not_what_the_status_says_gets_no_agent(
        string what,
        string? uid,
        string? node,
        string? container
    )
    {
        await using var world = new ScriptedWorld(
            Make.Options,
            [Make.Session(status: Make.Status(Make.Target(0)), name: "first")]
        );
        if (uid is not null)
            world.Targets["checkout-0"] = Target(uid, node!, container!);
        await world.Ready;
        await world.ReconcileAsync("first");

        Assert.True(world.Created.IsEmpty, what);
        Assert.Equal("TargetGone", world.Status("first").Condition(ConditionTypes.Failed).Reason);
    }

    [Fact]
    public async Task One_that_is_gets_its_agent_and_the_others_of_its_node_are_left_out()
    {
        await using var world = new ScriptedWorld(
            Make.Options,
            [Make.Session(status: Make.Status(Make.Target(1), Make.Target(0)), name: "first")]
        );
        world.Targets["checkout-0"] = Target();
        await world.Ready;
        await world.ReconcileAsync("first");

        var pod = Assert.Single(world.Created);
        var task = pod.Spec.Containers.Single().Env!.Single().Value!;
        Assert.Contains("pod-0", task, StringComparison.Ordinal);
        Assert.DoesNotContain("pod-1", task, StringComparison.Ordinal);
        Assert.Equal(
            [(TargetState.Failed, "TargetGone"), (TargetState.Pending, "")],
            world.Status("first").Targets.Select(t => (t.State, t.Reason))
        );
    }

    [Theory]
    [InlineData("../../../../apis/apps/v1/namespaces/shop/deployments/x")]
    [InlineData("..")]
    [InlineData("")]
    public async Task A_name_that_is_none_is_no_path(string name)
    {
        await using var world = new ScriptedWorld(
            Make.Options,
            [Make.Session(status: Make.Status(Make.Target(0) with { Pod = name }), name: "first")]
        );
        await world.Ready;
        await world.ReconcileAsync("first");
        Assert.Empty(world.Created);
        Assert.Equal("TargetGone", world.Status("first").Condition(ConditionTypes.Failed).Reason);
    }

    [Fact]
    public async Task Results_that_another_owns_are_not_deleted_whatever_the_status_names()
    {
        var target = Make.Target(0);
        var done = SessionDecider
            .Decide(Make.Observation(Make.Status(target), [Make.Agent(Make.Ended(), Make.Done(target))]))
            .Status;
        var session = Make.Session(
            Make.Spec() with
            {
                ResultsTtl = GoDuration.Parse("1s"),
            },
            done with
            {
                Results =
                [
                    new ResultReference { ConfigMap = "own" },
                    new ResultReference { ConfigMap = "settings" },
                    new ResultReference { ConfigMap = "of-another" },
                ],
            },
            "first"
        );
        await using var world = new ScriptedWorld(Make.Options, [session]);
        world.Maps["own"] = Map("own", session.Uid);
        world.Maps["settings"] = Map("settings", null);
        world.Maps["of-another"] = Map("of-another", "another");
        await world.Ready;
        await world.ReconcileAsync("first");

        Assert.Equal("Expired", world.Status("first").Condition(ConditionTypes.ResultsComplete).Reason);
        Assert.Equal(["of-another", "settings"], world.Maps.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_agent_of_another_session_is_not_this_ones_whatever_its_name()
    {
        var session = Make.Session(
            status: Make.Status(Make.Target(0, state: TargetState.Running)),
            name: "first",
            uid: "uid-1"
        );
        var other = Make.Running();
        other.Metadata = new V1ObjectMeta
        {
            Name = Names.AgentPod("uid-1", "n1"),
            NamespaceProperty = Make.Options.Namespace,
            Uid = "agent-9",
            Labels = new Dictionary<string, string>() { [Names.SessionUidLabel] = "uid-2" },
        };
        await using var world = new ScriptedWorld(Make.Options, [session], [other]);
        await world.Ready;
        await world.ReconcileAsync("first");
        Assert.Equal(0, world.Streams.Count);
    }

    private static V1ConfigMap Map(string name, string? owner) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "shop",
                Uid = "uid-of-" + name,
                OwnerReferences = owner is null ? null : [new V1OwnerReference { Uid = owner }],
            },
        };
}
