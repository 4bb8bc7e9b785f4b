using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using static Hud.Operator.Tests.Policies.MakePolicy;
using static Hud.Operator.Tests.Policies.MakeRollout;

namespace Hud.Operator.Tests.Policies;

/// <summary>What is said of two sessions whose statuses are those that the operator writes of profiles.</summary>
public sealed class RolloutVerdictTests
{
    private static RolloutDecision Judge(
        ProfilingSessionStatus before,
        ProfilingSessionStatus after,
        double lostPercent = 1
    ) =>
        Decide(
            Sight("v2", 2, -60),
            [ByRollout("v2", 2, 0, status: after), ByRollout("v1", 1, -60, status: before)],
            new RolloutTriggerSpec { Regression = new RegressionSpec { LostPercent = lostPercent } }
        );

    [Fact]
    public void A_new_hotspot_is_a_regression_that_names_both_sessions_the_place_and_how_much()
    {
        var decision = Judge(Found([("parse", 0.3)]), Found([("parse", 0.3), ("hash_password", 8.7)]));
        var finding = decision.Finding;
        Assert.Equal((true, PolicyReasons.Regression), (finding.IsWorse, finding.Reason));
        Assert.Equal(
            $"worse: session {NameOf("v2", 2)} of revision v2 lost 9% of worker time, session {NameOf("v1", 1)} of revision v1 lost 0.3% of worker time; the worst is new: shop::hash_password (src/main.rs:7), 8.7%",
            finding.Message
        );
        Assert.Equal(
            new RolloutStatus
            {
                Workload = "Deployment/checkout",
                WorkloadGeneration = 12,
                Revision = "v2",
                Session = NameOf("v2", 2),
                BlockedPercent = 9,
                Baseline = NameOf("v1", 1),
                BaselineBlockedPercent = 0.3,
            },
            finding.Status
        );
        var notice = Assert.Single(decision.Notices);
        Assert.Equal(
            (PolicyReasons.Regression, finding.Message, true),
            (notice.Reason, notice.Message, notice.Warning)
        );
    }

    [Theory]
    // a service freed of its worst blocker may lose a little more elsewhere
    [InlineData(8, 0.1, 2, 0.9, 1, false, "better: ")]
    [InlineData(2, 0.1, 4, 0.1, 1, true, "; the worst grew: shop::a (src/main.rs:7), 2% -> 4%")]
    // below the bound, or below a quarter more, is noise
    [InlineData(2, 0.1, 2.9, 0.1, 1, false, "no worse: ")]
    [InlineData(10, 0.1, 12, 0.1, 1, false, "no worse: ")]
    [InlineData(2, 0.1, 4, 0.1, 5, false, "no worse: ")]
    [InlineData(2, 0.1, 2.6, 0.1, 0.5, true, "worse: ")]
    [InlineData(0, 0, 0, 0, 1, false, "no worse: ")]
    public void More_is_a_regression_from_the_bound_on(
        double a,
        double b,
        double thenA,
        double thenB,
        double bound,
        bool worse,
        string words
    )
    {
        (string, double)[] Spots(double x, double y) => x == 0 ? [] : [("a", x), ("b", y)];
        var decision = Judge(Found(Spots(a, b)), Found(Spots(thenA, thenB)), bound);
        Assert.Equal(worse, decision.Finding.IsWorse);
        Assert.Contains(words, decision.Finding.Message, StringComparison.Ordinal);
        Assert.Equal(
            worse ? PolicyReasons.Regression : PolicyReasons.NoRegression,
            Assert.Single(decision.Notices).Reason
        );
    }

    /// <summary>A status lists the worst hotspots. What it does not list may have been there, so it is not called new.</summary>
    [Fact]
    public void What_the_baseline_does_not_list_is_not_taken_for_new()
    {
        (string, double)[] many = [.. Enumerable.Range(0, 30).Select(i => ($"f{i:00}", 2.0))];
        var before = Found(many, top: 5);
        Assert.Equal(5, before.Hotspots.Count);
        Assert.Equal(2, StatusProfile.Unlisted(before));
        // the last ones are listed now
        var decision = Judge(before, Found([.. many.Reverse()], top: 5));
        Assert.False(decision.Finding.IsWorse);
        Assert.Contains("may have taken 2% at one place", decision.Finding.Message, StringComparison.Ordinal);
        // and what is more than can have been there is new all the same
        Assert.True(Judge(before, Found([.. many[..24], ("fresh", 3.5)], top: 5)).Finding.IsWorse);
    }

    [Fact]
    public void A_list_that_is_whole_hides_nothing()
    {
        Assert.Equal(0, StatusProfile.Unlisted(Found([("a", 33.33), ("b", 33.33), ("c", 0.01)])));
        Assert.Equal(0, StatusProfile.Unlisted(new ProfilingSessionStatus()));
        // its texts may have been cut and its list with them
        var cut = Found([("a", 5), ("b", 2)]) with
        {
            Hotspots = [],
        };
        Assert.InRange(StatusProfile.Unlisted(cut), 6.9, 7);
    }

    [Fact]
    public void Waiting_for_a_CPU_is_no_regression()
    {
        var after = Found([("a", 30)]);
        after = after with
        {
            Summary = after.Summary! with { BlockedPercent = 0 },
            Hotspots = [after.Hotspots[0] with { Cause = HotspotCause.RunQueue }],
        };
        Assert.False(Judge(Found([]), after).Finding.IsWorse);
    }

    [Theory]
    [InlineData(0, 60_000, "v1")]
    [InlineData(60_000, 0, "v2")]
    public void A_session_that_measured_nothing_says_nothing(long pollsBefore, long pollsAfter, string which)
    {
        var decision = Judge(Found([], pollsBefore), Found([], pollsAfter));
        Assert.Equal((null, PolicyReasons.NotComparable), (decision.Finding.IsWorse, decision.Finding.Reason));
        Assert.Contains(
            $"of revision {which} of Deployment checkout measured nothing: NO DATA",
            decision.Finding.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(decision.Notices);
    }

    [Fact]
    public void Without_a_baseline_it_is_unknown_and_says_why()
    {
        var first = Decide(Sight("v1", 1, -60), [ByRollout("v1", 1, 0, status: Found([("a", 3)]))]);
        Assert.Equal((null, PolicyReasons.NoBaseline), (first.Finding.IsWorse, first.Finding.Reason));
        Assert.Contains("the next revision is compared with it", first.Finding.Message, StringComparison.Ordinal);
        Assert.Equal(3, first.Finding.Status.BlockedPercent);
        var failed = Decide(
            Sight("v2", 2, -60),
            [ByRollout("v2", 2, 0, status: Found([("a", 3)])), ByRollout("v1", 1, -60, RunState.Failed)]
        );
        Assert.Equal(PolicyReasons.NoBaseline, failed.Finding.Reason);
        Assert.Contains(
            $"session {NameOf("v1", 1)} of revision v1 of Deployment checkout failed",
            failed.Finding.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_failed_session_between_two_is_stepped_over()
    {
        var decision = Decide(
            Sight("v3", 3, -60),
            [
                ByRollout("v3", 3, 0, status: Found([("a", 3)])),
                ByRollout("v2", 2, -60, RunState.Failed),
                ByRollout("v1", 1, -120, status: Found([("a", 3)])),
            ]
        );
        Assert.Equal((false, NameOf("v1", 1)), (decision.Finding.IsWorse, decision.Finding.Status.Baseline));
    }

    [Fact]
    public void A_session_of_the_new_revision_that_failed_says_nothing()
    {
        var finding = Decide(
            Sight("v2", 2, -60),
            [ByRollout("v2", 2, 0, RunState.Failed), ByRollout("v1", 1, -60, status: Found([]))]
        ).Finding;
        Assert.Equal((null, PolicyReasons.SessionFailed), (finding.IsWorse, finding.Reason));
    }

    [Fact]
    public void What_was_found_long_ago_is_no_news_to_the_next_leader()
    {
        var decision = Judge(Found([]), Found([("a", 9)], minutes: -61));
        Assert.True(decision.Finding.IsWorse);
        Assert.Empty(decision.Notices);
    }

    [Fact]
    public void What_limits_the_comparison_is_said()
    {
        var before = ByRollout("v1", 1, -60, status: Found([("a", 3)], polls: 10_000));
        before.Spec = System.Text.Json.JsonSerializer.SerializeToElement(
            Make.Spec() with
            {
                Threshold = GoDuration.Parse("20ms"),
            },
            Core.HudJson.Default.ProfilingSessionSpec
        );
        var after = Found([("a", 3)]);
        after = after with
        {
            TargetCounts = new TargetCounts
            {
                Selected = 2,
                Succeeded = 1,
                Failed = 1,
            },
        };
        var message = Decide(Sight("v2", 2, -60), [ByRollout("v2", 2, 0, status: after), before]).Finding.Message;
        foreach (
            var part in (string[])
                [
                    "with care: ",
                    "the thresholds differ (20ms, ",
                    "the load differs: ",
                    "after: 1 of 2 pods gave no profile",
                ]
        )
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    /// <summary>Names come from the profiled program, whoever wrote that; the message is read on terminals.</summary>
    [Fact]
    public void Names_are_cleaned_and_cut()
    {
        var name = "evil\u001b[2J" + new string('x', 500);
        var message = Judge(Found([]), Found([(name, 9)])).Finding.Message;
        Assert.DoesNotContain('\u001b', message);
        Assert.InRange(message.Length, 100, 1000);
        Assert.Equal(ConditionTypes.RegressionFound, ConditionTypes.Order[^1]);
    }
}
