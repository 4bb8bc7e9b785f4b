using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Tests.Scripted;
using k8s.Models;

namespace Hud.Operator.Tests;

/// <summary>Sessions whose targets the API server does not give, and sessions that are gone.</summary>
public sealed class StartTests
{
    private static SessionEntity Session(DateTimeOffset created)
    {
        var session = Make.Session(
            Make.Spec() with
            {
                Target = new TargetSpec
                {
                    PodSelector = new Core.Api.LabelSelector
                    {
                        MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "checkout" },
                    },
                },
                StartDeadline = GoDuration.Parse("2m"),
            },
            name: "first"
        );
        session.Metadata.CreationTimestamp = created.UtcDateTime;
        return session;
    }

    [Theory]
    [InlineData(400)]
    [InlineData(422)]
    public async Task What_the_server_refuses_for_good_ends_the_session_with_the_servers_words(int code)
    {
        await using var world = new ScriptedWorld(Make.Options, [Session(DateTimeOffset.UtcNow)])
        {
            OnTargets = answer => answer.ErrorAsync(code, "BadRequest", "unable to parse requirement: it is no label"),
        };
        await world.Ready;
        Assert.Null((await world.ReconcileAsync("first")).RequeueAfter);
        var failed = world.Status("first").Condition(ConditionTypes.Failed);
        Assert.Equal("Refused", failed.Reason);
        Assert.Contains("unable to parse requirement: it is no label", failed.Message, StringComparison.Ordinal);
        Assert.Equal("InvalidSpec", world.Status("first").Condition(ConditionTypes.Stalled).Reason);
    }

    [Theory]
    [InlineData(401, "ServerUnavailable")]
    [InlineData(403, "NotPermitted")]
    [InlineData(500, "ServerUnavailable")]
    [InlineData(503, "ServerUnavailable")]
    [InlineData(0, "ServerUnavailable")]
    public async Task Whatever_fails_is_said_and_tried_again_until_the_deadline_counted_from_creation(
        int code,
        string reason
    )
    {
        Task AnswerAsync(Answer answer) =>
            code == 0 ? Task.CompletedTask : answer.ErrorAsync(code, "Whatever", "etcd is not there");

        await using (
            var young = new ScriptedWorld(Make.Options, [Session(DateTimeOffset.UtcNow)]) { OnTargets = AnswerAsync }
        )
        {
            await young.Ready;
            Assert.InRange(
                (await young.ReconcileAsync("first")).RequeueAfter!.Value,
                TimeSpan.FromMilliseconds(1),
                TimeSpan.FromSeconds(10) // it grows with the session's age, and the server takes its time to start
            );
            var status = young.Status("first");
            Assert.Equal(reason, status.Condition(ConditionTypes.TargetsResolved).Reason);
            Assert.Equal(SessionPhase.Pending, status.Phase);
            Assert.Contains(
                code == 0 ? "" : "etcd is not there",
                status.Condition(ConditionTypes.Ready).Message,
                StringComparison.Ordinal
            );
        }
        await using var old = new ScriptedWorld(Make.Options, [Session(DateTimeOffset.UtcNow.AddMinutes(-3))])
        {
            OnTargets = AnswerAsync,
        };
        await old.Ready;
        Assert.Null((await old.ReconcileAsync("first")).RequeueAfter);
        Assert.Equal(reason, old.Status("first").Condition(ConditionTypes.Failed).Reason);
    }

    [Fact]
    public async Task The_wait_for_pods_counts_from_creation_on()
    {
        var created = DateTimeOffset.UtcNow.AddSeconds(-100);
        await using var world = new ScriptedWorld(Make.Options, [Session(created)])
        {
            OnTargets = answer => answer.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[]}"""),
        };
        await world.Ready;
        Assert.NotNull((await world.ReconcileAsync("first")).RequeueAfter);
        Assert.Equal(
            ConditionSet.Seconds(created),
            world.Status("first").Condition(ConditionTypes.Reconciling).LastTransitionTime
        );
    }

    private static V1Pod AgentOf(SessionEntity session) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = Names.AgentPod(session.Uid, "n1"),
                NamespaceProperty = Make.Options.Namespace,
                Uid = "agent-" + session.Uid,
                Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [Names.SessionUidLabel] = session.Uid,
                },
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [Names.SessionAnnotation] = $"{session.Namespace}/{session.Name}",
                },
            },
            Status = new V1PodStatus { Phase = "Running" },
        };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_is_gone_takes_its_agents_along_and_nobody_elses(bool anotherOfItsName)
    {
        var first = Make.Session(status: Make.Status(Make.Target(0)), name: "first", uid: "uid-1");
        var second = Make.Session(status: Make.Status(Make.Target(1)), name: "second", uid: "uid-2");
        await using var world = new ScriptedWorld(Make.Options, [first, second], [AgentOf(first), AgentOf(second)]);
        await world.Ready;
        await world.ReconcileAsync("first");
        Assert.Empty(world.Deleted);
        Assert.Null(first.Metadata.Finalizers);
        await world.DeleteAsync(
            "first",
            anotherOfItsName ? Make.Session(Make.Spec() with { Suspend = true }, name: "first", uid: "uid-3") : null
        );
        await world.ReconcileAsync("first");
        Assert.Equal([Names.AgentPod("uid-1", "n1")], world.Deleted);
    }

    [Fact]
    public async Task An_agent_that_is_seen_before_its_session_stays()
    {
        var first = Make.Session(status: Make.Status(Make.Target(0)), name: "first", uid: "uid-1");
        await using var world = new ScriptedWorld(Make.Options, [], [AgentOf(first)]);
        world.AddUnseen(first);
        await world.Ready;
        Assert.Null((await world.ReconcileAsync("first")).RequeueAfter);
        Assert.Empty(world.Deleted);
    }

    [Fact]
    public async Task The_finalizer_of_an_earlier_operator_is_taken_off_and_others_stay()
    {
        var first = Make.Session(status: Make.Status(Make.Target(0)), name: "first", uid: "uid-1");
        first.Metadata.Finalizers = ["example.com/own", FormerFinalizer.Identifier];
        await using var world = new ScriptedWorld(Make.Options, [first], [AgentOf(first)]);
        await world.Ready;
        Assert.NotNull((await world.ReconcileAsync("first")).RequeueAfter);
        Assert.Equal(["example.com/own"], first.Metadata.Finalizers);
        Assert.Empty(world.Statuses);
        await world.ReconcileAsync("first");
        Assert.Equal(1, world.FinalizerWrites);
        Assert.NotEmpty(world.Statuses);
    }
}
