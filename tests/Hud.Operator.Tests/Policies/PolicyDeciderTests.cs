using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

public sealed class PolicyDeciderTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static IEnumerable<int> Minutes(IEnumerable<PolicyRun> runs) =>
        runs.Select(r => (int)(r.Scheduled - Now).TotalMinutes);

    [Fact]
    public void A_run_that_is_due_is_made_under_the_name_of_its_minute()
    {
        var decision = Decide(When(), [Run(-1)]);
        Assert.Equal(new NewRun("nightly-28576080", Now, 0), decision.Create);
        Assert.Equal((Now, "nightly"), (PolicyNames.Scheduled(Name, "nightly-28576080"), Name));
        Assert.Empty(decision.Notices);
        Assert.InRange(decision.RequeueAfter, Minute, Minute + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Once_made_it_is_not_made_again_and_the_next_is_waited_for()
    {
        var decision = Decide(When("0 * * * *"), [Run(0, RunState.Active)], now: Now.AddSeconds(1));
        Assert.Null(decision.Create);
        Assert.Equal(Now.AddHours(1), decision.Status.NextScheduleTime);
        // not so long: a clock that is set wakes no timer
        Assert.Equal(PolicyDecider.LongestPause, decision.RequeueAfter);
        Assert.Equal(
            TimeSpan.FromMilliseconds(1005),
            Decide(When("0 * * * *"), [Run(0)], now: Now.AddMinutes(60).AddSeconds(-1)).RequeueAfter
        );
    }

    [Fact]
    public void A_new_policy_makes_nothing_up()
    {
        var policy = Policy(When("*/5 * * * *"), created: Now.AddSeconds(10));
        Assert.Null(Decide(When("*/5 * * * *"), policy: policy, now: Now.AddSeconds(20)).Create);
        Assert.Equal(
            Now.AddMinutes(5),
            Decide(When("*/5 * * * *"), policy: policy, now: Now.AddMinutes(5)).Create!.Scheduled
        );
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void A_run_may_be_late_for_as_long_as_its_deadline(int minutes, bool made)
    {
        var decision = Decide(When("0 * * * *"), [Run(-60)], now: Now.AddMinutes(minutes));
        Assert.Equal(made, decision.Create is not null);
        Assert.Equal(made ? 0 : 1, decision.Status.MissedRuns);
        if (made)
            return;
        var notice = Assert.Single(decision.Notices);
        Assert.Equal((PolicyReasons.RunsMissed, true), (notice.Reason, notice.Warning));
        Assert.Contains("the run of 2024-05-01T12:00:00Z was missed", notice.Message, StringComparison.Ordinal);
    }

    /// <summary>However long nobody looked: one run, the newest, and the rest is counted.</summary>
    [Theory]
    [InlineData("* * * * *", 60, 0, 59)]
    [InlineData("*/10 * * * *", 605, 600, 59)]
    [InlineData("* * * * *", 60 * 24 * 365, 60 * 24 * 365, DueRuns.MaxCount - 1)]
    [InlineData("0 0 * * *", 60 * 24 * 3, null, 3)]
    public void After_an_outage_at_most_one_run_is_made_up(string cron, int minutes, int? made, int missed)
    {
        made = cron == "* * * * *" ? minutes : made;
        var decision = Decide(When(cron), [Run(0)], now: Now.AddMinutes(minutes));
        Assert.Equal(made is { } m ? Now.AddMinutes(m) : null, decision.Create?.Scheduled);
        Assert.Equal(missed, decision.Create?.Missed ?? missed);
        Assert.Equal(missed, decision.Status.MissedRuns);
        Assert.Equal(PolicyReasons.RunsMissed, Assert.Single(decision.Notices).Reason);
    }

    [Fact]
    public void What_was_missed_before_a_run_stays_told_while_its_session_is_kept()
    {
        var decision = Decide(When("0 * * * *"), [Run(0), Run(-60, missed: 7), Run(-120, missed: 2)]);
        Assert.Equal(9, decision.Status.MissedRuns);
        Assert.Empty(decision.Notices);
    }

    [Fact]
    public void Forbid_waits_for_the_end_of_the_other_and_then_begins_if_it_is_not_too_late()
    {
        var waits = Decide(When("*/30 * * * *"), [Run(-30, RunState.Active)], now: Now.AddMinutes(2));
        Assert.Null(waits.Create);
        Assert.Equal(PolicyReasons.RunWaits, Assert.Single(waits.Notices).Reason);
        Assert.Equal((0, 1), (waits.Status.MissedRuns, waits.Status.ActiveCount));
        Assert.Equal(Now, Decide(When("*/30 * * * *"), [Run(-30)], now: Now.AddMinutes(2)).Create!.Scheduled);
        var late = Decide(When("*/30 * * * *"), [Run(-30, RunState.Active)], now: Now.AddMinutes(11));
        Assert.Equal((null, 1L), (late.Create, late.Status.MissedRuns));
        // the newest waits, in the place of those before it
        var newer = Decide(When(), [Run(-3, RunState.Active)]);
        Assert.Equal((null, 2L), (newer.Create, newer.Status.MissedRuns));
        Assert.Equal(
            [(PolicyReasons.RunsMissed, "2024-05-01T11:59:00Z"), (PolicyReasons.RunWaits, "2024-05-01T12:00:00Z")],
            newer.Notices.Select(n => (n.Reason, n.About))
        );
        // one that is being deleted is not in the way
        var leaving = Run(-1, RunState.Active);
        leaving.Metadata.DeletionTimestamp = Now.UtcDateTime;
        Assert.NotNull(Decide(When(), [leaving]).Create);
    }

    [Fact]
    public void Allow_begins_beside_the_other() =>
        Assert.NotNull(
            Decide(When() with { ConcurrencyPolicy = ConcurrencyPolicy.Allow }, [Run(-1, RunState.Active)]).Create
        );

    [Fact]
    public void Replace_begins_and_then_stops_those_before_as_a_user_would()
    {
        var replace = When() with { ConcurrencyPolicy = ConcurrencyPolicy.Replace };
        var first = Decide(replace, [Run(-1, RunState.Active)]);
        Assert.NotNull(first.Create);
        Assert.Empty(first.Stop); // nothing has taken its place yet: the server may refuse it

        var stopping = Run(-3, RunState.Active);
        stopping.Spec = System.Text.Json.JsonSerializer.SerializeToElement(
            Make.Spec() with
            {
                Suspend = true,
            },
            HudJson.Default.ProfilingSessionSpec
        );
        var then = Decide(
            replace,
            [Run(0, RunState.Active), Run(-1, RunState.Active), Run(-2, RunState.Active, begun: false), stopping]
        );
        Assert.Null(then.Create);
        Assert.Equal([-1], Minutes(then.Stop));
        Assert.Equal([-2], Minutes(then.Delete)); // it would wait for ever
        foreach (var policy in (ConcurrencyPolicy[])[ConcurrencyPolicy.Allow, ConcurrencyPolicy.Forbid])
        {
            var left = Decide(
                When() with
                {
                    ConcurrencyPolicy = policy,
                },
                [Run(0, RunState.Active), Run(-1, RunState.Active)]
            );
            Assert.Equal((0, 0), (left.Stop.Count, left.Delete.Count));
        }
    }

    [Fact]
    public void Suspended_it_makes_none_keeps_what_runs_and_has_no_next()
    {
        var decision = Decide(When() with { Suspend = true }, [Run(-30, RunState.Active)]);
        Assert.Equal((null, null, 0L), (decision.Create, decision.Status.NextScheduleTime, decision.Status.MissedRuns));
        Assert.Empty(decision.Stop);
        Assert.Empty(decision.Notices);
        var ready = decision.Status.Conditions.Single(c => c.Type == ConditionTypes.Ready);
        Assert.Equal(("True", PolicyReasons.Suspended), (ready.Status, ready.Reason));
    }

    /// <summary>What was due by another schedule, or while it was suspended, is neither made up nor missed, as far as this leader saw the change.</summary>
    [Fact]
    public void A_schedule_counts_from_when_it_is_seen()
    {
        var suspended = When() with { Suspend = true };
        var memory = PolicyMemory.Of(Policy(), suspended, before: null, Now.AddMinutes(-20));
        var resumed = Decide(When(), [Run(-30)], now: Now.AddSeconds(30), memory: memory);
        Assert.Equal((null, 0L), (resumed.Create, resumed.Status.MissedRuns));
        memory = PolicyMemory.Of(Policy(), When("0 0 * * *"), before: null, Now.AddMinutes(-20));
        Assert.Null(Decide(When(), [Run(-30)], now: Now.AddSeconds(30), memory: memory).Create);
        // another limit is no other schedule: what is due stays due
        memory = PolicyMemory.Of(Policy(), When(), before: null, Now.AddMinutes(-20));
        Assert.NotNull(Decide(When() with { FailedSessionsHistoryLimit = 5 }, [Run(-1)], memory: memory).Create);
        // nor is a policy of the same name, made anew, the one that was seen
        var other = Policy(uid: "policy-2", created: Now.AddMinutes(-3));
        Assert.NotNull(Decide(When(), policy: other, memory: memory).Create);
    }

    [Theory]
    [InlineData(3, 1, new[] { -7, -4, -6, -8 })]
    [InlineData(1, 2, new[] { -3, -5, -7, -6, -8 })]
    [InlineData(0, 0, new[] { -3, -5, -7, -2, -4, -6, -8 })] // the newest says what is done with
    [InlineData(100, 100, new int[0])]
    public void Sessions_beyond_the_limits_go(int successes, int failures, int[] deleted)
    {
        var schedule = When() with
        {
            SuccessfulSessionsHistoryLimit = successes,
            FailedSessionsHistoryLimit = failures,
        };
        var runs = Enumerable
            .Range(1, 8)
            .Select(i => Run(-i, i % 2 == 1 ? RunState.Completed : RunState.Failed))
            .ToArray();
        Assert.Equal(deleted, Minutes(Decide(schedule, runs, now: Now.AddSeconds(-1)).Delete));
    }

    [Fact]
    public void One_in_progress_or_on_its_way_out_is_not_beyond_a_limit()
    {
        var none = When("0 * * * *") with { SuccessfulSessionsHistoryLimit = 0, FailedSessionsHistoryLimit = 0 };
        var leaving = Run(-120);
        leaving.Metadata.DeletionTimestamp = Now.UtcDateTime;
        Assert.Empty(Decide(none, [Run(0), Run(-60, RunState.Active), leaving]).Delete);
    }

    /// <summary>Whoever may make or label sessions: only what the policy owns, under the name of a run, is taken for one.</summary>
    [Fact]
    public void Sessions_of_others_are_neither_counted_nor_deleted_whatever_their_labels_say()
    {
        var none = When() with { SuccessfulSessionsHistoryLimit = 0, FailedSessionsHistoryLimit = 0 };
        SessionEntity Changed(int minutes, Action<V1ObjectMeta> change, RunState state = RunState.Completed)
        {
            var session = Run(minutes, state);
            change(session.Metadata);
            return session;
        }
        SessionEntity[] others =
        [
            Changed(0, m => m.OwnerReferences = null),
            Changed(0, m => m.OwnerReferences![0].Uid = "policy-9"),
            Changed(0, m => m.OwnerReferences![0].Controller = false),
            Changed(0, m => m.OwnerReferences![0].Kind = "CronJob"),
            Changed(0, m => m.OwnerReferences![0].ApiVersion = "example.com/v1"),
            Changed(0, m => m.NamespaceProperty = "bank"),
            Changed(0, m => m.Name = "nightly-backup"),
            Changed(0, m => m.Name = "nightly-028576080"),
            Changed(0, m => m.Name = "nightly-99999999999999999999"),
            Changed(0, m => m.Name = "nightly-999999999999999"),
            Changed(0, m => m.Name = "nightly--28576080"),
            Changed(0, m => m.Name = "28576080"),
            Changed(0, m => m.Name = "other-28576080"),
            Changed(0, m => m.OwnerReferences = null, RunState.Active),
        ];
        var decision = Decide(none, [Run(-1), Run(-2), .. others]);
        Assert.Equal(Now, decision.Create!.Scheduled);
        Assert.Equal([-2], Minutes(decision.Delete));
        Assert.Equal((Now.AddMinutes(-1), 0), (decision.Status.LastScheduleTime, decision.Status.ActiveCount));

        // and of its own the labels and annotations do not matter
        var bare = Changed(
            0,
            m =>
            {
                m.Labels = new Dictionary<string, string> { [PolicyNames.PolicyLabel] = "another" };
                m.Annotations = new Dictionary<string, string>
                {
                    [PolicyNames.ScheduledAnnotation] = "1970-01-01T00:00:00Z",
                    [PolicyNames.MissedAnnotation] = "99999999999999999999",
                };
            }
        );
        var same = Decide(none, [bare, Run(-1)]);
        Assert.Null(same.Create);
        Assert.Equal([-1], Minutes(same.Delete));
        Assert.Equal(0, same.Status.MissedRuns);
    }

    /// <summary>Whoever may write a policy's status: what is done is the same, and the next write puts the status right.</summary>
    [Fact]
    public void A_forged_status_changes_nothing()
    {
        ProfilingPolicyStatus?[] forged =
        [
            null,
            new() { LastScheduleTime = Now.AddYears(10), NextScheduleTime = Now.AddYears(10) },
            new() { LastScheduleTime = Now, MissedRuns = 1_000_000 },
            new() { LastScheduleTime = Now.AddYears(-50) },
            new()
            {
                ObservedGeneration = 99,
                ActiveCount = 5,
                Active = [new ActiveRun { Name = "nightly-1", ScheduledTime = Now }],
                LastSession = new LastSessionStatus { Name = "payroll" },
                Conditions =
                [
                    new Condition { Type = ConditionTypes.Accepted, Status = "False" },
                    new Condition { Type = "Complete", Status = "True" },
                ],
            },
        ];
        SessionEntity[][] worlds =
        [
            [],
            [Run(-1), Run(-2), Run(-3), Run(-4), Run(-5)],
            [Run(-1, RunState.Active)],
            [Run(0)],
        ];
        foreach (var sessions in worlds)
        {
            var honest = Decide(When(), sessions);
            foreach (var status in forged)
            {
                var decision = Decide(When(), sessions, Policy(status: status));
                Assert.Equal(honest.Create, decision.Create);
                Assert.Equal(honest.Delete, decision.Delete);
                Assert.Equal(honest.Stop, decision.Stop);
                Assert.Equal(honest.Notices, decision.Notices);
                Assert.Equal(honest.RequeueAfter, decision.RequeueAfter);
                Assert.True(StatusCompare.AreEquivalent(honest.Status, decision.Status));
            }
        }
    }

    [Fact]
    public void A_clock_that_went_back_makes_each_minute_once_more_at_most_and_stops_for_none()
    {
        // a run an hour ahead is of the clock as it was: it keeps nothing from being made, and its own minute is taken
        var decision = Decide(When(), [Run(60), Run(59), Run(58)]);
        Assert.Equal((Now, 0L), (decision.Create!.Scheduled, decision.Create.Missed));
        Assert.Empty(decision.Delete);
        Assert.Equal(0, decision.Status.MissedRuns);
        // also where it went back to before the policy was made
        var memory = PolicyMemory.Of(Policy(), When(), before: null, Now.AddDays(-2).AddSeconds(-30));
        var before = Decide(When(), now: Now.AddDays(-2), memory: memory);
        Assert.Equal(Now.AddDays(-2), before.Create!.Scheduled);
        Assert.Null(
            Decide(
                When(),
                now: Now.AddDays(-2),
                memory: PolicyMemory.Of(Policy(), When(), before: null, Now.AddDays(-2).AddSeconds(-30)) with
                {
                    Done = Now.AddDays(-2),
                }
            ).Create
        );
    }

    [Fact]
    public void A_clock_that_went_ahead_and_back_goes_on_where_it_was()
    {
        var ahead = Decide(When(), [Run(0)], now: Now.AddDays(1));
        Assert.Equal((Now.AddDays(1), DueRuns.MaxCount - 1L), (ahead.Create!.Scheduled, ahead.Create.Missed));
        var back = Decide(When(), [Run(24 * 60), Run(0)], now: Now.AddMinutes(1));
        Assert.Equal(Now.AddMinutes(1), back.Create!.Scheduled);
    }

    [Fact]
    public void The_status_tells_of_the_newest_session_that_is_over_and_of_those_in_progress()
    {
        var allow = When() with { ConcurrencyPolicy = ConcurrencyPolicy.Allow };
        var status = Decide(
            allow,
            [Run(0, RunState.Active), Run(-1, RunState.Failed), Run(-2), Run(-3, RunState.Active)]
        ).Status;
        Assert.Equal((Now, 2, 1L), (status.LastScheduleTime, status.ActiveCount, status.ObservedGeneration));
        Assert.Equal(["nightly-28576080", "nightly-28576077"], status.Active.Select(a => a.Name));
        var last = status.LastSession!;
        Assert.Equal(
            ("nightly-28576079", RunOutcome.Failed, "NoTokioRuntime", 1.5, "12ms", "healthy", null),
            (
                last.Name,
                last.Outcome,
                last.Reason,
                last.BlockedPercent,
                last.WorstPoll,
                last.Verdict,
                last.ExpectationsMet
            )
        );
    }

    [Fact]
    public void Names_are_within_the_bound_and_are_read_back()
    {
        foreach (var length in (int[])[1, 63, 64, 244, 245, 253])
        {
            var policy = new string('p', length);
            var name = PolicyNames.Session(policy, Now);
            Assert.InRange(name.Length, 1, 253);
            Assert.Equal(Now, PolicyNames.Scheduled(policy, name));
            Assert.InRange(PolicyNames.Label(policy).Length, 1, 63);
        }
    }

    [Fact]
    public void A_session_is_made_as_the_template_says_and_is_owned()
    {
        var policy = Policy();
        var session = PolicySession.Build(policy, new NewRun("nightly-1", Now, 3));
        Assert.Equal(policy.SessionSpec.ToString(), session.Spec.ToString());
        Assert.Equal("shop", session.Namespace);
        var owner = Assert.Single(session.Metadata.OwnerReferences);
        Assert.Equal(
            ("hud.dev/v1alpha1", "ProfilingPolicy", "nightly", "policy-1", true, false),
            (owner.ApiVersion, owner.Kind, owner.Name, owner.Uid, owner.Controller, owner.BlockOwnerDeletion)
        );
        Assert.Equal("nightly", session.GetLabel("hud.dev/policy"));
        Assert.Equal("2024-05-01T12:00:00Z", session.GetAnnotation("hud.dev/scheduled-at"));
        Assert.Equal("3", session.GetAnnotation("hud.dev/missed-runs"));
    }
}
