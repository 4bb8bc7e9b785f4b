using Hud.Core.Api;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Targets;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakeContinuous;

namespace Hud.Operator.Tests.Policies;

/// <summary>From the pods of a target to agents on the server, and back to the policy's status.</summary>
public sealed class ContinuousControllerTests
{
    private static async Task<PolicyWorld> WorldAsync(
        PolicyEntity[]? policies = null,
        V1Pod[]? pods = null,
        OperatorOptions? options = null
    )
    {
        var world = new PolicyWorld(policies ?? [Policy()], options: options)
        {
            Pods = pods ?? [Pod("checkout-0"), Pod("checkout-1"), Pod("checkout-2", "n2")],
        };
        await world.Ready;
        return world;
    }

    private static string[] Targets(V1Pod agent) => [.. ContinuousPod.Targets(agent).Select(t => t.Pod!)];

    private static Condition Watching(PolicyWorld world) =>
        world.Status().Conditions.Single(c => c.Type == ConditionTypes.Watching);

    private static async Task AllRunAsync(PolicyWorld world)
    {
        foreach (var agent in world.AgentPods)
            await world.RunsAsync(agent.Metadata.Name);
        world.Clock.Advance(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Each_node_of_the_target_gets_its_agent_and_the_status_says_when_they_watch()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        Assert.Equal(["n1", "n2"], world.AgentPods.Select(p => p.GetAnnotation(Names.NodeAnnotation)));
        Assert.Equal(["checkout-0", "checkout-1"], Targets(world.AgentPods[0]));
        Assert.Equal(["checkout-2"], Targets(world.AgentPods[1]));
        Assert.All(world.AgentPods, p => Assert.Equal("shop/nightly", p.GetAnnotation(Names.PolicyAnnotation)));
        Assert.Equal(("False", "AgentsStarting"), (Watching(world).Status, Watching(world).Reason));
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        var result = await world.ReconcileAsync();
        Assert.Equal(ContinuousDecider.Look, result.RequeueAfter);
        Assert.Equal(("True", "Watching"), (Watching(world).Status, Watching(world).Reason));
        Assert.Equal("2 agents on 2 nodes watch 3 containers", Watching(world).Message);
        var status = world.Status().Continuous!;
        Assert.Equal(
            (2, 2, 2, 3, 0),
            (status.Agents, status.AgentsReady, status.Nodes, status.Targets, status.NotWatched)
        );
        Assert.Equal(
            ("True", "Watching"),
            world
                .Status()
                .Conditions.Where(c => c.Type == ConditionTypes.Ready)
                .Select(c => (c.Status, c.Reason))
                .Single()
        );
        Assert.Empty(world.Names);
        Assert.Empty(world.Events);
        // and then it writes nothing more
        var (writes, agents) = (world.Writes.Count, world.AgentWrites.Count);
        for (var i = 0; i < 5; i++)
        {
            await world.SeenAsync();
            world.Clock.Advance(ContinuousDecider.Look);
            await world.ReconcileAsync();
        }
        Assert.Equal((writes, agents), (world.Writes.Count, world.AgentWrites.Count));
    }

    [Fact]
    public async Task A_target_that_scales_changes_the_lists_and_one_that_leaves_a_node_ends_its_agent()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        world.Pods = [Pod("checkout-1"), Pod("checkout-3"), Pod("checkout-4", "n3")];
        await world.ReconcileAsync();
        Assert.Equal(["n1", "n2", "n3"], world.AgentPods.Select(p => p.GetAnnotation(Names.NodeAnnotation)));
        Assert.Equal(["checkout-1", "checkout-3"], Targets(world.AgentPods[0]));
        Assert.Empty(Targets(world.AgentPods[1]));
        Assert.Equal(["checkout-4"], Targets(world.AgentPods[2]));
        await world.AgentsSeenAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(61));
        await world.ReconcileAsync();
        Assert.Equal(["n1", "n3"], world.AgentPods.Select(p => p.GetAnnotation(Names.NodeAnnotation)));
    }

    [Fact]
    public async Task Within_a_second_the_server_is_asked_once()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        Assert.Equal(1, world.PodLists);
        for (var i = 0; i < 5; i++)
            Assert.InRange(
                (await world.ReconcileAsync()).RequeueAfter!.Value,
                TimeSpan.Zero,
                TimeSpan.FromSeconds(1.1)
            );
        Assert.Equal(1, world.PodLists);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.ReconcileAsync();
        Assert.Equal(2, world.PodLists);
    }

    [Fact]
    public async Task Two_leaders_make_one_agent_of_each_node()
    {
        await using var world = await WorldAsync();
        var second = world.Leader();
        await Task.WhenAll(world.ReconcileAsync(), world.ReconcileAsync(leader: second));
        Assert.Equal(2, world.AgentPods.Count);
    }

    [Fact]
    public async Task Suspending_it_ends_the_agents_and_going_on_makes_them_again()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await world.PutAsync(Policy(Spec(new ContinuousSpec { Suspend = true })));
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.ReconcileAsync();
        Assert.Empty(world.AgentPods);
        Assert.Equal(("False", "Suspended"), (Watching(world).Status, Watching(world).Reason));
        await world.AgentsSeenAsync();
        await world.PutAsync(Policy());
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.ReconcileAsync();
        Assert.Equal(2, world.AgentPods.Count);
    }

    [Fact]
    public async Task A_policy_without_them_ends_those_it_had_and_says_nothing_of_them()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await world.PutAsync(MakePolicy.OnAlert());
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.ReconcileAsync();
        Assert.Empty(world.AgentPods);
        Assert.Null(world.Status().Continuous);
        Assert.DoesNotContain(world.Status().Conditions, c => c.Type == ConditionTypes.Watching);
    }

    [Fact]
    public async Task A_policy_that_is_refused_has_no_agents()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await world.PutAsync(Policy(Spec() with { LookBack = GoDuration.Parse("1s") }));
        await world.ReconcileAsync();
        Assert.Empty(world.AgentPods);
        var accepted = world.Status().Conditions.Single(c => c.Type == ConditionTypes.Accepted);
        Assert.Equal(("False", PolicyMessages.LookBack), (accepted.Status, accepted.Message));
    }

    [Fact]
    public async Task What_the_server_refuses_is_told_and_tried_again_later()
    {
        await using var world = await WorldAsync(pods: [Pod("checkout-0")]);
        var tries = 0;
        world.OnAgent = async answer =>
        {
            if (++tries > 2)
                return false;
            await answer.ErrorAsync(403, "Forbidden", "exceeded quota: pods");
            return true;
        };
        await world.ReconcileAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(2));
        await world.ReconcileAsync();
        Assert.Equal(1, tries);
        Assert.Equal(("False", "AgentRefused"), (Watching(world).Status, Watching(world).Reason));
        Assert.Contains("exceeded quota: pods", Watching(world).Message, StringComparison.Ordinal);
        Assert.Equal(["AgentRefused"], world.Events);
        foreach (var (seconds, expected) in ((int, int)[])[(9, 2), (10, 2), (11, 3)])
        {
            await world.SeenAsync();
            world.Clock.Advance(TimeSpan.FromSeconds(seconds));
            await world.ReconcileAsync();
            Assert.Equal(expected, tries);
        }
        Assert.Single(world.AgentPods);
    }

    [Fact]
    public async Task Where_an_agent_cannot_be_made_for_now_the_sessions_of_the_policy_do_not_wait()
    {
        var both = Spec() with { Schedule = MakePolicy.When() };
        await using var world = await WorldAsync([Policy(both)], [Pod("checkout-0")]);
        var broken = true;
        world.OnAgent = async answer =>
        {
            if (broken)
                await answer.ErrorAsync(500, "InternalError", "etcd is not there");
            return broken;
        };
        var result = await world.ReconcileAsync();
        Assert.Single(world.Names);
        Assert.Equal(ContinuousDecider.Look, result.RequeueAfter);
        broken = false;
        await world.SeenAsync();
        world.Clock.Advance(ContinuousDecider.Look);
        await world.ReconcileAsync();
        Assert.Single(world.AgentPods);
    }

    /// <param name="code">0: the connection is cut.</param>
    [Theory]
    [InlineData(500)]
    [InlineData(504)]
    [InlineData(429)]
    [InlineData(0)]
    public async Task An_agent_that_cannot_be_made_keeps_no_other_from_its_list_or_its_end(int code)
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        var tries = 0;
        world.OnAgent = async answer =>
        {
            tries++;
            if (code > 0)
                await answer.ErrorAsync(code, "InternalError", "etcd is not there");
            return true;
        };
        world.Pods = [Pod("checkout-1"), Pod("checkout-4", "n3")];
        await world.ReconcileAsync();
        Assert.Equal(1, tries);
        Assert.Equal(["checkout-1"], Targets(world.AgentPods[0]));
        Assert.Empty(Targets(world.AgentPods[1]));
        Assert.Equal(("False", "AgentRefused"), (Watching(world).Status, Watching(world).Reason));
        Assert.Contains("the agent's pod for n3", Watching(world).Message, StringComparison.Ordinal);
        if (code > 0)
            Assert.Contains("etcd is not there", Watching(world).Message, StringComparison.Ordinal);
        await world.AgentsSeenAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(61));
        await world.ReconcileAsync();
        Assert.Equal(2, tries);
        Assert.Equal(["n1"], world.AgentPods.Select(p => p.GetAnnotation(Names.NodeAnnotation)));
        // the second pause is 20 s
        world.OnAgent = null;
        await world.AgentsSeenAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(21));
        await world.ReconcileAsync();
        Assert.Equal(["n1", "n3"], world.AgentPods.Select(p => p.GetAnnotation(Names.NodeAnnotation)));
    }

    [Fact]
    public async Task A_server_that_fails_is_tried_a_few_times_a_look_and_with_another_node_each()
    {
        await using var world = await WorldAsync(
            pods: [.. Enumerable.Range(0, 8).Select(i => Pod($"checkout-{i}", $"n{i}"))]
        );
        var tries = 0;
        world.OnAgent = async answer =>
        {
            tries++;
            await answer.ErrorAsync(500, "InternalError", "etcd is not there");
            return true;
        };
        foreach (var expected in (int[])[3, 6, 8])
        {
            await world.ReconcileAsync();
            Assert.Equal(expected, tries);
            await world.SeenAsync();
            world.Clock.Advance(TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public async Task Where_a_list_cannot_be_written_nobody_says_that_all_is_watched_and_new_agents_are_made()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        await world.ReconcileAsync();
        Assert.Equal("True", Watching(world).Status);
        world.OnAgentChange = async (_, answer) =>
        {
            await answer.ErrorAsync(500, "InternalError", "etcd is not there");
            return true;
        };
        world.Pods = [Pod("checkout-1"), Pod("checkout-2", "n2"), Pod("checkout-4", "n3")];
        await world.SeenAsync();
        world.Clock.Advance(ContinuousDecider.Look);
        var result = await world.ReconcileAsync();
        Assert.Equal(("Unknown", "ServerUnavailable"), (Watching(world).Status, Watching(world).Reason));
        Assert.Contains("etcd is not there", Watching(world).Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(5), result.RequeueAfter);
        Assert.Equal(3, world.AgentPods.Count);
        world.OnAgentChange = null;
        await world.AgentsSeenAsync();
        await world.SeenAsync();
        await AllRunAsync(world);
        world.Clock.Advance(TimeSpan.FromSeconds(5));
        await world.ReconcileAsync();
        Assert.Equal(("True", "Watching"), (Watching(world).Status, Watching(world).Reason));
        Assert.Equal(["checkout-1"], Targets(world.AgentPods[0]));
    }

    [Fact]
    public async Task An_agent_that_somebody_deletes_is_made_again_after_a_pause()
    {
        await using var world = await WorldAsync(pods: [Pod("checkout-0")]);
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        foreach (var pause in (int[])[10, 20])
        {
            await world.ReconcileAsync();
            await world.SeenAsync();
            await world.TakeAgentAsync(world.AgentPods[0].Metadata.Name);
            world.Clock.Advance(TimeSpan.FromSeconds(1));
            await world.ReconcileAsync();
            Assert.Empty(world.AgentPods);
            await world.SeenAsync();
            world.Clock.Advance(TimeSpan.FromSeconds(pause - 1));
            await world.ReconcileAsync();
            Assert.Empty(world.AgentPods);
            await world.SeenAsync();
            world.Clock.Advance(TimeSpan.FromSeconds(1));
            await world.ReconcileAsync();
            Assert.Single(world.AgentPods);
            await world.AgentsSeenAsync();
            await AllRunAsync(world);
        }
    }

    [Fact]
    public async Task Policies_look_five_times_a_second_together_however_many_they_are()
    {
        var policies = Enumerable.Range(0, 20).Select(i => Policy(name: $"p{i}", uid: $"policy-{i}")).ToArray();
        await using var world = await WorldAsync(policies, [Pod("checkout-0")]);
        async Task<int> LooksAsync()
        {
            var before = world.PodLists;
            foreach (var policy in policies)
                await world.ReconcileAsync(policy.Name);
            await world.SeenAsync();
            return world.PodLists - before;
        }
        Assert.Equal(20, await LooksAsync());
        world.Clock.Advance(TimeSpan.FromSeconds(3.9));
        Assert.Equal(0, await LooksAsync());
        world.Clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(20, await LooksAsync());
        // those that are suspended look no more, and the others are sooner there again
        foreach (var policy in policies[5..])
            await world.PutAsync(Policy(Spec(new ContinuousSpec { Suspend = true }), policy.Name, policy.Uid));
        world.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(5, await LooksAsync());
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, await LooksAsync());
    }

    /// <summary>Who may make pods says how large they are; the operator reads all of them every ten seconds.</summary>
    [Fact]
    public async Task Pods_with_large_annotations_are_read_in_small_pages_and_all_of_them_are_watched()
    {
        var large = MakePolicy.Labels(("large", new string('x', 256 << 10)));
        await using var world = await WorldAsync(
            pods:
            [
                .. Enumerable
                    .Range(0, 40)
                    .Select(i =>
                    {
                        var pod = Pod($"checkout-{i:00}");
                        pod.Metadata.Annotations = large;
                        return pod;
                    }),
            ]
        );
        await world.ReconcileAsync();
        Assert.Equal(40, Targets(Assert.Single(world.AgentPods)).Length);
        Assert.All(
            world.PodPages,
            p =>
            {
                Assert.DoesNotContain("resourceVersion", p.Query, StringComparison.Ordinal);
                Assert.Contains(
                    "fieldSelector=status.phase!=Succeeded,status.phase!=Failed",
                    p.Query,
                    StringComparison.Ordinal
                );
            }
        );
        // two that were given up, and then 14 of three pods
        Assert.Equal(2 + 14, world.PodPages.Count);
        Assert.All(world.PodPages.Skip(2), p => Assert.InRange(p.Length, 1, TargetResolver.MaxPageBytes));
    }

    [Fact]
    public async Task Of_more_pods_than_a_look_takes_in_the_first_are_watched_and_it_is_told()
    {
        await using var world = await WorldAsync(
            pods: [.. Enumerable.Range(0, 1100).Select(i => Pod($"checkout-{i:0000}", $"n{i % 10}"))]
        );
        await world.ReconcileAsync();
        Assert.Equal(20, world.PodLists);
        Assert.Equal(100, world.AgentPods.Sum(p => Targets(p).Length));
        Assert.Contains(
            "pods whose names come after checkout-0999, because the operator looks at 1000 pods or 32 MiB of them at most",
            world.Status().Continuous!.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("TargetsLeftOut", world.Events);
    }

    [Fact]
    public async Task A_pod_that_is_larger_than_there_is_room_for_is_told_and_the_agents_go_on()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        var large = Pod("checkout-9");
        large.Metadata.Annotations = MakePolicy.Labels(("large", new string('x', 1 << 20)));
        world.Pods = [.. world.Pods!, large];
        await world.ReconcileAsync();
        Assert.Equal(("Unknown", "TargetTooLarge"), (Watching(world).Status, Watching(world).Reason));
        Assert.Contains("larger than 1024 KiB", Watching(world).Message, StringComparison.Ordinal);
        Assert.Equal(2, world.AgentPods.Count);
    }

    /// <summary>Who may make policies must not be able to fill a node, nor one namespace to keep the others out.</summary>
    [Fact]
    public async Task A_node_takes_the_agents_of_so_many_policies_and_the_next_is_told()
    {
        var policies = Enumerable.Range(0, 5).Select(i => Policy(name: $"p{i}", uid: $"policy-{i}")).ToArray();
        await using var world = await WorldAsync(policies, [Pod("checkout-0")]);
        await Task.WhenAll(policies.Select(p => world.ReconcileAsync(p.Name)));
        Assert.Equal(3, world.AgentPods.Count);
        await world.AgentsSeenAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(2));
        foreach (var policy in policies)
            await world.ReconcileAsync(policy.Name);
        Assert.Equal(3, world.AgentPods.Count);
        var without = policies.Where(p => world.Status(p.Name).Continuous!.Agents == 0).ToList();
        Assert.Equal(2, without.Count);
        Assert.All(
            without,
            p =>
            {
                var condition = world.Status(p.Name).Conditions.Single(c => c.Type == ConditionTypes.Watching);
                Assert.Equal(("False", "NodeFull"), (condition.Status, condition.Reason));
                Assert.Equal(1, world.Status(p.Name).Continuous!.NotWatched);
            }
        );
        Assert.Contains("NodeFull", world.Events);
    }

    [Fact]
    public async Task An_agent_that_is_evicted_is_replaced_after_a_pause()
    {
        await using var world = await WorldAsync(pods: [Pod("checkout-0")]);
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        var first = world.AgentPods[0];
        await world.KubeletAsync(
            first.Metadata.Name,
            p => p.Status = new V1PodStatus { Phase = "Failed", Reason = "Evicted" }
        );
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.ReconcileAsync();
        Assert.Empty(world.AgentPods);
        await world.AgentsSeenAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(2));
        await world.ReconcileAsync();
        Assert.Empty(world.AgentPods);
        Assert.Equal(["AgentFailing"], world.Events);
        world.Clock.Advance(TimeSpan.FromSeconds(9));
        await world.ReconcileAsync();
        Assert.NotEqual(first.Metadata.Uid, Assert.Single(world.AgentPods).Metadata.Uid);
    }

    [Fact]
    public async Task While_the_server_cannot_say_which_pods_there_are_the_agents_go_on()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await AllRunAsync(world);
        world.Pods = null;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.ReconcileAsync();
        Assert.Equal(2, world.AgentPods.Count);
        Assert.Equal(("Unknown", "ServerUnavailable"), (Watching(world).Status, Watching(world).Reason));
        Assert.Equal(3, world.Status().Continuous!.Targets);
    }

    [Fact]
    public async Task A_status_that_somebody_else_wrote_makes_no_agent_and_ends_none()
    {
        await using var world = await WorldAsync(pods: [Pod("checkout-0")]);
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        var forged = Policy();
        forged.Status = System.Text.Json.JsonSerializer.SerializeToElement(
            new ProfilingPolicyStatus
            {
                Continuous = new ContinuousStatus
                {
                    Agents = 900,
                    Nodes = 900,
                    ObservedTime = Now.AddYears(9),
                },
            },
            Hud.Core.HudJson.Default.ProfilingPolicyStatus
        );
        await world.PutAsync(forged);
        world.Clock.Advance(TimeSpan.FromSeconds(2));
        await world.ReconcileAsync();
        Assert.Single(world.AgentPods);
        Assert.Equal(
            (1, Now.AddSeconds(2)),
            (world.Status().Continuous!.Agents, world.Status().Continuous!.ObservedTime)
        );
    }

    [Fact]
    public async Task The_sweep_ends_agents_of_policies_that_were_deleted_while_no_operator_ran_and_no_others()
    {
        await using var world = await WorldAsync(pods: [Pod("checkout-0")]);
        await world.ReconcileAsync();
        var gone = Agent(Fleet(1), "n000", ageMinutes: 2);
        gone.Metadata.Labels[Names.PolicyUidLabel] = "policy-9";
        gone.Metadata.Name = "gone";
        var young = Agent(Fleet(1), "n000", ageMinutes: 0.5);
        young.Metadata.Labels[Names.PolicyUidLabel] = "policy-9";
        young.Metadata.Name = "young";
        await world.PutAgentAsync(gone);
        young.Metadata.Uid = "young";
        await world.PutAgentAsync(young);
        await world.Sweep().SweepAsync(CancellationToken.None);
        Assert.Equal(["DELETE gone"], world.AgentWrites.Where(w => w.StartsWith("DELETE", StringComparison.Ordinal)));
        Assert.Equal(2, world.AgentPods.Count);
        // and the sweep of sessions leaves both kinds of these alone
        Assert.Empty(OrphanSweep.Orphans([], world.AgentPods, Now.AddHours(1)));
    }

    [Fact]
    public async Task A_policy_that_is_deleted_takes_its_agents_with_it()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await world.AgentsSeenAsync();
        await world.RemovePolicyAsync(MakePolicy.Name);
        await world.ReconcileAsync();
        Assert.Empty(world.AgentPods);
    }
}
