using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator.Tests;

public sealed class SessionDeciderTests
{
    [Fact]
    public void Each_node_with_targets_gets_one_agent()
    {
        var status = Make.Status(Make.Target(0), Make.Target(1), Make.Target(2, "n2"));
        var decision = SessionDecider.Decide(Make.Observation(status, [Make.Agent(), Make.Agent(node: "n2")]));
        Assert.Equal(["n1", "n2"], decision.Create);
        Assert.False(decision.Finished);
        Assert.Equal(SessionPhase.Scheduling, decision.Status.Phase);
        Assert.Equal("Unknown", decision.Status.Condition("AgentsScheduled").Status);
        Assert.Equal("0/3", decision.Status.TargetsReady);
    }

    [Fact]
    public void An_agent_that_is_there_is_not_made_again()
    {
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(Make.Running())])
        );
        Assert.Empty(decision.Create);
        Assert.Equal("Attaching", decision.Status.Condition("Reconciling").Reason);
    }

    [Fact]
    public void Progress_makes_targets_run_and_fills_the_summary()
    {
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(Make.Running(), Make.Measuring())])
        );
        Assert.Equal(SessionPhase.Profiling, decision.Status.Phase);
        Assert.Equal(TargetState.Running, decision.Status.Targets.Single().State);
        Assert.Equal(10, decision.Status.Summary!.Polls);
        Assert.Equal("so far", decision.Status.Verdict);
        Assert.Equal("True", decision.Status.Condition("AgentsScheduled").Status);
    }

    [Fact]
    public void While_it_runs_the_longest_wait_of_all_agents_is_in_the_summary()
    {
        var agents = new[] { ("n1", "a::login", 70_000_000L), ("n2", "b::login", 90_000_000L) }.Select(x =>
        {
            var (node, task, p99) = x;
            var stream = new AgentStream(TimeProvider.System);
            foreach (
                var message in (StreamMessage[])
                    [
                        new HelloMessage { Seq = 1 },
                        new ProgressMessage
                        {
                            Seq = 2,
                            Tasks =
                            [
                                new TaskProfile { Name = "not timed" },
                                Make.WaitingTask("quick", 9, 40_000),
                                Make.WaitingTask(task, 9, p99),
                            ],
                        },
                    ]
            )
                stream.Accept(JsonSerializer.SerializeToUtf8Bytes(message, HudJson.Default.StreamMessage));
            return Make.Agent(Make.Running(), stream.Snapshot, node);
        });

        var status = SessionDecider
            .Decide(Make.Observation(Make.Status(Make.Target(0), Make.Target(1, "n2")), [.. agents]))
            .Status;

        Assert.Equal(
            new StatusWait
            {
                Task = "b::login",
                P99 = "90ms",
                Max = "90ms",
                Behind = "b::login::hash",
                BehindPercent = 81,
            },
            status.Summary!.WorstWait
        );
    }

    [Fact]
    public void At_the_end_the_longest_wait_is_the_reports_and_without_one_there_is_none()
    {
        var target = Make.Target(0, state: TargetState.Running);
        StatusWait? Wait(params TaskProfile[] tasks) =>
            SessionDecider
                .Decide(
                    Make.Observation(
                        Make.Status(target),
                        [
                            Make.Agent(
                                Make.Running(),
                                Make.Done(target) with
                                {
                                    Profile = PackedProfile.Of(Make.Profile(target) with { Tasks = tasks }),
                                }
                            ),
                        ]
                    )
                )
                .Status.Summary!.WorstWait;

        Assert.Equal("72ms", Wait(Make.WaitingTask("a", 3, 72_000_000), Make.WaitingTask("b", 0, 99_000_000))!.P99);
        Assert.Null(Wait(new TaskProfile { Name = "a", Waits = new TaskWaits() }));
    }

    [Fact]
    public void When_all_agents_have_said_goodbye_the_session_is_complete()
    {
        var target = Make.Target(0, state: TargetState.Running);
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(target), [Make.Agent(Make.Running(), Make.Done(target))])
        );
        Assert.True(decision.Finished);
        Assert.NotNull(decision.Profile);
        Assert.Equal(SessionPhase.Completed, decision.Status.Phase);
        Assert.Equal(
            ("True", "AllTargetsProfiled"),
            (decision.Status.Condition("Complete").Status, decision.Status.Condition("Complete").Reason)
        );
        Assert.Equal("True", decision.Status.Condition("Ready").Status);
        Assert.Equal(
            ("True", "Complete"),
            (decision.Status.Condition("ResultsComplete").Status, decision.Status.Condition("ResultsComplete").Reason)
        );
        Assert.DoesNotContain(decision.Status.Conditions, c => c.Type is "Reconciling" or "Stalled" or "Failed");
        Assert.Equal("1/1", decision.Status.TargetsReady);
        Assert.Equal(20, decision.Status.Hotspots.Count);
    }

    [Theory]
    [InlineData(100, "True", "Complete")]
    [InlineData(90, "True", "Complete")]
    [InlineData(89, "False", "MissingSymbols")]
    public void Missing_lines_are_said_and_only_missing_names_are_a_loss(int named, string status, string reason)
    {
        var target = Make.Target(0, state: TargetState.Running);
        var profile = Make.Profile(target);
        var done = Make.Done(target) with
        {
            Profile = PackedProfile.Of(
                profile with
                {
                    Summary = profile.Summary with { SymbolizedPercent = named },
                    Warnings = [new ProfileWarning("HUD305", "app has no line tables", "")],
                    StackTable =
                    [
                        new StackEntry
                        {
                            Frames = [Unnamed("/app/libssl.so.3"), Unnamed("/app/libssl.so.3"), Unnamed("/app/shop")],
                        },
                    ],
                }
            ),
        };
        var condition = SessionDecider
            .Decide(Make.Observation(Make.Status(target), [Make.Agent(Make.Running(), done)]))
            .Status.Condition("ResultsComplete");
        Assert.Equal((status, reason), (condition.Status, condition.Reason));
        Assert.EndsWith("; app has no line tables", condition.Message, StringComparison.Ordinal);
        Assert.Equal(
            status == "False",
            condition.Message.Contains(", and 2 of those without are in libssl.so.3;", StringComparison.Ordinal)
        );
        static ProfileFrame Unnamed(string module) => new() { Module = module, Kind = FrameKind.Unknown };
    }

    [Fact]
    public void One_node_that_fails_makes_it_partial_and_says_which()
    {
        var (good, bad) = (Make.Target(0, state: TargetState.Running), Make.Target(1, "n2", TargetState.Running));
        var crashed = Make.Measuring() with { ReadToEnd = true };
        var decision = SessionDecider.Decide(
            Make.Observation(
                Make.Status(good, bad),
                [Make.Agent(Make.Running(), Make.Done(good)), Make.Agent(Make.Ended(137, "OOMKilled"), crashed, "n2")]
            )
        );
        Assert.Equal("PartialTargets", decision.Status.Condition("Complete").Reason);
        Assert.Contains("ran out of memory", decision.Status.Condition("Complete").Message, StringComparison.Ordinal);
        Assert.Equal("EventsDropped", decision.Status.Condition("ResultsComplete").Reason);
        Assert.Equal([TargetState.Succeeded, TargetState.Failed], decision.Status.Targets.Select(t => t.State));
    }

    [Theory]
    [InlineData("HUD201", "NoTokioRuntime")]
    [InlineData("HUD103", "KernelUnsupported")]
    [InlineData("HUD102", "KernelUnsupported")]
    [InlineData("HUD203", "TargetGone")]
    [InlineData("TargetGone", "TargetGone")]
    [InlineData("HUD002", "ProcessAmbiguous")]
    [InlineData("something else", "AgentCrashed")]
    public void An_agent_that_measured_nothing_gives_the_session_its_reason(string ending, string reason)
    {
        var stream = new StreamSnapshot
        {
            Hello = new HelloMessage(),
            EndMessage = new EndMessage { Reason = ending, ExitCode = 4 },
        };
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(Make.Ended(4), stream)])
        );
        Assert.True(decision.Finished);
        Assert.Null(decision.Profile);
        Assert.Equal(
            ("True", reason),
            (decision.Status.Condition("Failed").Status, decision.Status.Condition("Failed").Reason)
        );
        Assert.Equal("True", decision.Status.Condition("Stalled").Status);
        Assert.StartsWith("NO DATA", decision.Status.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_keeps_the_reason_that_its_agent_gave()
    {
        var target = Make.Target(0);
        var profile = Make.Profile(target) with
        {
            Targets =
            [
                new TargetProfile
                {
                    PodUid = "pod-0",
                    State = TargetState.Failed,
                    Reason = "NoTokioRuntime",
                    Message = "not a Tokio program",
                },
            ],
        };
        var stream = Make.Done(target) with { Profile = PackedProfile.Of(profile) };
        var decision = SessionDecider.Decide(Make.Observation(Make.Status(target), [Make.Agent(Make.Ended(), stream)]));
        Assert.Equal("NoTokioRuntime", decision.Status.Condition("Failed").Reason);
        Assert.Equal("not a Tokio program", decision.Status.Targets.Single().Message);
    }

    [Theory]
    [InlineData("ErrImagePull", "ImagePull")]
    [InlineData("ImagePullBackOff", "ImagePull")]
    [InlineData("ErrImageNeverPull", "ImagePull")]
    [InlineData("CreateContainerError", "PodRejected")]
    public void An_agent_that_cannot_start_is_said_at_once_and_fails_at_the_deadline(string waiting, string reason)
    {
        var status = Make.Status(Make.Target(0));
        AgentObservation[] agents = [Make.Agent(Make.Waiting(waiting, "no such image"))];
        var early = SessionDecider.Decide(Make.Observation(status, agents, after: 60));
        Assert.False(early.Finished);
        Assert.Equal(
            ("False", reason),
            (early.Status.Condition("AgentsScheduled").Status, early.Status.Condition("AgentsScheduled").Reason)
        );
        var late = SessionDecider.Decide(Make.Observation(status, agents, after: 121));
        Assert.True(late.Finished);
        Assert.Equal(reason, late.Status.Condition("Failed").Reason);
        Assert.Equal("DeadlineExceeded", late.Status.Condition("Stalled").Reason);
        // nothing of the pod runs: it can go at once
        Assert.Equal(reason == "ImagePull", AgentView.HasNoImage(agents[0].Pod!));
    }

    [Fact]
    public void A_session_that_was_profiling_does_not_go_back_while_its_stream_is_read_again()
    {
        var status = Make.Status(Make.Target(0, state: TargetState.Running)) with { Phase = SessionPhase.Profiling };
        var decision = SessionDecider.Decide(Make.Observation(status, [Make.Agent(Make.Running())]));
        Assert.Equal(SessionPhase.Profiling, decision.Status.Phase);
        Assert.Equal(TargetState.Running, decision.Status.Targets.Single().State);
        Assert.Empty(decision.Create);
    }

    [Fact]
    public void A_pod_that_is_starting_runs_or_has_ended_has_its_image()
    {
        Assert.All(
            [Make.Waiting("ContainerCreating"), Make.Running(), Make.Ended(), Make.Pod("Pending", null)],
            pod => Assert.False(AgentView.HasNoImage(pod))
        );
    }

    [Fact]
    public void After_a_gap_in_our_view_nobody_is_judged_late()
    {
        var observation = Make.Observation(
            Make.Status(Make.Target(0)),
            [Make.Agent(Make.Waiting("ErrImagePull"))],
            after: 500,
            currentFor: TimeSpan.FromSeconds(3)
        );
        Assert.False(SessionDecider.Decide(observation).Finished);
        Assert.False(SessionDecider.Decide(observation with { CurrentFor = null }).Finished);
        Assert.True(SessionDecider.Decide(observation with { CurrentFor = TimeSpan.FromMinutes(1) }).Finished);
    }

    [Fact]
    public void An_agent_that_cannot_be_scheduled_names_the_schedulers_reason()
    {
        var pod = Make.Pod(
            "Pending",
            null,
            null,
            new V1PodCondition
            {
                Type = "PodScheduled",
                Status = "False",
                Reason = "Unschedulable",
                Message = "0/1 nodes are available",
            }
        );
        var decision = SessionDecider.Decide(Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(pod)]));
        Assert.Equal("Unschedulable", decision.Status.Condition("AgentsScheduled").Reason);
        Assert.Contains("0/1 nodes", decision.Status.Condition("AgentsScheduled").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(11, null, "NodeNotReady")]
    [InlineData(9, null, "Scheduling")] // it may be on its way
    [InlineData(11, 1, "Scheduling")] // the kubelet has it, and pulls or mounts
    public void A_node_whose_kubelet_does_not_take_the_agent_is_named(double after, int? startedAfter, string reason)
    {
        var pod = Make.Pod(
            "Pending",
            null,
            null,
            new V1PodCondition
            {
                Type = "PodScheduled",
                Status = "True",
                LastTransitionTime = Make.Now.UtcDateTime,
            }
        );
        pod.Status!.StartTime = startedAfter is { } s ? Make.Now.UtcDateTime.AddSeconds(s) : null;
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(pod)], after: after)
        );
        Assert.Equal(reason, decision.Status.Condition("AgentsScheduled").Reason);
        Assert.False(decision.Finished);
        // at the deadline the reason of the wait is the reason of the failure
        var end = SessionDecider
            .Decide(Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(pod)], after: 1000))
            .Status;
        var failed = startedAfter is null ? "NodeNotReady" : "Timeout";
        Assert.Equal((failed, "DeadlineExceeded"), (end.Condition("Failed").Reason, end.Condition("Stalled").Reason));
        if (startedAfter is null)
            Assert.Contains(
                "n1 has not taken the agent pod",
                end.Condition("Failed").Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void A_refusal_of_the_api_server_is_kept_and_tried_again()
    {
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(refusal: "exceeded quota")])
        );
        Assert.Equal(
            ("PodRejected", "exceeded quota"),
            (decision.Status.Condition("AgentsScheduled").Reason, decision.Status.Condition("AgentsScheduled").Message)
        );
        Assert.False(decision.Finished);
    }

    [Fact]
    public void An_agent_pod_that_vanishes_in_mid_run_is_a_failure_and_not_a_second_run()
    {
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0, state: TargetState.Running)), [Make.Agent()])
        );
        Assert.Empty(decision.Create);
        Assert.Equal("AgentCrashed", decision.Status.Condition("Failed").Reason);
    }

    [Fact]
    public void An_ended_container_is_waited_for_until_its_log_is_read()
    {
        var status = Make.Status(Make.Target(0, state: TargetState.Running));
        var draining = SessionDecider.Decide(Make.Observation(status, [Make.Agent(Make.Ended(1), Make.Measuring())]));
        Assert.False(draining.Finished);
        Assert.Equal(SessionPhase.Collecting, draining.Status.Phase);
        Assert.True(
            SessionDecider
                .Decide(
                    Make.Observation(status, [Make.Agent(Make.Ended(1), Make.Measuring() with { ReadToEnd = true })])
                )
                .Finished
        );
    }

    [Fact]
    public void Suspending_tells_those_that_measure_to_stop_and_the_rest_not_to_begin()
    {
        var spec = Make.Spec() with { Suspend = true };
        var status = Make.Status(Make.Target(0, state: TargetState.Running), Make.Target(1, "n2"));
        var decision = SessionDecider.Decide(
            Make.Observation(
                status,
                [
                    Make.Agent(Make.Running(), Make.Measuring()),
                    Make.Agent(Make.Waiting("ContainerCreating"), node: "n2"),
                ],
                spec
            )
        );
        Assert.Equal([Names.AgentPod("5e55-1", "n1")], decision.Stop);
        Assert.Equal([Names.AgentPod("5e55-1", "n2")], decision.Delete);
        Assert.Empty(decision.Create);
        Assert.Equal("Suspended", decision.Status.Targets[1].Reason);
        Assert.False(decision.Finished);
    }

    [Fact]
    public void A_profile_with_a_wrong_hash_is_not_a_result()
    {
        var stream = new StreamSnapshot
        {
            Hello = new HelloMessage(),
            ProfileError = "the profile's hash does not fit its parts",
            EndMessage = new EndMessage { Reason = "Completed" },
        };
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(Make.Ended(), stream)])
        );
        Assert.Equal("AgentCrashed", decision.Status.Condition("Failed").Reason);
        Assert.Contains("hash", decision.Status.Condition("Failed").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_that_went_missing_show_in_results_complete()
    {
        var target = Make.Target(0);
        var decision = SessionDecider.Decide(
            Make.Observation(
                Make.Status(target),
                [Make.Agent(Make.Ended(), Make.Done(target) with { MissingLines = 1 })]
            )
        );
        Assert.Equal(
            ("False", "EventsDropped"),
            (decision.Status.Condition("ResultsComplete").Status, decision.Status.Condition("ResultsComplete").Reason)
        );
        Assert.Equal("True", decision.Status.Condition("Complete").Status);
    }

    [Theory]
    [InlineData("1s", 50.0, "True", "Met")]
    [InlineData("50ms", null, "False", "PollTooLong")]
    [InlineData(null, 1.0, "False", "TooMuchBlocking")]
    public void Expectations_are_judged_at_the_end(string? maxPoll, double? maxBlocked, string status, string reason)
    {
        var target = Make.Target(0);
        var spec = Make.Spec() with
        {
            Expect = new ExpectSpec
            {
                MaxPoll = maxPoll is null ? null : GoDuration.Parse(maxPoll),
                MaxBlockedPercent = maxBlocked,
            },
        };
        var decision = SessionDecider.Decide(
            Make.Observation(Make.Status(target), [Make.Agent(Make.Ended(), Make.Done(target))], spec)
        );
        Assert.Equal(
            (status, reason),
            (decision.Status.Condition("ExpectationsMet").Status, decision.Status.Condition("ExpectationsMet").Reason)
        );
    }

    [Fact]
    public void The_same_observation_gives_the_same_decision()
    {
        var target = Make.Target(0);
        var observation = Make.Observation(Make.Status(target), [Make.Agent(Make.Running(), Make.Done(target))]);
        Assert.True(
            StatusCompare.AreEquivalent(
                SessionDecider.Decide(observation).Status,
                SessionDecider.Decide(observation).Status
            )
        );
    }

    [Fact]
    public void Transition_times_stay_while_a_condition_says_the_same()
    {
        var first = SessionDecider
            .Decide(Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(Make.Running(), Make.Measuring())]))
            .Status;
        var second = SessionDecider
            .Decide(Make.Observation(first, [Make.Agent(Make.Running(), Make.Measuring())], after: 30))
            .Status;
        Assert.Equal(
            first.Conditions.Select(c => c.LastTransitionTime),
            second.Conditions.Select(c => c.LastTransitionTime)
        );
    }
}
