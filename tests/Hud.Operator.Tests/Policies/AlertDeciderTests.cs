using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

public sealed class AlertDeciderTests
{
    private static readonly Dictionary<string, IReadOnlyList<string>> NoPods = [];

    private static AlertDecision Decide(
        PendingAlert[] alerts,
        SessionEntity[]? sessions = null,
        AlertTriggerSpec? spec = null,
        DateTimeOffset? now = null,
        PolicyMemory? memory = null,
        Dictionary<string, IReadOnlyList<string>>? pods = null
    )
    {
        var o = Observation(null, sessions, OnAlert(), now, memory, spec ?? Slow);
        return AlertDecider.Decide(
            new AlertObservation
            {
                Policy = o.Policy,
                Spec = o.Alert!,
                Made = AlertDecider.Made(o),
                Alerts = alerts,
                Pods = pods,
                Now = o.Now,
            }
        );
    }

    private static string SessionOf(PendingAlert alert) => PolicyNames.AlertSession(Name, "policy-1", alert.Incident);

    [Fact]
    public void An_alert_makes_a_session_under_a_name_that_follows_from_policy_and_incident()
    {
        var created = Decide([Pending()]).Create!;
        Assert.Equal(SessionOf(Pending()), created.Name);
        Assert.Matches("^nightly-alert-[0-9a-f]{16}$", created.Name);
        Assert.True(PolicyNames.IsOfAlert(Name, created.Name));
        Assert.Null(PolicyNames.Scheduled(Name, created.Name));
        // another policy of the name, another alert, and the same that fires again, make others
        Assert.Equal(
            4,
            new[]
            {
                created.Name,
                PolicyNames.AlertSession(Name, "policy-2", Pending().Incident),
                SessionOf(Pending("f2")),
                SessionOf(Pending(seconds: 1)),
            }
                .Distinct()
                .Count()
        );
    }

    [Theory]
    [InlineData("nightly-alert-0123456789abcde")]
    [InlineData("nightly-alert-0123456789abcdeF")]
    [InlineData("nightly-alert-x0123456789abcdef")]
    [InlineData("nightly-0123456789abcdef")]
    [InlineData("weekly-alert-0123456789abcdef")]
    [InlineData("alert-0123456789abcdef")]
    [InlineData("")]
    public void Other_names_are_of_no_alert(string session) => Assert.False(PolicyNames.IsOfAlert(Name, session));

    [Fact]
    public void The_longest_policys_name_gives_a_name_that_is_known_again()
    {
        var policy = new string('p', 253);
        var session = PolicyNames.AlertSession(policy, "u", "f|1");
        Assert.Equal(253, session.Length);
        Assert.True(PolicyNames.IsOfAlert(policy, session));
        Assert.False(PolicyNames.IsOfAlert(new string('p', 252), session));
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(-1, true)]
    [InlineData(3600, true)]
    [InlineData(3601, false)]
    [InlineData(86400 * 30, false)]
    public void An_alert_makes_a_session_within_an_hour_of_its_start(int age, bool made)
    {
        var alert = Pending(seconds: -age);
        Assert.Equal(made, Decide([alert]).Create is not null);
        if (made)
            return;
        var left = Assert.Single(Decide([alert]).LeftOut);
        Assert.Equal((AlertOutcome.OutOfTime, PolicyReasons.AlertOutOfTime), (left.Outcome, left.Reason));
    }

    [Fact]
    public void One_that_begins_in_the_future_waits_for_nothing()
    {
        var left = Assert.Single(Decide([Pending(seconds: 301)]).LeftOut);
        Assert.Equal(AlertOutcome.OutOfTime, left.Outcome);
        Assert.Contains("by the operator's clock it is", left.Why, StringComparison.Ordinal);
    }

    /// <summary>Whether it is sent again, by another replica of Alertmanager, or after the operator was restarted.</summary>
    [Fact]
    public void The_same_incident_makes_no_second_session_and_says_nothing()
    {
        var left = Assert.Single(Decide([Pending("f1", -1200)], [ByAlert("f1", -20)]).LeftOut);
        Assert.Equal((AlertOutcome.Repeated, null), (left.Outcome, left.Reason));
        // nor where a user deleted it, or the view is behind, as long as this leader knows of it
        var memory = PolicyMemory
            .Of(OnAlert(), null, null, Now)
            .With(new NewRun(SessionOf(Pending()), Now, 0) { Alert = Pending() });
        Assert.Equal(AlertOutcome.Repeated, Assert.Single(Decide([Pending()], memory: memory).LeftOut).Outcome);
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    public void From_one_session_to_the_next_the_cooldown_passes(int minutes, bool made)
    {
        var decision = Decide([Pending("f2", -10)], [ByAlert("f1", -minutes)]);
        Assert.Equal(made, decision.Create is not null);
        if (made)
            return;
        var left = Assert.Single(decision.LeftOut);
        Assert.Equal((AlertOutcome.Cooldown, PolicyReasons.AlertInCooldown), (left.Outcome, left.Reason));
        // one event for each session that is in the way
        Assert.Equal(ByAlert("f1", -minutes).Name, left.About);
        Assert.Contains("triggers.alert.cooldown is 10m", left.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Scheduled_sessions_do_not_count_and_neither_do_others()
    {
        var foreign = ByAlert("f1", -1);
        foreign.Metadata.OwnerReferences![0].Uid = "policy-of-before";
        var renamed = ByAlert("f1", -1);
        renamed.Metadata.Name = "nightly-alert-mine";
        Assert.NotNull(Decide([Pending("f2")], [Run(-1, policy: OnAlert()), foreign, renamed]).Create);
    }

    [Fact]
    public void Within_an_hour_no_more_sessions_are_made_than_it_may_have()
    {
        var spec = Slow with { Cooldown = GoDuration.Parse("1m"), MaxSessionsPerHour = 3 };
        SessionEntity[] three = [ByAlert("a", -2), ByAlert("b", -20), ByAlert("c", -59)];
        var left = Assert.Single(Decide([Pending()], three, spec).LeftOut);
        Assert.Equal((AlertOutcome.Limit, PolicyReasons.AlertOverLimit), (left.Outcome, left.Reason));
        Assert.NotNull(Decide([Pending("f1", 60)], three, spec, Now.AddMinutes(1)).Create);
    }

    /// <summary>A minute ago may look like in a minute; and sessions that were made by a clock of tomorrow stop nothing for a day.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(9, false)]
    [InlineData(61, true)]
    [InlineData(60 * 24 * 30, true)]
    public void A_clock_that_is_set_back_ends_no_cooldown_and_stops_nothing_for_long(int minutesAhead, bool made) =>
        Assert.Equal(made, Decide([Pending("f2")], [ByAlert("f1", minutesAhead)]).Create is not null);

    /// <summary>Whatever comes at once: one session, the others are told of in one notice.</summary>
    [Fact]
    public void A_storm_of_a_thousand_alerts_makes_one_session_and_two_events()
    {
        var storm = Enumerable.Range(0, 1000).Select(i => Pending($"f{i:0000}", -i % 60, $"checkout-{i}")).ToArray();
        Random.Shared.Shuffle(storm);
        Assert.True(Decide(storm).NeedsPods);
        var pods = Enumerable
            .Range(0, 1000)
            .Where(i => i % 2 == 1)
            .ToDictionary(i => $"checkout-{i}", IReadOnlyList<string> (_) => ["app"]);
        var decision = Decide(storm, pods: pods);
        // the first that began, of those whose pod there is
        Assert.Equal(SessionOf(Pending("f0059", -59, "checkout-59")), decision.Create!.Name);
        Assert.Equal(999, decision.LeftOut.Count);
        var notice = Assert.Single(AlertNotices.Of(decision.LeftOut));
        Assert.Equal((PolicyReasons.AlertInCooldown, decision.Create.Name), (notice.Reason, notice.About));
        Assert.Contains(", nor do 998 others:", notice.Message, StringComparison.Ordinal);
        // with nothing but pods of others: one event a minute
        var none = Assert.Single(AlertNotices.Of(Decide(storm, pods: NoPods).LeftOut));
        Assert.Equal(
            (PolicyReasons.AlertPodNotSelected, "2024-05-01T12:00:00Z", true),
            (none.Reason, none.About, none.Warning)
        );
    }

    [Fact]
    public void An_alert_that_names_a_pod_profiles_that_pod_if_the_target_selects_it()
    {
        Dictionary<string, IReadOnlyList<string>> pods = new(StringComparer.Ordinal)
        {
            ["checkout-1"] = ["app", "proxy"],
        };
        Assert.Equal("checkout-1", Decide([Pending(pod: "checkout-1")], pods: pods).Create!.Alert!.Pod);
        foreach (var other in (string[])["vault-0", "checkout-10", "CHECKOUT-1", "../vault-0", "checkout-1 "])
            Assert.Equal(
                AlertOutcome.PodNotSelected,
                Assert.Single(Decide([Pending(pod: other)], pods: pods).LeftOut).Outcome
            );
        Assert.NotNull(Decide([Pending(pod: "checkout-1") with { Container = "proxy" }], pods: pods).Create);
        var left = Assert.Single(Decide([Pending(pod: "checkout-1") with { Container = "db" }], pods: pods).LeftOut);
        Assert.Contains("no container db", left.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Pods_are_asked_for_only_where_they_decide()
    {
        Assert.False(Decide([Pending()]).NeedsPods);
        Assert.False(Decide([Pending(pod: "p")], [ByAlert("f2", -1)]).NeedsPods);
        Assert.False(Decide([Pending(seconds: -4000, pod: "p")]).NeedsPods);
        Assert.True(Decide([Pending(pod: "p")]).NeedsPods);
    }

    [Fact]
    public void A_suspended_trigger_makes_nothing() =>
        Assert.Equal(
            AlertOutcome.Suspended,
            Assert.Single(Decide([Pending()], spec: Slow with { Suspend = true }).LeftOut).Outcome
        );

    // the history

    private static IEnumerable<string> Deleted(SessionEntity[] sessions, AlertTriggerSpec? spec = null) =>
        PolicyDecider
            .Decide(Observation(null, sessions, OnAlert(), alert: spec ?? Slow))
            .Delete.Select(r => r.Name)
            .Order(StringComparer.Ordinal);

    [Fact]
    public void The_history_has_its_limits_and_what_says_what_was_made_is_kept_beyond_them()
    {
        var none = Slow with { SuccessfulSessionsHistoryLimit = 0, FailedSessionsHistoryLimit = 0 };
        SessionEntity[] sessions =
        [
            ByAlert("future", 600),
            ByAlert("a", -1),
            ByAlert("b", -64, RunState.Failed),
            ByAlert("c", -66),
            ByAlert("d", -67, RunState.Failed),
            ByAlert("e", -68, RunState.Active),
            ByAlert("f", -1000),
        ];
        Assert.Equal(
            sessions[3..5].Append(sessions[6]).Select(s => s.Name).Order(StringComparer.Ordinal),
            Deleted(sessions, none)
        );
        // the newest of all stays, however old
        Assert.Equal([sessions[6].Name], Deleted([sessions[3], sessions[6]], none));
        Assert.Empty(Deleted([.. Enumerable.Range(0, 3).Select(i => ByAlert($"f{i}", -100 * (i + 1)))]));
        Assert.Single(Deleted([.. Enumerable.Range(0, 4).Select(i => ByAlert($"f{i}", -100 * (i + 1)))]));
    }

    /// <summary>Nothing is deleted that the same incident could be made anew for.</summary>
    [Fact]
    public void No_incident_whose_session_was_deleted_can_make_another()
    {
        for (var ahead = 0; ahead <= 300; ahead += 60)
        {
            // the alert began as much after its session was made as the clocks may differ
            var deleted = Now + AlertDecider.Kept + TimeSpan.FromSeconds(1);
            Assert.Equal(
                AlertOutcome.OutOfTime,
                Assert.Single(Decide([Pending(seconds: ahead)], now: deleted).LeftOut).Outcome
            );
        }
    }

    [Fact]
    public void Sessions_by_alerts_are_in_no_runs_way_and_no_run_replaces_them()
    {
        var policy = Policy(When());
        SessionEntity[] sessions = [ByAlert("f1", -1, RunState.Active, policy), Run(-1, policy: policy)];
        foreach (var how in Enum.GetValues<ConcurrencyPolicy>())
        {
            var decision = PolicyDecider.Decide(
                Observation(When() with { ConcurrencyPolicy = how }, sessions, policy, alert: Slow)
            );
            Assert.Equal(Now, decision.Create!.Scheduled);
            Assert.Empty(decision.Stop);
            Assert.Empty(decision.Delete);
        }
        // nor does one say that runs were made
        Assert.Equal(
            Now.AddMinutes(-1),
            PolicyDecider
                .Decide(
                    Observation(When("0 0 1 1 *"), [ByAlert("f1", 0, policy: policy), Run(-1, policy: policy)], policy)
                )
                .Status.LastScheduleTime
        );
    }
}
