using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using static Hud.Operator.Tests.Policies.MakePolicy;
using static Hud.Operator.Tests.Policies.MakeRollout;

namespace Hud.Operator.Tests.Policies;

public sealed class RolloutDeciderTests
{
    private static readonly RolloutTriggerSpec Spec = new();

    [Fact]
    public void The_first_revision_makes_a_session_of_its_pods_once_it_has_settled_however_old_it_is()
    {
        var decision = Decide(Sight("v1", 1, -90 * 24 * 3600));
        Assert.Equal(NameOf("v1", 1), decision.Create!.Name);
        Assert.Equal("v1", decision.Create.Rollout!.Pods.MatchLabels!["pod-template-hash"]);
        Assert.Equal((null, PolicyReasons.SessionInProgress), (decision.Finding.IsWorse, decision.Finding.Reason));
        Assert.Empty(decision.Notices);
    }

    [Theory]
    [InlineData(-29, false)]
    [InlineData(-30, true)]
    [InlineData(0, false)]
    // a node's clock that is ahead of ours makes nobody wait longer
    [InlineData(3600, false)]
    public void It_waits_until_the_pods_have_been_ready_for_as_long_as_asked_for(int readySeconds, bool made)
    {
        var decision = Decide(Sight("v2", 2, readySeconds), [ByRollout("v1", 1, -600)]);
        Assert.Equal(made, decision.Create is not null);
        if (made)
            return;
        Assert.Equal(PolicyReasons.Settling, decision.Finding.Reason);
        Assert.Equal(Now.AddSeconds(Math.Min(readySeconds, 0) + 30), decision.Finding.LookAgain);
        var later = Decide(
            Sight("v2", 2, readySeconds),
            [ByRollout("v1", 1, -600)],
            memory: decision.Memory,
            now: Now.AddSeconds(30)
        );
        Assert.NotNull(later.Create);
    }

    [Fact]
    public void A_pod_that_is_replaced_meanwhile_does_not_begin_the_wait_anew_and_another_rollout_does()
    {
        var first = Decide(Sight("v2", 2, 0), [ByRollout("v1", 1, -600)]);
        var at = Now.AddSeconds(31);
        Assert.NotNull(Decide(Sight("v2", 2, 25), [ByRollout("v1", 1, -600)], memory: first.Memory, now: at).Create);
        var other = Decide(Sight("v3", 3, 25), [ByRollout("v1", 1, -600)], memory: first.Memory, now: at);
        Assert.Null(other.Create);
        Assert.Equal(Now.AddSeconds(55), other.Finding.LookAgain);
        Assert.Equal(
            NameOf("v3", 3),
            Decide(
                Sight("v3", 3, 25),
                [ByRollout("v1", 1, -600)],
                memory: other.Memory,
                now: Now.AddSeconds(55)
            ).Create!.Name
        );
    }

    [Fact]
    public void A_session_that_is_there_is_not_made_again()
    {
        var decision = Decide(Sight("v2", 2, -60), [ByRollout("v2", 2, 0, RunState.Active), ByRollout("v1", 1, -600)]);
        Assert.Null(decision.Create);
        Assert.Equal(PolicyReasons.SessionInProgress, decision.Finding.Reason);
        Assert.Equal(
            (NameOf("v2", 2), NameOf("v1", 1)),
            (decision.Finding.Status.Session, decision.Finding.Status.Baseline)
        );
    }

    /// <summary>The old revision has a session from before; the rollback is a rollout of its own and is compared with what it takes the place of.</summary>
    [Fact]
    public void A_rollback_makes_a_session_again()
    {
        SessionEntity[] sessions = [ByRollout("v2", 2, -60), ByRollout("v1", 1, -600)];
        var decision = Decide(Sight("v1", 3, -60), sessions);
        Assert.Equal(NameOf("v1", 3), decision.Create!.Name);
        Assert.NotEqual(NameOf("v1", 1), decision.Create.Name);
        var after = Decide(Sight("v1", 3, -60), [ByRollout("v1", 3, 0), .. sessions]);
        Assert.Equal(NameOf("v2", 2), after.Finding.Status.Baseline);
    }

    [Theory]
    [InlineData(-59, true)]
    [InlineData(-61, false)]
    public void What_was_rolled_out_while_nobody_looked_is_made_up_within_an_hour_and_told_after_that(
        int minutes,
        bool made
    )
    {
        var decision = Decide(Sight("v2", 2, 60 * minutes), [ByRollout("v1", 1, -600)]);
        Assert.Equal(made, decision.Create is not null);
        if (made)
            return;
        Assert.Equal(PolicyReasons.RolloutMissed, decision.Finding.Reason);
        var notice = Assert.Single(decision.Notices);
        Assert.Equal(
            (PolicyReasons.RolloutMissed, NameOf("v2", 2), true),
            (notice.Reason, notice.About, notice.Warning)
        );
        Assert.Equal("", decision.Memory.Wanted);
        // days later it is no news any more
        Assert.Empty(Decide(Sight("v2", 2, -25 * 3600), [ByRollout("v1", 1, -6000)]).Notices);
    }

    [Fact]
    public void One_that_waits_for_its_turn_does_not_become_too_old_by_that()
    {
        var hourly = Spec with { MaxSessionsPerHour = 1 };
        SessionEntity[] sessions = [ByRollout("v1", 1, -10)];
        var held = Decide(Sight("v2", 2, -60), sessions, hourly);
        Assert.Null(held.Create);
        Assert.Equal((PolicyReasons.OverLimit, Now.AddMinutes(50)), (held.Finding.Reason, held.Finding.LookAgain));
        var later = Decide(Sight("v2", 2, -60), sessions, hourly, held.Memory, Now.AddMinutes(70));
        Assert.Equal(NameOf("v2", 2), later.Create!.Name);
        // of those that came meanwhile, only the last
        Assert.Equal(
            NameOf("v4", 4),
            Decide(Sight("v4", 4, 0), sessions, hourly, held.Memory, Now.AddMinutes(50)).Create!.Name
        );
    }

    [Fact]
    public void After_a_session_the_cooldown_is_waited_for()
    {
        var calm = Spec with { Cooldown = GoDuration.Parse("2h") };
        var held = Decide(Sight("v2", 2, -60), [ByRollout("v1", 1, -61)], calm);
        Assert.Null(held.Create);
        Assert.Equal((PolicyReasons.InCooldown, Now.AddMinutes(59)), (held.Finding.Reason, held.Finding.LookAgain));
        Assert.NotNull(Decide(Sight("v2", 2, -60), [ByRollout("v1", 1, -121)], calm).Create);
        // without one two rollouts follow each other
        Assert.NotNull(Decide(Sight("v2", 2, -60), [ByRollout("v1", 1, -1)]).Create);
    }

    [Theory]
    [InlineData(RolloutState.InProgress, PolicyReasons.RolloutInProgress)]
    [InlineData(RolloutState.NoPods, PolicyReasons.NoPods)]
    [InlineData(RolloutState.NoWorkload, PolicyReasons.NoWorkload)]
    [InlineData(RolloutState.SeveralWorkloads, PolicyReasons.SeveralWorkloads)]
    public void While_nothing_is_rolled_out_nothing_is_made_and_no_old_answer_stands(RolloutState state, string reason)
    {
        var sight = new RolloutSight
        {
            State = state,
            Workload = "Deployment/checkout",
            Generation = 4,
            Message = "1 of 3 pods are available",
        };
        var decision = Decide(sight, [ByRollout("v2", 2, -60), ByRollout("v1", 1, -600)]);
        Assert.Null(decision.Create);
        Assert.Empty(decision.Notices);
        Assert.Equal((null, reason), (decision.Finding.IsWorse, decision.Finding.Reason));
        Assert.Contains("1 of 3 pods are available", decision.Finding.Message, StringComparison.Ordinal);
        Assert.Equal(
            (4, "", ""),
            (
                decision.Finding.Status.WorkloadGeneration,
                decision.Finding.Status.Revision,
                decision.Finding.Status.Session
            )
        );
    }

    [Fact]
    public void What_somebody_deleted_is_not_made_again_by_the_leader_that_made_it()
    {
        var made = Decide(Sight("v2", 2, -60), [ByRollout("v1", 1, -600)]);
        var memory = made.Memory.With(made.Create!);
        var soon = Decide(Sight("v2", 2, -60), [ByRollout("v1", 1, -600)], memory: memory, now: Now.AddSeconds(1));
        Assert.Equal((null, PolicyReasons.SessionInProgress), (soon.Create, soon.Finding.Reason));
        var later = Decide(Sight("v2", 2, -60), [ByRollout("v1", 1, -600)], memory: memory, now: Now.AddMinutes(5));
        Assert.Equal((null, PolicyReasons.SessionDeleted), (later.Create, later.Finding.Reason));
    }

    /// <summary>Whoever may write a session's annotations must not choose what a revision is compared with.</summary>
    [Theory]
    [InlineData(PolicyNames.RolloutRevisionAnnotation, "v0")]
    [InlineData(PolicyNames.RolloutNumberAnnotation, "7")]
    [InlineData(PolicyNames.RolloutNumberAnnotation, "-1")]
    [InlineData(PolicyNames.RolloutUidAnnotation, "other")]
    [InlineData(PolicyNames.RolloutWorkloadAnnotation, "Deployment/other")]
    [InlineData(PolicyNames.RolloutWorkloadAnnotation, "checkout")]
    public void Annotations_count_only_as_far_as_the_name_follows_from_them(string annotation, string value)
    {
        var forged = ByRollout("v1", 1, -600);
        Assert.Equal(Rollout("v1", 1), Operator.Policies.Rollout.Of(OnRollout(), forged));
        forged.Metadata.Annotations[annotation] = value;
        Assert.Null(Operator.Policies.Rollout.Of(OnRollout(), forged));
        var decision = Decide(Sight("v2", 2, -60), [ByRollout("v2", 2, 0), forged]);
        Assert.Equal(PolicyReasons.NoBaseline, decision.Finding.Reason);
        // it is one of the policy's all the same, and goes with the others when there are too many
        Assert.True(PolicyRun.Of(OnRollout(), forged)!.IsOfRollout);
    }

    [Fact]
    public void A_session_of_another_workload_is_no_baseline()
    {
        var policy = OnRollout();
        var other = new Rollout("Deployment", "basket", "deployment-2", "v9", 9);
        var session = PolicySession.Build(
            policy,
            new NewRun(PolicyNames.RolloutSession(Name, "policy-1", other), Now.AddMinutes(-60), 0)
            {
                Rollout = new RolloutTarget(other, new LabelSelector { MatchLabels = Labels(("app", "basket")) }),
            }
        );
        session.Metadata.CreationTimestamp = Now.AddMinutes(-60).UtcDateTime;
        session.Status = Status(RunState.Completed);
        // nor is a rollout too old that is the first of its workload
        Assert.NotNull(Decide(Sight("v1", 1, -7200), [session]).Create);
        Assert.Equal(
            PolicyReasons.NoBaseline,
            Decide(Sight("v1", 1, -60), [ByRollout("v1", 1, 0), session]).Finding.Reason
        );
    }

    [Fact]
    public void Names_of_its_sessions_are_of_no_schedule_and_no_alert()
    {
        var session = ByRollout("v1", 1, 0);
        Assert.StartsWith("nightly-rollout-", session.Name, StringComparison.Ordinal);
        Assert.False(PolicyNames.IsOfAlert(Name, session.Name));
        Assert.Null(PolicyNames.Scheduled(Name, session.Name));
        var policy = new string('p', 253);
        var name = PolicyNames.RolloutSession(policy, "policy-1", Rollout("v1", 1));
        Assert.InRange(name.Length, 1, 253);
        Assert.True(PolicyNames.IsOfRollout(policy, name));
    }

    private static int[] Deleted(SessionEntity[] sessions, RolloutTriggerSpec? spec)
    {
        var policy = OnRollout(spec);
        var decision = PolicyDecider.Decide(Observation(null, sessions, policy, rollouts: spec));
        return [.. decision.Delete.Select(r => (int)(r.Scheduled - Now).TotalMinutes)];
    }

    [Fact]
    public void The_history_keeps_what_is_compared_whatever_its_limits_say()
    {
        var none = Spec with { SuccessfulSessionsHistoryLimit = 0, FailedSessionsHistoryLimit = 0 };
        SessionEntity[] sessions =
        [
            ByRollout("v5", 6, -100, RunState.Failed),
            ByRollout("v4", 5, -200),
            ByRollout("v4", 4, -300),
            ByRollout("v3", 3, -400, RunState.Failed),
            ByRollout("v2", 2, -500),
            ByRollout("v1", 1, -600),
        ];
        // the newest; the newest that completed, with which the next is compared; and its own baseline
        Assert.Equal([-300, -600, -400], Deleted(sessions, none));
        Assert.Equal(
            [-600, -400],
            Deleted(sessions, Spec with { SuccessfulSessionsHistoryLimit = 2, FailedSessionsHistoryLimit = 1 })
        );
        // of a policy whose trigger was taken out, the usual
        Assert.Equal([-600, -400], Deleted(sessions, spec: null));
        // those of the last hour say how many there may be yet
        Assert.Empty(Deleted([.. Enumerable.Range(0, 6).Select(i => ByRollout($"v{i}", i, -10 * i))], none));
    }

    [Fact]
    public void Scheduled_sessions_and_those_of_rollouts_are_in_nobodys_way()
    {
        var forbid = When() with { ConcurrencyPolicy = ConcurrencyPolicy.Forbid };
        var decision = PolicyDecider.Decide(
            Observation(forbid, [ByRollout("v1", 1, -1, RunState.Active), Run(-1)], rollouts: Spec)
        );
        Assert.NotNull(decision.Create);
        Assert.Equal((Now.AddMinutes(-1), 1), (decision.Status.LastScheduleTime, decision.Status.ActiveCount));
    }

    [Theory]
    [InlineData(0, 1, null, null)]
    [InlineData(1, 1, null, "hour")]
    [InlineData(2, 3, null, null)]
    [InlineData(3, 3, null, "hour")]
    [InlineData(3, 60, "30m", "cooldown")]
    [InlineData(3, 60, "1m", null)]
    public void Pace_is_held_by_what_was_made(int made, int most, string? cooldown, string? held)
    {
        var sessions = Enumerable
            .Range(1, made)
            .Select(i => new MadeSession($"s{i}", Now.AddMinutes(-15 * i)))
            .ToList();
        var hold = Pace.Held(sessions, cooldown is null ? null : GoDuration.Parse(cooldown), most, Now);
        Assert.Equal(
            held,
            hold is null ? null
                : hold.IsCooldown ? "cooldown"
                : "hour"
        );
        if (hold is not null)
            Assert.Equal(
                held == "hour" ? Now.AddMinutes(60 - (15 * Math.Min(most, made))) : Now.AddMinutes(15),
                hold.Until
            );
    }
}
