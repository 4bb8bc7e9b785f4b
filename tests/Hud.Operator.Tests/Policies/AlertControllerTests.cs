using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

/// <summary>From an alert in the inbox to a session on the server.</summary>
public sealed class AlertControllerTests
{
    private static readonly OperatorOptions Receiving = Make.Options with
    {
        AlertsAddress = "http://127.0.0.1:1/",
        AlertsTokenFile = "/token",
    };

    private static async Task<PolicyWorld> WorldAsync(PolicyEntity[]? policies = null, SessionEntity[]? sessions = null)
    {
        var world = new PolicyWorld(policies ?? [OnAlert()], sessions, Receiving)
        {
            Pods = [Pod("checkout-1"), Pod("checkout-2"), Pod("vault-0", "vault")],
        };
        await world.Ready;
        world.Inbox.Open(_ => { });
        return world;
    }

    private static V1Pod Pod(string name, string app = "checkout") =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = name, Labels = Labels(("app", app)) },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "app" }] },
        };

    private static string NameOf(Alert alert) =>
        PolicyNames.AlertSession(Name, "policy-1", PendingAlert.Of(Slow, alert).Incident);

    [Fact]
    public async Task An_alert_makes_a_session_of_its_pod_with_its_event_and_its_status()
    {
        await using var world = await WorldAsync();
        var alert = Alert("a1b2", -30, ("pod", "checkout-1"), ("namespace", "shop"));
        Assert.Equal(new AlertReceipt(AlertAnswer.Accepted, 1, 1), world.Inbox.Offer([alert]));
        await world.ReconcileAsync();
        var session = world.Session(Assert.Single(world.Names));
        Assert.Equal(NameOf(alert), session.Name);
        Assert.Equal("""{"maxPods":5,"podName":"checkout-1"}""", session.Spec.GetProperty("target").GetRawText());
        Assert.Equal("30s", session.Spec.GetProperty("duration").GetString());
        Assert.Equal(
            ("Slow", "a1b2", "2024-05-01T11:59:30Z"),
            (
                session.GetAnnotation(PolicyNames.AlertNameAnnotation),
                session.GetAnnotation(PolicyNames.AlertFingerprintAnnotation),
                session.GetAnnotation(PolicyNames.AlertStartsAtAnnotation)
            )
        );
        Assert.Equal("nightly", session.GetLabel(PolicyNames.PolicyLabel));
        Assert.Equal(("policy-1", true), (PolicyRun.Owner(session)!.Uid, PolicyRun.Owner(session)!.Controller));
        Assert.Equal(["SessionCreated"], world.Events);
        var status = world.Status();
        Assert.Equal((1, session.Name), (status.ActiveCount, status.Active[0].Name));
        Assert.Equal(
            new LastAlertStatus
            {
                Name = "Slow",
                StartsAt = Now.AddSeconds(-30),
                Session = session.Name,
                SessionTime = Now,
            },
            status.LastAlert
        );
        Assert.Equal("AwaitingAlerts", status.Conditions.Single(c => c.Type == ConditionTypes.Ready).Reason);
        Assert.Null(status.LastScheduleTime);
        // sent again, in view or not, it makes nothing
        for (var i = 0; i < 3; i++)
        {
            world.Inbox.Offer([alert]);
            await world.ReconcileAsync();
            await world.SeenAsync();
        }
        Assert.Equal(["POST profilingsessions", "PUT profilingpolicies/nightly/status"], world.Writes);
        Assert.Equal(["SessionCreated"], world.Events);
        Assert.Empty(world.Inbox.Of(OnAlert()));
    }

    [Fact]
    public async Task An_alert_without_a_pod_profiles_the_target_as_it_is()
    {
        await using var world = await WorldAsync();
        world.Inbox.Offer([Alert()]);
        await world.ReconcileAsync();
        Assert.Equal(OnAlert().SessionSpec.ToString(), world.Session(world.Names[0]).Spec.ToString());
        Assert.Equal(0, world.PodLists);
    }

    /// <summary>What made an alert fire was before it; a run by the schedule has nothing to look back to.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("checkout-1")]
    public async Task A_session_by_an_alert_looks_back_as_its_policy_says(string? pod)
    {
        var policy = Hud.Operator.Tests.LookBack.MakeLookBack.Watching();
        await using var world = await WorldAsync([policy]);
        world.Inbox.Offer([pod is null ? Alert() : Alert("f1", 0, ("pod", pod))]);
        await world.ReconcileAsync();
        Assert.Equal("2m", world.Session(world.Names[0]).Spec.GetProperty("lookBack").GetString());
        var scheduled = PolicySession.Build(policy, new NewRun("nightly-1", Now, 0));
        Assert.False(scheduled.Spec.TryGetProperty("lookBack", out _));
    }

    /// <summary>Who can write an alert must not be able to profile another workload.</summary>
    [Theory]
    [InlineData("vault-0")]
    [InlineData("checkout-3")]
    [InlineData("../../bank/pods/vault-0")]
    [InlineData("checkout-1?x=")]
    public async Task A_pod_that_the_policys_target_does_not_select_is_not_profiled(string pod)
    {
        await using var world = await WorldAsync();
        world.Inbox.Offer([Alert("f1", 0, ("pod", pod))]);
        await world.ReconcileAsync();
        Assert.Empty(world.Names);
        Assert.Equal(["AlertPodNotSelected"], world.Events);
        Assert.Equal(1, world.PodLists);
    }

    [Theory]
    [InlineData(null, "app")]
    [InlineData("proxy", "proxy")]
    public async Task A_container_that_the_policy_names_is_not_the_alerts_to_change(string? container, string profiled)
    {
        var spec = Slow with { ContainerLabel = "container" };
        await using var world = await WorldAsync([OnAlert(spec, target: Checkout with { ContainerName = container })]);
        world.Inbox.Offer([Alert("f1", 0, ("pod", "checkout-1"), ("container", "app"))]);
        await world.ReconcileAsync();
        Assert.Equal(
            profiled,
            world.Session(world.Names[0]).Spec.GetProperty("target").GetProperty("containerName").GetString()
        );
    }

    [Fact]
    public async Task Two_leaders_make_one_session_of_one_alert()
    {
        await using var world = await WorldAsync();
        var other = new AlertInbox(world.Policies, new Log(TextWriter.Null, LogLevel.Error, world.Clock));
        other.Open(_ => { });
        var second = world.Leader(other);
        world.Inbox.Offer([Alert()]);
        other.Offer([Alert()]);
        await Task.WhenAll(world.ReconcileAsync(), world.ReconcileAsync(leader: second));
        Assert.Equal([NameOf(Alert())], world.Names);
        Assert.Single(world.Events, e => e == "SessionCreated");
    }

    [Fact]
    public async Task A_leader_that_was_restarted_keeps_the_cooldown_by_what_the_server_has()
    {
        await using var world = await WorldAsync();
        world.Inbox.Offer([Alert()]);
        await world.ReconcileAsync();
        await world.SeenAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(9));
        world.Inbox.Offer([Alert("f2", 500)]);
        await world.ReconcileAsync(leader: world.Leader());
        Assert.Single(world.Names);
        Assert.Equal(["SessionCreated", "AlertInCooldown"], world.Events);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        world.Inbox.Offer([Alert("f2", 500)]);
        await world.ReconcileAsync(leader: world.Leader());
        Assert.Equal(2, world.Names.Count);
    }

    /// <summary>Whoever may write the policy's status, or a session's annotations, ends no cooldown and begins none.</summary>
    [Fact]
    public async Task A_forged_status_and_forged_annotations_decide_nothing()
    {
        var forged = OnAlert();
        forged.Status = System.Text.Json.JsonSerializer.SerializeToElement(
            new ProfilingPolicyStatus
            {
                LastAlert = new LastAlertStatus { Session = NameOf(Alert()), SessionTime = Now },
            },
            HudJson.Default.ProfilingPolicyStatus
        );
        var stranger = ByAlert("f9", -1);
        stranger.Metadata.OwnerReferences = null;
        stranger.Metadata.Annotations![PolicyNames.AlertNameAnnotation] = "\u001b[31mforged";
        await using var world = await WorldAsync([forged], [stranger]);
        world.Inbox.Offer([Alert()]);
        await world.ReconcileAsync();
        Assert.Contains(NameOf(Alert()), world.Names);
        await world.SeenAsync();
        // of its own session, an editor of the namespace can write them: they are shown, within bounds
        var own = world.Session(NameOf(Alert()));
        own.Metadata.Annotations![PolicyNames.AlertNameAnnotation] = "\u001b[31m" + new string('x', 10_000);
        own.Metadata.Annotations[PolicyNames.AlertStartsAtAnnotation] = "tomorrow";
        await world.PutAsync(own);
        await world.ReconcileAsync();
        var last = world.Status().LastAlert!;
        Assert.Equal((128, '?', null), (last.Name.Length, last.Name[0], last.StartsAt));
        world.Inbox.Offer([Alert()]);
        await world.ReconcileAsync();
        Assert.Equal(2, world.Names.Count);
    }

    [Fact]
    public async Task Alerts_wait_while_the_server_cannot_say_which_pods_there_are()
    {
        await using var world = await WorldAsync();
        var pods = world.Pods;
        world.Pods = null;
        world.Inbox.Offer([Alert("f1", 0, ("pod", "checkout-1"))]);
        Assert.Equal(TimeSpan.FromSeconds(5), (await world.ReconcileAsync()).RequeueAfter);
        Assert.Empty(world.Names);
        await world.SeenAsync();
        world.Pods = pods;
        Assert.NotEqual(TimeSpan.FromSeconds(5), (await world.ReconcileAsync()).RequeueAfter);
        Assert.Single(world.Names);
    }

    [Fact]
    public async Task What_the_server_refuses_is_told_and_tried_again_when_it_is_sent_again()
    {
        await using var world = await WorldAsync();
        var refuse = true;
        world.OnCreate = async answer =>
        {
            if (refuse)
                await answer.ErrorAsync(403, "Forbidden", "exceeded quota: objects");
            return refuse;
        };
        world.Inbox.Offer([Alert(), Alert("f2")]);
        await world.ReconcileAsync();
        Assert.Equal(1, world.Writes.Count(w => w.StartsWith("POST", StringComparison.Ordinal)));
        Assert.Empty(world.Inbox.Of(OnAlert()));
        refuse = false;
        world.Inbox.Offer([Alert(), Alert("f2")]);
        await world.SeenAsync();
        await world.ReconcileAsync();
        Assert.Single(world.Names);
        Assert.Equal(["Refused", "SessionCreated", "AlertInCooldown"], world.Events);
    }

    [Fact]
    public async Task A_name_that_another_has_is_left_to_it()
    {
        var foreign = ByAlert("f1", 0);
        foreign.Metadata.OwnerReferences = null;
        await using var world = await WorldAsync(sessions: [foreign]);
        world.Inbox.Offer([Alert()]);
        await world.ReconcileAsync();
        Assert.Equal([foreign.Name], world.Names);
        Assert.Equal(["NameTaken"], world.Events);
    }

    [Fact]
    public async Task A_storm_of_a_thousand_alerts_costs_one_session_two_events_and_one_list()
    {
        await using var world = await WorldAsync();
        for (var again = 0; again < 5; again++)
        {
            world.Inbox.Offer([
                .. Enumerable
                    .Range(0, AlertInbox.MaxPerPolicy)
                    .Select(i => Alert($"f{i}", 0, ("pod", i % 2 == 0 ? "checkout-1" : $"other-{i}"))),
            ]);
            await world.ReconcileAsync();
            await world.SeenAsync();
        }
        Assert.Single(world.Names);
        Assert.Equal(["AlertInCooldown", "SessionCreated"], world.Events.Order(StringComparer.Ordinal).Distinct());
        Assert.InRange(world.Events.Count, 2, 3);
        Assert.Equal(1, world.PodLists);
        Assert.Equal(2, world.Writes.Count);
    }

    [Theory]
    [InlineData(true, true, "True", "Scheduled", "alerts make sessions")]
    [InlineData(true, false, "True", "Scheduled", "alerts.enabled")]
    [InlineData(false, true, "True", "AwaitingAlerts", "alerts make sessions")]
    [InlineData(false, false, "False", "AlertsNotReceived", "alerts.enabled")]
    public async Task Its_condition_says_what_makes_sessions(
        bool schedule,
        bool receives,
        string ready,
        string reason,
        string words
    )
    {
        var policy = OnAlert();
        if (schedule)
            policy.Spec = Both();
        await using var world = new PolicyWorld([policy], options: receives ? Receiving : Make.Options);
        await world.Ready;
        await world.ReconcileAsync();
        var condition = world.Status().Conditions.Single(c => c.Type == ConditionTypes.Ready);
        Assert.Equal((ready, reason), (condition.Status, condition.Reason));
        Assert.Contains(words, condition.Message, StringComparison.Ordinal);
    }

    private static System.Text.Json.JsonElement Both(bool suspend = false) =>
        System.Text.Json.JsonSerializer.SerializeToElement(
            new ProfilingPolicySpec
            {
                Session = Make.Spec(),
                Schedule = When("0 0 1 1 *") with { Suspend = suspend },
                Triggers = new TriggersSpec { Alert = Slow with { Suspend = suspend } },
            },
            HudJson.Default.ProfilingPolicySpec
        );

    [Fact]
    public async Task With_both_suspended_it_says_so_and_takes_no_alert()
    {
        var policy = OnAlert();
        policy.Spec = Both(suspend: true);
        await using var world = await WorldAsync([policy]);
        Assert.Equal(new AlertReceipt(AlertAnswer.Accepted), world.Inbox.Offer([Alert()]));
        await world.ReconcileAsync();
        var condition = world.Status().Conditions.Single(c => c.Type == ConditionTypes.Ready);
        Assert.Equal(("True", "Suspended"), (condition.Status, condition.Reason));
        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task A_policy_that_is_not_accepted_takes_none_and_is_not_asked_again()
    {
        var policy = OnAlert();
        await using var world = await WorldAsync([policy]);
        world.Inbox.Offer([Alert()]);
        var bad = OnAlert(Slow with { Cooldown = GoDuration.Parse("1s") });
        await world.PutAsync(bad);
        await world.ReconcileAsync();
        Assert.Empty(world.Names);
        Assert.Empty(world.Inbox.Of(policy));
        Assert.Contains(
            PolicyMessages.Cooldown,
            world.Status().Conditions.Single(c => c.Type == ConditionTypes.Accepted).Message,
            StringComparison.Ordinal
        );
    }
}
