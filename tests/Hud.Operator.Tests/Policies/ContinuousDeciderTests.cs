using Hud.Core.Api;
using Hud.Operator.Continuous;
using Hud.Operator.Resources;
using Hud.Operator.Targets;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakeContinuous;

namespace Hud.Operator.Tests.Policies;

public sealed class ContinuousDeciderTests
{
    private static string[] Nodes(IEnumerable<V1Pod> pods) =>
        [.. pods.Select(p => p.GetAnnotation(Names.NodeAnnotation)).Order(StringComparer.Ordinal)];

    private static string[] Ends(ContinuousDecision d) =>
        [.. d.End.Select(e => $"{e.Pod.GetAnnotation(Names.NodeAnnotation)} {e.Reason}")];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(100, 5)]
    public void Each_node_with_targets_gets_one_agent_and_no_other_does(int nodes, int each)
    {
        var fleet = Fleet(nodes, each);
        var decision = Decide(fleet);
        Assert.Equal(fleet.ByNode.Keys, decision.Create.Select(c => c.Node));
        Assert.All(decision.Create, c => Assert.Equal(each, c.Targets.Split("\"containerId\"").Length - 1));
        Assert.Empty(decision.End);
        Assert.Equal((false, "AgentsStarting"), (decision.View.Watching, decision.View.Reason));
        // and once they are there, nothing is left to do
        var quiet = Decide(fleet, Agents(fleet));
        Assert.Empty(quiet.Create);
        Assert.Empty(quiet.Write);
        Assert.Empty(quiet.End);
        Assert.Empty(quiet.Notices);
        Assert.Equal((true, "Watching"), (quiet.View.Watching, quiet.View.Reason));
        Assert.Equal(
            (nodes, nodes, nodes, nodes * each, 0),
            (
                quiet.View.Status!.Agents,
                quiet.View.Status.AgentsReady,
                quiet.View.Status.Nodes,
                quiet.View.Status.Targets,
                quiet.View.Status.NotWatched
            )
        );
        Assert.Equal(ContinuousDecider.Look, quiet.RequeueAfter);
    }

    [Fact]
    public void Without_targets_there_is_no_agent_and_the_status_says_why()
    {
        var none = Decide(Choose([]));
        Assert.Empty(none.Create);
        Assert.Equal((false, "NoMatchingPods"), (none.View.Watching, none.View.Reason));
        var crashes = Decide(Choose([Pod("checkout-0", runs: false)]));
        Assert.Empty(crashes.Create);
        Assert.Equal(
            (false, "NoRunningContainer", 1),
            (crashes.View.Watching, crashes.View.Reason, crashes.View.Status!.NotWatched)
        );
        Assert.Contains("checkout-0 (CrashLoopBackOff)", crashes.View.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_changed_is_written_once_a_second_at_most_and_one_that_did_not_never()
    {
        var (before, after) = (Fleet(1, 2), Fleet(1, 3));
        var agents = Agents(before);
        var first = Decide(after, agents);
        Assert.Equal(3, ContinuousPod.Targets(Rewritten(first)).Count);
        // the view does not show it yet
        var second = Decide(after, agents, memory: first.Memory, seconds: 0.4);
        Assert.Empty(second.Write);
        Assert.InRange(second.RequeueAfter!.Value, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.7));
        Assert.Single(Decide(after, agents, memory: second.Memory, seconds: 1.1).Write);
        // whatever order the server lists them in
        var turned = Choose([Pod("checkout-0001", "n000"), Pod("checkout-0000", "n000")]);
        Assert.Empty(Decide(turned, agents).Write);
    }

    private static V1Pod Rewritten(ContinuousDecision decision)
    {
        var write = Assert.Single(decision.Write);
        return new V1Pod
        {
            Metadata = new V1ObjectMeta { Annotations = MakePolicy.Labels((Names.TargetsAnnotation, write.Targets)) },
        };
    }

    [Fact]
    public void A_container_that_was_started_again_is_another_target()
    {
        var agents = Agents(Fleet(1));
        var pod = Pod("checkout-0000", "n000");
        pod.Status!.ContainerStatuses![0].ContainerID = "containerd://second";
        var list = ContinuousPod.Targets(Rewritten(Decide(Choose([pod]), agents)));
        Assert.Equal("second", Assert.Single(list).ContainerId);
    }

    [Fact]
    public void A_node_without_targets_keeps_its_agent_for_a_minute_and_the_list_is_empty_at_once()
    {
        var agents = Agents(Fleet(2));
        var left = Choose([Pod("checkout-0000", "n000")]);
        var first = Decide(left, agents);
        Assert.Empty(first.End);
        Assert.Empty(ContinuousPod.Targets(Rewritten(first)));
        Assert.Equal((2, 1), (first.View.Status!.Agents, first.View.Status.Targets));
        Assert.True(first.View.Watching);
        Assert.Empty(Decide(left, agents, memory: first.Memory, seconds: 59).End);
        Assert.Equal(["n001 no_targets"], Ends(Decide(left, agents, memory: first.Memory, seconds: 60)));
        // one that comes back in time finds its agent, and the minute begins anew
        var back = Decide(Fleet(2), agents, memory: first.Memory, seconds: 50);
        Assert.Empty(back.End);
        Assert.Empty(back.Create);
        Assert.Empty(Decide(left, agents, memory: back.Memory, seconds: 61).End);
        // a clock that went back keeps it longer, and not for ever
        var past = Decide(left, agents, memory: first.Memory, seconds: -3600);
        Assert.Equal(["n001 no_targets"], Ends(Decide(left, agents, memory: past.Memory, seconds: -3540)));
    }

    [Fact]
    public void Where_the_server_cannot_say_what_there_is_all_goes_on()
    {
        var agents = Agents(Fleet(3, 2));
        var unknown = WatchedTargets.None("ServerUnavailable", "etcd is not there") with { IsKnown = false };
        var decision = Decide(unknown, agents, seconds: 100_000);
        Assert.Empty(decision.End);
        Assert.Empty(decision.Write);
        Assert.Empty(decision.Create);
        Assert.Equal((null, "ServerUnavailable"), (decision.View.Watching, decision.View.Reason));
        Assert.Equal((3, 6), (decision.View.Status!.AgentsReady, decision.View.Status.Targets));
    }

    [Fact]
    public void A_policy_that_is_suspended_or_has_none_any_more_ends_all_agents()
    {
        var fleet = Fleet(2);
        var suspended = Decide(null, Agents(fleet), Spec(new ContinuousSpec { Suspend = true }));
        Assert.Equal(["n000 suspended", "n001 suspended"], Ends(suspended));
        Assert.Equal((false, "Suspended"), (suspended.View.Watching, suspended.View.Reason));
        Assert.NotNull(suspended.RequeueAfter);
        Assert.Null(Decide(null, [], Spec(new ContinuousSpec { Suspend = true })).RequeueAfter);
        var without = Decide(null, Agents(fleet), Spec() with { Continuous = null });
        Assert.Equal(["n000 changed", "n001 changed"], Ends(without));
        Assert.Null(without.View.Status);
    }

    [Fact]
    public void Another_task_replaces_agents_a_few_at_a_time_and_those_that_do_not_run_at_once()
    {
        var fleet = Fleet(8);
        var agents = Agents(fleet).ToList();
        var spec = Spec() with { LookBack = GoDuration.Parse("1m") };
        var first = Decide(fleet, agents, spec);
        Assert.Equal(["n000 changed", "n001 changed"], Ends(first));
        // one of those that are gone has not come back: one more may go
        var second = Decide(fleet, [Agent(fleet, "n000", spec), .. agents[2..]], spec);
        Assert.Equal(["n002 changed"], Ends(second));
        Assert.Equal(["n001"], second.Create.Select(c => c.Node));
        agents[7] = Agent(fleet, "n007", runs: false);
        Assert.Equal(["n000 changed", "n007 changed"], Ends(Decide(fleet, agents, spec)));
        // alone on its node, it is replaced all the same
        Assert.Equal(["n000 changed"], Ends(Decide(Fleet(1), Agents(Fleet(1)), spec)));
    }

    [Fact]
    public void An_agent_is_replaced_when_it_is_old_and_what_has_no_turn_is_given_its_targets()
    {
        var fleet = Fleet(1);
        Assert.Empty(Decide(fleet, [Agent(fleet, "n000", ageMinutes: (24 * 60) - 1)]).End);
        Assert.Equal(["n000 renewed"], Ends(Decide(fleet, [Agent(fleet, "n000", ageMinutes: (24 * 60) + 1)])));
        var two = Fleet(2, 2);
        var decision = Decide(two, [.. Fleet(2).ByNode.Keys.Select(n => Agent(Fleet(2), n, ageMinutes: 2000))]);
        Assert.Equal(["n000 renewed"], Ends(decision));
        Assert.Equal(["n001"], Nodes(decision.Write.Select(w => w.Pod)));
    }

    /// <summary>With it would go what a session waits for.</summary>
    [Fact]
    public void An_old_agent_stays_while_a_session_waits_for_its_answer()
    {
        var fleet = Fleet(1);
        var agent = Agent(fleet, "n000", ageMinutes: 2000);
        agent.Metadata.Annotations[Names.LookBackAnnotation] = Hud.Operator.LookBack.LookBackList.Write([
            new Hud.Core.Stream.LookBackRequest { Id = "a", Until = Make.Now.AddSeconds(30) },
        ]);
        Assert.Empty(Decide(fleet, [agent]).End);
        Assert.Empty(Decide(fleet, [agent], seconds: 89).End);
        Assert.Equal(["n000 renewed"], Ends(Decide(fleet, [agent], seconds: 91)));
    }

    [Fact]
    public void One_that_ends_again_and_again_is_made_at_longer_and_longer_intervals()
    {
        var fleet = Fleet(1);
        ContinuousMemory? memory = null;
        var (now, pauses) = (0.0, new List<double>());
        for (var i = 0; i < 8; i++)
        {
            var agent = Agent(fleet, "n000", ageMinutes: -now / 60);
            agent.Metadata.Uid = "agent-" + i;
            agent.Status = new V1PodStatus
            {
                Phase = "Failed",
                Reason = "Evicted",
                Message = "low on memory",
            };
            var ended = Decide(fleet, [agent], memory: memory, seconds: now + 1);
            Assert.Equal(["n000 failed"], Ends(ended));
            Assert.Equal((false, "AgentFailing"), (ended.View.Watching, ended.View.Reason));
            Assert.Contains("Evicted low on memory", ended.View.Message, StringComparison.Ordinal);
            Assert.Single(ended.Notices, n => n.Reason == "AgentFailing" && n.About == "agent-" + i);
            // seen once more before it is gone, it did not fail twice
            memory = Decide(fleet, [agent], memory: ended.Memory, seconds: now + 1.5).Memory;
            Assert.Equal(ended.Memory.Node("n000"), memory.Node("n000"));
            var waits = Decide(fleet, [], memory: memory, seconds: now + 2);
            Assert.Empty(waits.Create);
            memory = waits.Memory;
            var retry = memory.Node("n000").RetryAt!.Value;
            pauses.Add((retry - Now.AddSeconds(now + 1)).TotalSeconds);
            now = (retry - Now).TotalSeconds;
            Assert.Single(Decide(fleet, [], memory: memory, seconds: now + 0.01).Create);
        }
        Assert.Equal([10, 20, 40, 80, 160, 300, 300, 300], pauses);
        // one that ran for long begins anew
        var old = Agent(fleet, "n000", ageMinutes: 0);
        memory = Decide(fleet, [old], memory: memory, seconds: 3600).Memory;
        Assert.Equal(NodeMemory.Nothing with { Seen = "agent-n000" }, memory.Node("n000"));
    }

    /// <summary>Who drains a node deletes its pods until there are none.</summary>
    [Fact]
    public void One_that_somebody_deletes_is_made_again_at_longer_and_longer_intervals()
    {
        var fleet = Fleet(1);
        ContinuousMemory? memory = null;
        var (now, pauses) = (0.0, new List<double>());
        for (var i = 0; i < 7; i++)
        {
            var agent = Agent(fleet, "n000", ageMinutes: -now / 60);
            agent.Metadata.Uid = "agent-" + i;
            memory = Decide(fleet, [agent], memory: memory, seconds: now + 1).Memory;
            agent.Metadata.DeletionTimestamp = Now.UtcDateTime;
            memory = Decide(fleet, [agent], memory: memory, seconds: now + 2).Memory;
            var gone = Decide(fleet, [], memory: memory, seconds: now + 3);
            Assert.Empty(gone.Create);
            Assert.Equal((false, "AgentsStarting"), (gone.View.Watching, gone.View.Reason));
            // seen once more, it was not taken twice
            memory = Decide(fleet, [], memory: gone.Memory, seconds: now + 4).Memory;
            Assert.Equal(gone.Memory.Node("n000"), memory.Node("n000"));
            var retry = memory.Node("n000").RetryAt!.Value;
            pauses.Add((retry - Now.AddSeconds(now + 3)).TotalSeconds);
            now = (retry - Now).TotalSeconds;
            Assert.Single(Decide(fleet, [], memory: memory, seconds: now).Create);
        }
        Assert.Equal([10, 20, 40, 80, 160, 300, 300], pauses);
    }

    [Fact]
    public void One_that_the_operator_ended_is_made_again_at_once()
    {
        var fleet = Fleet(1);
        var old = Agent(fleet, "n000", ageMinutes: 2000);
        var renewed = Decide(fleet, [old]);
        Assert.Equal(["n000 renewed"], Ends(renewed));
        Assert.Single(Decide(fleet, [], memory: renewed.Memory, seconds: 1).Create);
        // also where the view shows it for some moments more
        var seen = Decide(fleet, [old], memory: renewed.Memory, seconds: 1);
        Assert.Single(Decide(fleet, [], memory: seen.Memory, seconds: 2).Create);
        var spec = Spec() with { LookBack = GoDuration.Parse("1m") };
        var changed = Decide(fleet, Agents(fleet), spec);
        Assert.Equal(["n000 changed"], Ends(changed));
        Assert.Single(Decide(fleet, [], spec, changed.Memory, seconds: 1).Create);
        var left = Decide(Choose([]), Agents(fleet));
        var ended = Decide(Choose([]), Agents(fleet), memory: left.Memory, seconds: 60);
        Assert.Equal(["n000 no_targets"], Ends(ended));
        var back = Decide(fleet, Agents(fleet), memory: ended.Memory, seconds: 61);
        Assert.Single(Decide(fleet, [], memory: back.Memory, seconds: 62).Create);
        var suspended = Decide(null, Agents(fleet), Spec(new ContinuousSpec { Suspend = true }));
        var ending = Agents(fleet);
        ending[0].Metadata.DeletionTimestamp = Now.UtcDateTime;
        var goesOn = Decide(fleet, ending, memory: suspended.Memory, seconds: 1);
        Assert.Single(Decide(fleet, [], memory: goesOn.Memory, seconds: 2).Create);
    }

    [Fact]
    public void A_pause_that_a_clock_set_which_has_gone_back_since_holds_nobody_up()
    {
        var fleet = Fleet(1);
        var memory = new ContinuousMemory { Uid = "policy-1" }.With(
            "n000",
            NodeMemory.Nothing.AfterFailure(Now.AddDays(1), fresh: true, refusal: "exceeded quota")
        );
        Assert.Single(Decide(fleet, memory: memory).Create);
        Assert.Empty(Decide(fleet, memory: memory, seconds: 24 * 3600).Create);
        Assert.Empty(Decide(Choose([]), memory: memory).Memory.Nodes);
    }

    /// <summary>The ages of agents are told by the API server's clock and ours.</summary>
    [Fact]
    public void An_operator_whose_clock_is_ahead_renews_an_agent_once_in_its_life_and_not_without_end()
    {
        var fleet = Fleet(1);
        ContinuousMemory? memory = null;
        List<double> renewed = [];
        for (var hours = 0.0; hours < 100; hours += 0.5)
        {
            // as old as it can be or just made: it seems older than two days
            var agent = Agent(fleet, "n000", ageMinutes: (48 - hours) * 60);
            agent.Metadata.Uid = $"agent-{hours}";
            var decision = Decide(fleet, [agent], memory: memory, seconds: hours * 3600);
            if (Ends(decision) is ["n000 renewed"])
                renewed.Add(hours);
            memory = decision.Memory;
        }
        Assert.Equal([0, 24, 48, 72, 96], renewed);
        // one that could not be deleted is tried again
        var first = Decide(fleet, [Agent(fleet, "n000", ageMinutes: 2000)]);
        Assert.Equal(
            ["n000 renewed"],
            Ends(Decide(fleet, [Agent(fleet, "n000", ageMinutes: 2000)], memory: first.Memory, seconds: 10))
        );
    }

    [Theory]
    [InlineData(1, 10, 2)]
    [InlineData(10, 10, 2)]
    [InlineData(20, 10, 4)]
    [InlineData(100, 20, 20)]
    public void The_more_policies_watch_the_longer_is_the_pause_between_looks(int policies, int usual, int settling)
    {
        var quiet = Observation(Fleet(1), Agents(Fleet(1))) with { Watching = policies };
        Assert.Equal(TimeSpan.FromSeconds(usual), ContinuousDecider.Decide(quiet).RequeueAfter);
        var starts = quiet with { Targets = Fleet(1) with { IsSettling = true } };
        Assert.Equal(TimeSpan.FromSeconds(settling), ContinuousDecider.Decide(starts).RequeueAfter);
    }

    [Fact]
    public void One_that_its_kubelet_starts_again_and_again_is_left_to_it_and_told()
    {
        var fleet = Fleet(1);
        var agent = Agent(fleet, "n000");
        agent.Status!.ContainerStatuses![0].State = new V1ContainerState
        {
            Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff" },
        };
        var decision = Decide(fleet, [agent]);
        Assert.Empty(decision.End);
        Assert.Equal((false, "AgentFailing"), (decision.View.Watching, decision.View.Reason));
        Assert.Contains(
            $"kubectl logs -n hud-system {agent.Metadata.Name} -c agent",
            decision.View.Message,
            StringComparison.Ordinal
        );
        Assert.Single(decision.Notices);
        Assert.Equal(0, decision.View.Status!.AgentsReady);
    }

    [Fact]
    public void What_keeps_an_agent_from_running_is_said()
    {
        var fleet = Fleet(2);
        var unschedulable = Agent(fleet, "n000", runs: false);
        unschedulable.Status!.Conditions =
        [
            new V1PodCondition
            {
                Type = "PodScheduled",
                Status = "False",
                Message = "Insufficient memory",
            },
        ];
        var image = Agent(fleet, "n001", runs: false);
        image.Status!.ContainerStatuses =
        [
            new V1ContainerStatus
            {
                Name = Names.AgentContainer,
                State = new V1ContainerState
                {
                    Waiting = new V1ContainerStateWaiting { Reason = "ErrImagePull", Message = "no such image" },
                },
            },
        ];
        var decision = Decide(fleet, [unschedulable, image]);
        Assert.Equal((false, "Unschedulable"), (decision.View.Watching, decision.View.Reason));
        Assert.Contains("Insufficient memory", decision.View.Message, StringComparison.Ordinal);
        Assert.Contains("no such image", decision.View.Message, StringComparison.Ordinal);
        Assert.Empty(decision.End);
    }

    [Fact]
    public void One_that_is_ending_is_waited_for_and_its_node_gets_another_then()
    {
        var fleet = Fleet(1);
        var agent = Agent(fleet, "n000");
        agent.Metadata.DeletionTimestamp = Now.UtcDateTime;
        var decision = Decide(fleet, [agent]);
        Assert.Empty(decision.Create);
        Assert.Empty(decision.End);
        Assert.Equal(
            (false, "AgentsStarting", 0),
            (decision.View.Watching, decision.View.Reason, decision.View.Status!.Agents)
        );
        Assert.Single(Decide(fleet, []).Create);
    }

    [Theory]
    [InlineData(4, 0, "NodeFull")]
    [InlineData(9, 0, "NodeFull")]
    [InlineData(3, 3, "NodeFull")]
    [InlineData(3, 2, null)]
    [InlineData(0, 0, null)]
    public void A_node_has_room_for_so_many_policies_and_one_namespace_does_not_get_all_of_it(
        int all,
        int own,
        string? reason
    )
    {
        var fleet = Fleet(2);
        var decision = Decide(
            fleet,
            others: new Dictionary<string, NodeLoad>(StringComparer.Ordinal) { ["n001"] = new(all, own) }
        );
        Assert.Equal(reason is null ? ["n000", "n001"] : ["n000"], decision.Create.Select(c => c.Node));
        Assert.Equal(reason is null ? 0 : 1, decision.View.Status!.NotWatched);
        Assert.Equal(reason is null ? [] : [("NodeFull", "n001")], decision.Notices.Select(n => (n.Reason, n.About)));
        Assert.Equal(reason ?? "AgentsStarting", decision.View.Reason);
        // who has a place keeps it
        var has = Decide(
            fleet,
            Agents(fleet),
            others: new Dictionary<string, NodeLoad>(StringComparer.Ordinal) { ["n001"] = new(all, own) }
        );
        Assert.Empty(has.End);
        Assert.True(has.View.Watching);
    }

    [Fact]
    public void A_pod_with_the_policys_label_that_the_operator_did_not_name_is_ended()
    {
        var fleet = Fleet(1);
        var stranger = Agent(fleet, "n000");
        stranger.Metadata.Name = "stranger";
        var decision = Decide(fleet, [Agent(fleet, "n000"), stranger]);
        Assert.Equal("stranger", Assert.Single(decision.End).Pod.Metadata.Name);
    }

    [Fact]
    public void The_figures_keep_their_time_while_they_are_the_same_and_get_another_after_ten_minutes()
    {
        var fleet = Fleet(1);
        var first = Observation(fleet, Agents(fleet));
        var status = ContinuousDecider.Decide(first).View.Status!;
        Assert.Equal(Now, status.ObservedTime);
        var policy = Policy();
        policy.Status = System.Text.Json.JsonSerializer.SerializeToElement(
            new ProfilingPolicyStatus { Continuous = status },
            Hud.Core.HudJson.Default.ProfilingPolicyStatus
        );
        ContinuousStatus At(double seconds, WatchedTargets targets) =>
            ContinuousDecider
                .Decide(first with { Policy = policy, Targets = targets, Now = Now.AddSeconds(seconds) })
                .View.Status!;
        Assert.Equal(status, At(599, fleet));
        Assert.Equal(Now.AddSeconds(600), At(600, fleet).ObservedTime);
        Assert.Equal(Now.AddSeconds(5), At(5, Fleet(2)).ObservedTime);
    }
}
