using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Entities;
using Hud.Operator.LookBack;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Tests.Scripted;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using static Hud.Operator.Tests.LookBack.MakeLookBack;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.LookBack;

/// <summary>Sessions that an alert made, whose policy has agents that watch.</summary>
public sealed class LookBackSessionTests
{
    private const string Name = "of-alert";
    private static readonly DateTimeOffset Until = Made.AddSeconds(30);
    private static readonly string Stream = Names.AgentPod(Uid, "n1");
    private readonly FakeTimeProvider _clock = new(Made.AddMilliseconds(700));

    private async Task<ScriptedWorld> WorldAsync(
        V1Pod[] agents,
        SessionEntity[]? sessions = null,
        PolicyEntity[]? policies = null,
        byte[]? log = null
    )
    {
        var world = new ScriptedWorld(Make.Options, sessions ?? [Session()], agents, _clock, policies ?? [Watching()])
        {
            AgentLog = log,
        };
        world.Targets["checkout-0"] = Make.TargetPod();
        await world.Ready;
        return world;
    }

    private static IReadOnlyList<LookBackRequest> Asked(V1Pod pod) =>
        LookBackList.Read(pod.GetAnnotation(Names.LookBackAnnotation));

    private static async Task<ReconciliationResult<SessionEntity>> LookAsync(ScriptedWorld world)
    {
        var result = await world.ReconcileAsync(Name);
        await world.SeenAsync(Name);
        await Objects.UntilAsync(
            () =>
                world.Agents.All(a =>
                    world.Pods.Store.Get(EntityKey.Of(a)) is not { } seen
                    || seen.Metadata.ResourceVersion == a.Metadata.ResourceVersion
                ),
            "the view of the agents"
        );
        return result;
    }

    private static Task AnsweredAsync(ScriptedWorld world) =>
        Objects.UntilAsync(() => world.Streams.Peek(Stream).Profile is not null, "the answer");

    [Fact]
    public async Task The_agent_that_watches_is_asked_and_its_answer_is_the_result()
    {
        var agent = Agent();
        await using var world = await WorldAsync([agent], log: Log(Uid, Now.AddMinutes(-2), "another", "a-third"));

        var result = await LookAsync(world);
        var asked = Assert.Single(Asked(agent));
        Assert.Equal((Uid, Now.AddMinutes(-2), Until), (asked.Id, asked.From, asked.Until));
        Assert.Equal(
            "agent-uid-n1",
            world.Patches.Single().Patch.GetProperty("metadata").GetProperty("uid").GetString()
        );
        var status = world.Status(Name);
        Assert.Equal(SessionPhase.Profiling, status.Phase);
        Assert.Equal(("Unknown", "Waiting"), Told(status));
        Assert.Equal(TargetState.Running, Assert.Single(status.Targets).State);
        Assert.Equal(TimeSpan.FromSeconds(5), result.RequeueAfter);
        // its log is read when there can be an answer, and not before
        Assert.Equal(0, world.Streams.Count);
        _clock.Advance(TimeSpan.FromSeconds(27));
        Assert.InRange((await LookAsync(world)).RequeueAfter!.Value.TotalSeconds, 2, 3);
        Assert.Equal(0, world.Streams.Count);
        _clock.Advance(TimeSpan.FromSeconds(3));
        await LookAsync(world);
        Assert.Equal(1, world.Streams.Count);
        Assert.Equal(SessionPhase.Collecting, world.Status(Name).Phase);
        await AnsweredAsync(world);
        await LookAsync(world);

        status = world.Status(Name);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        Assert.Equal(("True", "LookedBack"), Told(status));
        Assert.Equal(Now.AddMinutes(-2), status.ObservedFrom);
        Assert.True(status.ObservedFrom < status.StartTime);
        Assert.Equal("Complete", status.Condition(ConditionTypes.ResultsComplete).Reason);
        Assert.Contains("LookedBack", world.Events);
        // of the agent's two targets the session has one, and is told of no other
        var report = world.Maps["of-alert-report"].Data["report.json"];
        Assert.DoesNotContain("checkout-9", report, StringComparison.Ordinal);
        Assert.DoesNotContain("pod-9", report, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(report);
        Assert.Equal(3, json.RootElement.GetProperty("hotspots").GetArrayLength());
        Assert.Equal(1, json.RootElement.GetProperty("hotspots")[0].GetProperty("count").GetInt32());
        Assert.Equal("30s", json.RootElement.GetProperty("session").GetProperty("duration").GetString());
        Assert.Equal(
            Now.AddMinutes(-2),
            json.RootElement.GetProperty("summary").GetProperty("startedAt").GetDateTimeOffset()
        );
        Assert.True(json.RootElement.TryGetProperty("lookBack", out _));
        // the agent goes on, and nothing waits for it any more
        Assert.Empty(world.Created);
        Assert.Empty(world.Deleted);
        Assert.Empty(Asked(agent));
        Assert.Equal((0, 0), (world.Streams.Count, world.Profiles.HeldBytes));
    }

    private static (string, string) Told(ProfilingSessionStatus status) =>
        (status.Condition(ConditionTypes.LookedBack).Status, status.Condition(ConditionTypes.LookedBack).Reason);

    /// <summary>A session that names a policy of another namespace as its owner, which its maker may write.</summary>
    [Fact]
    public async Task An_agent_of_a_policy_elsewhere_is_not_asked()
    {
        var policy = Watching(ns: "bank");
        await using var world = await WorldAsync([Agent(policy)], policies: [policy]);
        await LookAsync(world);
        Assert.Empty(world.Patches);
        Assert.Equal(Stream, Assert.Single(world.Created).Metadata.Name);
        Assert.Equal(("False", "NotWatched"), Told(world.Status(Name)));
        Assert.Contains("NotWatched", world.Events);
    }

    [Fact]
    public async Task A_session_that_a_user_wrote_begins_when_it_begins_and_says_so()
    {
        var session = Make.Session(Make.Spec() with { LookBack = GoDuration.Parse("1m") }, name: Name, uid: Uid);
        await using var world = await WorldAsync([Agent()], [session]);
        await LookAsync(world);
        Assert.Empty(world.Patches);
        Assert.Single(world.Created);
        Assert.Contains(
            "made by no policy",
            world.Status(Name).Condition(ConditionTypes.LookedBack).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Two_sessions_that_ask_at_once_do_not_take_each_others_request_out()
    {
        var agent = Agent();
        var other = Session(uid: "uid-2", name: "other");
        await using var world = await WorldAsync([agent], [Session(), other]);
        world.OnPatch = async () =>
        {
            world.OnPatch = null;
            agent.Metadata.Annotations[Names.LookBackAnnotation] = LookBackList.Write([
                new LookBackRequest { Id = "uid-2", Until = Until },
            ]);
            await world.SendAgentAsync("MODIFIED", agent);
        };
        var result = await LookAsync(world);
        Assert.Equal(SessionController.Soon, result.RequeueAfter);
        Assert.Equal(["uid-2"], Asked(agent).Select(r => r.Id));
        Assert.Empty(world.Created);

        await LookAsync(world);
        Assert.Equal(["uid-2", Uid], Asked(agent).Select(r => r.Id));
    }

    /// <summary>The operator that asked is gone, with all that it remembered.</summary>
    [Fact]
    public async Task The_next_leader_waits_for_the_same_answer()
    {
        var agent = Agent();
        ProfilingSessionStatus status;
        await using (var before = await WorldAsync([agent]))
        {
            await LookAsync(before);
            status = before.Status(Name);
        }
        var session = Session();
        session.Status = StatusJson.Write(status);
        _clock.Advance(TimeSpan.FromSeconds(40));
        await using var world = await WorldAsync([agent], [session], log: Log(Uid, Now.AddMinutes(-2)));
        world.Controller.AdmitRunning();
        await LookAsync(world);
        Assert.Empty(world.Patches);
        await AnsweredAsync(world);
        await LookAsync(world);
        Assert.Equal("AllTargetsProfiled", world.Status(Name).Condition(ConditionTypes.Complete).Reason);
        Assert.Empty(world.Created);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("silent")]
    [InlineData("of others")]
    public async Task An_agent_that_does_not_answer_is_named_and_the_session_ends(string what)
    {
        var agent = Agent();
        await using var world = await WorldAsync([agent], log: what == "of others" ? Log("another", Now) : null);
        await LookAsync(world);
        if (what == "gone")
            await world.SendAgentAsync("DELETED", agent);
        else
        {
            _clock.Advance(TimeSpan.FromSeconds(60));
            await LookAsync(world);
            Assert.Equal(SessionPhase.Collecting, world.Status(Name).Phase);
            _clock.Advance(TimeSpan.FromSeconds(31));
        }
        await world.ReconcileAsync(Name);
        await world.SeenAsync(Name);

        var status = world.Status(Name);
        var failed = status.Condition(ConditionTypes.Failed);
        Assert.Equal(what == "gone" ? "AgentCrashed" : "NotAnswered", failed.Reason);
        Assert.Contains("n1", failed.Message, StringComparison.Ordinal);
        Assert.Equal("False", status.Condition(ConditionTypes.LookedBack).Status);
        Assert.Null(status.ObservedFrom);
        // it was there: another agent would begin long after the trigger
        Assert.Empty(world.Created);
        Assert.Empty(world.Deleted);
        Assert.Equal(0, world.Streams.Count);
    }

    [Fact]
    public async Task A_session_that_is_suspended_has_the_agent_answer_with_what_there_is()
    {
        var agent = Agent();
        var session = Session();
        await using var world = await WorldAsync([agent], [session], log: Log(Uid, Now.AddMinutes(-2)));
        await LookAsync(world);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await world.SuspendAsync(Name);
        await LookAsync(world);
        var until = Assert.Single(Asked(agent)).Until;
        Assert.Equal(ConditionSet.Seconds(_clock.GetUtcNow()), until);
        await LookAsync(world);
        await AnsweredAsync(world);
        await LookAsync(world);
        Assert.Equal("AllTargetsProfiled", world.Status(Name).Condition(ConditionTypes.Complete).Reason);
        Assert.Empty(world.Deleted);
    }

    /// <summary>What an agent kept may begin later than the session looks back to.</summary>
    [Fact]
    public async Task An_answer_that_begins_later_is_a_result_and_says_so()
    {
        await using var world = await WorldAsync([Agent()], log: Log(Uid, Now.AddSeconds(-20)));
        await LookAsync(world);
        _clock.Advance(TimeSpan.FromSeconds(31));
        await LookAsync(world);
        await AnsweredAsync(world);
        await LookAsync(world);
        var status = world.Status(Name);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        Assert.Equal(("False", "NotKept"), Told(status));
        Assert.Equal(Now.AddSeconds(-20), status.ObservedFrom);
    }
}
