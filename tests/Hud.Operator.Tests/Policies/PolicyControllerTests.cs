using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

public sealed class PolicyControllerTests
{
    private static string At(int minutes) => PolicyNames.Session(Name, Now.AddMinutes(minutes));

    [Fact]
    public async Task A_run_is_made_once_with_its_event_and_its_status()
    {
        await using var world = new PolicyWorld([Policy()], [Run(-1)]);
        await world.Ready;
        var result = await world.ReconcileAsync();
        Assert.InRange(result.RequeueAfter!.Value, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(61));
        Assert.Equal([At(-1), At(0)], world.Names);
        Assert.Equal(Policy().SessionSpec.ToString(), world.Session(At(0)).Spec.ToString());
        var status = world.Status();
        Assert.Equal(
            (Now, Now.AddMinutes(1), 1),
            (status.LastScheduleTime, status.NextScheduleTime, status.ActiveCount)
        );
        Assert.Equal([At(0)], status.Active.Select(a => a.Name));
        Assert.Equal(("True", "Scheduled"), Condition(status, ConditionTypes.Ready));
        Assert.Equal(("True", "Accepted"), Condition(status, ConditionTypes.Accepted));
        Assert.Equal(["SessionCreated"], world.Events);
        // whether its own writes are in view or not, and however often it looks
        await world.ReconcileAsync();
        await world.SeenAsync();
        await world.ReconcileAsync();
        Assert.Equal([$"POST profilingsessions", "PUT profilingpolicies/nightly/status"], world.Writes);
        Assert.Equal(["SessionCreated"], world.Events);
    }

    private static (string, string) Condition(ProfilingPolicyStatus status, string type) =>
        status.Conditions.Single(c => c.Type == type) is var c ? (c.Status, c.Reason) : default;

    [Fact]
    public async Task Two_leaders_make_one_session()
    {
        await using var world = new PolicyWorld([Policy()], [Run(-1)]);
        await world.Ready;
        var second = world.Leader();
        await Task.WhenAll(world.ReconcileAsync(), world.ReconcileAsync(leader: second));
        Assert.Equal([At(-1), At(0)], world.Names);
        Assert.Single(world.Events, e => e == "SessionCreated");
    }

    [Fact]
    public async Task A_session_that_was_deleted_by_hand_is_not_made_again_for_the_same_run()
    {
        await using var world = new PolicyWorld([Policy(When("0 * * * *"))]);
        await world.Ready;
        await world.ReconcileAsync();
        Assert.Equal([At(0)], world.Names);
        await world.SeenAsync();
        await world.RemoveAsync(At(0));
        await world.ReconcileAsync();
        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task A_name_that_another_has_is_left_to_it()
    {
        var foreign = Run(0);
        foreign.Metadata.OwnerReferences = null;
        await using var world = new PolicyWorld([Policy()], [foreign]);
        await world.Ready;
        await world.ReconcileAsync();
        await world.ReconcileAsync();
        Assert.Equal([At(0)], world.Names);
        Assert.Null(world.Session(At(0)).Metadata.OwnerReferences);
        Assert.Single(world.Events, e => e == "NameTaken");
        Assert.Equal(1, world.Writes.Count(w => w.StartsWith("POST", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_server_refuses_is_told_and_tried_again()
    {
        await using var world = new PolicyWorld([Policy(When("0 * * * *"), created: Now.AddMinutes(-30))]);
        var refuse = true;
        world.OnCreate = async answer =>
        {
            if (refuse)
                await answer.ErrorAsync(403, "Forbidden", "exceeded quota: objects");
            return refuse;
        };
        await world.Ready;
        var result = await world.ReconcileAsync();
        Assert.Equal(PolicyDecider.RefusedPause, result.RequeueAfter);
        var ready = world.Status().Conditions.Single(c => c.Type == ConditionTypes.Ready);
        Assert.Equal(("False", "Refused"), (ready.Status, ready.Reason));
        Assert.Contains("exceeded quota: objects", ready.Message, StringComparison.Ordinal);
        await world.SeenAsync();
        refuse = false;
        await world.ReconcileAsync();
        Assert.Equal([At(0)], world.Names);
        Assert.Equal(("True", "Scheduled"), Condition(world.Status(), ConditionTypes.Ready));
        Assert.Equal(["Refused", "SessionCreated"], world.Events);
    }

    [Fact]
    public async Task Replace_makes_the_new_one_and_stops_the_old_by_suspend()
    {
        var replace = When() with { ConcurrencyPolicy = ConcurrencyPolicy.Replace };
        await using var world = new PolicyWorld(
            [Policy(replace)],
            [Run(-1, RunState.Active), Run(-2, RunState.Active, begun: false)]
        );
        await world.Ready;
        await world.ReconcileAsync();
        Assert.Equal([At(-1), At(0)], world.Names);
        Assert.True(world.Session(At(-1)).Spec.GetProperty("suspend").GetBoolean());
        Assert.False(world.Session(At(0)).Spec.GetProperty("suspend").GetBoolean());
        Assert.Equal(
            ["SessionCreated", "SessionStopped", "SessionStopped"],
            world.Events.Order(StringComparer.Ordinal)
        );
        await world.SeenAsync();
        await world.ReconcileAsync();
        Assert.Single(world.Writes, w => w.StartsWith("PATCH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Replace_stops_nothing_when_the_new_one_is_refused()
    {
        var replace = When() with { ConcurrencyPolicy = ConcurrencyPolicy.Replace };
        await using var world = new PolicyWorld([Policy(replace)], [Run(-1, RunState.Active)]);
        world.OnCreate = async answer =>
        {
            await answer.ErrorAsync(403, "Forbidden", "no");
            return true;
        };
        await world.Ready;
        await world.ReconcileAsync();
        Assert.DoesNotContain(
            world.Writes,
            w => w.StartsWith("PATCH", StringComparison.Ordinal) || w.StartsWith("DELETE", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_history_is_kept_to_its_limits_and_what_changed_meanwhile_is_left()
    {
        var runs = Enumerable.Range(0, 6).Select(i => Run(-i)).ToArray();
        var stranger = Run(-9);
        stranger.Metadata.OwnerReferences![0].Uid = "policy-of-before";
        await using var world = new PolicyWorld([Policy()], [.. runs, stranger]);
        await world.Ready;
        // the server has a newer version of one than the view shows
        world.Session(At(-3)).Metadata.ResourceVersion = "99";
        await world.ReconcileAsync();
        Assert.Equal([At(-9), At(-3), At(-2), At(-1), At(0)], world.Names);
    }

    [Theory]
    [InlineData("* * *", "UTC", "InvalidSchedule")]
    [InlineData("0 0 30 2 *", "UTC", "InvalidSchedule")]
    [InlineData("* * * * *", "Europe/Nowhere", "UnknownTimeZone")]
    public async Task A_schedule_that_is_none_is_told_makes_nothing_and_deletes_nothing(
        string cron,
        string zone,
        string reason
    )
    {
        var none = new ScheduleSpec
        {
            Cron = cron,
            TimeZone = zone,
            SuccessfulSessionsHistoryLimit = 0,
        };
        await using var world = new PolicyWorld([Policy(none)], [Run(-1), Run(-2)]);
        await world.Ready;
        Assert.Null((await world.ReconcileAsync()).RequeueAfter);
        var status = world.Status();
        Assert.Equal(("False", reason), Condition(status, ConditionTypes.Accepted));
        Assert.Equal(("False", reason), Condition(status, ConditionTypes.Ready));
        Assert.Equal(("True", "InvalidSpec"), Condition(status, ConditionTypes.Stalled));
        Assert.Equal((1, null), (status.ObservedGeneration, status.NextScheduleTime));
        Assert.Equal([reason], world.Events);
        Assert.Equal(["PUT profilingpolicies/nightly/status"], world.Writes);
        Assert.Equal(At(-1), status.LastSession!.Name);
        // put right, it goes on
        var good = Policy();
        good.Metadata.Generation = 2;
        good.Status = world.Policies.Store.All()[0].Status;
        await world.PutAsync(good);
        await world.ReconcileAsync();
        Assert.Equal(("True", "Scheduled"), Condition(world.Status(), ConditionTypes.Ready));
        Assert.DoesNotContain(world.Status().Conditions, c => c.Type == ConditionTypes.Stalled);
        Assert.Equal(2, world.Status().ObservedGeneration);
    }

    [Theory]
    [InlineData("DurationTooLong")]
    [InlineData("NamespaceNotAllowed")]
    public async Task The_administrators_ceilings_hold_for_policies(string reason)
    {
        await using var world = new PolicyWorld(
            [Policy()],
            options: reason == "DurationTooLong"
                ? Make.Options with
                {
                    MaxDuration = GoDuration.Parse("10s"),
                }
                : Make.Options with
                {
                    AllowedNamespaces = ["bank"],
                }
        );
        await world.Ready;
        await world.ReconcileAsync();
        Assert.Empty(world.Names);
        Assert.Equal(("False", reason), Condition(world.Status(), ConditionTypes.Accepted));
        Assert.Equal(("True", "NotPermitted"), Condition(world.Status(), ConditionTypes.Stalled));
    }

    [Theory]
    [InlineData("""{}""", "a policy needs a schedule, a trigger or continuous")]
    [InlineData("""{"session": {"target": {"podName": "p"}}}""", "a policy needs a schedule, a trigger or continuous")]
    [InlineData("""{"session": {}, "schedule": {"cron": "@daily"}}""", "session: target must have exactly one")]
    [InlineData(
        """{"session": {"target": {"podName": "p"}, "suspend": true}, "schedule": {"cron": "@daily"}}""",
        "session.suspend must be false"
    )]
    [InlineData(
        """{"session": {"target": {"podName": "p"}, "duration": "soon"}, "schedule": {"cron": "@daily"}}""",
        "duration must be from 1s to 30m"
    )]
    [InlineData(
        """{"session": {"target": {"podName": "p"}}, "schedule": {"cron": "@daily", "startingDeadline": "5s"}}""",
        "schedule.startingDeadline must be from 10s to 24h"
    )]
    [InlineData(
        """{"session": {"target": {"podName": "p"}}, "schedule": {"cron": "@daily", "startingDeadline": "soon"}}""",
        "schedule.startingDeadline must be from 10s to 24h"
    )]
    [InlineData(
        """{"session": {"target": {"podName": "p"}}, "schedule": {"cron": "@daily", "failedSessionsHistoryLimit": -1}}""",
        "schedule.failedSessionsHistoryLimit"
    )]
    [InlineData("""{"session": {"target": {"podName": "p"}}, "schedule": {"cron": 5}}""", "spec.schedule.cron")]
    [InlineData("\"what\"", "spec is missing")]
    public async Task A_spec_that_an_old_server_lets_pass_is_refused_in_the_same_words(string spec, string words)
    {
        var policy = Policy();
        policy.Spec = System.Text.Json.JsonDocument.Parse(spec).RootElement;
        await using var world = new PolicyWorld([policy]);
        await world.Ready;
        await world.ReconcileAsync();
        var accepted = world.Status().Conditions.Single(c => c.Type == ConditionTypes.Accepted);
        Assert.Equal(("False", "InvalidSpec"), (accepted.Status, accepted.Reason));
        Assert.Contains(words, accepted.Message, StringComparison.Ordinal);
        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task A_policy_that_is_being_deleted_makes_nothing()
    {
        var policy = Policy();
        policy.Metadata.DeletionTimestamp = Now.UtcDateTime;
        await using var world = new PolicyWorld([policy]);
        await world.Ready;
        Assert.Null((await world.ReconcileAsync()).RequeueAfter);
        Assert.Empty(world.Writes);
    }

    /// <summary>Each tick is a look at the view: nothing is listed, and what does not concern a policy costs no request.</summary>
    [Fact]
    public async Task Hundreds_of_policies_cost_no_list_and_one_write_each()
    {
        var policies = Enumerable
            .Range(0, 400)
            .Select(i => Policy(When(i % 2 == 0 ? "0 * * * *" : "30 * * * *"), name: $"p{i}", uid: $"u{i}"))
            .ToArray();
        var sessions = policies.Select(p => Run(-30, policy: p)).Concat(policies.Select(p => Run(-60, policy: p)));
        await using var world = new PolicyWorld(policies, [.. sessions]);
        await world.Ready;
        foreach (var policy in policies)
            await world.ReconcileAsync(policy.Name);
        Assert.Equal(2, world.Lists);
        Assert.Equal(200, world.Writes.Count(w => w.StartsWith("POST", StringComparison.Ordinal)));
        Assert.Equal(400, world.Writes.Count(w => w.StartsWith("PUT", StringComparison.Ordinal)));
        await world.SeenAsync();
        var before = world.Writes.Count;
        foreach (var policy in policies)
            await world.ReconcileAsync(policy.Name);
        Assert.Equal((2, before), (world.Lists, world.Writes.Count));
    }
}
