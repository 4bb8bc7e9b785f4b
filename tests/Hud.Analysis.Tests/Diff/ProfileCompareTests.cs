using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Tests.Documents;

namespace Hud.Analysis.Tests;

public sealed class ProfileCompareTests
{
    private static readonly ProfileDocument Before = RealisticDocuments.Checkout();

    [Fact]
    public void A_fixed_blocker_is_gone_and_the_outcome_is_better()
    {
        var diff = ProfileCompare.Compare(Before, RealisticDocuments.CheckoutFixed());
        Assert.Equal(DiffOutcome.Better, diff.Outcome);
        var gone = Assert.Single(diff.Hotspots, h => h.Change == HotspotChange.Gone);
        Assert.Equal("checkout::login", gone.UserFrame);
        Assert.Equal(0, gone.AfterPercent);
        Assert.Contains("gone: checkout::login (src/login.rs:42)", diff.Verdict);
        Assert.StartsWith("BETTER: ", diff.Verdict);
    }

    [Fact]
    public void The_other_way_round_it_is_new_and_worse()
    {
        var diff = ProfileCompare.Compare(RealisticDocuments.CheckoutFixed(), Before);
        Assert.Equal(DiffOutcome.Worse, diff.Outcome);
        Assert.Equal("checkout::login", Assert.Single(diff.Hotspots, h => h.Change == HotspotChange.New).UserFrame);
    }

    [Fact]
    public void A_run_compared_with_itself_shows_no_change()
    {
        var diff = ProfileCompare.Compare(Before, Before);
        Assert.Equal(DiffOutcome.Same, diff.Outcome);
        Assert.All(diff.Hotspots, h => Assert.Equal(HotspotChange.Same, h.Change));
        Assert.Empty(diff.Notes);
    }

    [Theory]
    [InlineData(62, 5000, 18, 5000, HotspotChange.Better)]
    [InlineData(18, 5000, 62, 5000, HotspotChange.Worse)]
    // within what a histogram of powers of two can tell
    [InlineData(40, 5000, 79, 5000, HotspotChange.Same)]
    // many times longer, and still nothing that anyone feels
    [InlineData(0.01, 5000, 0.9, 5000, HotspotChange.Same)]
    [InlineData(0.01, 5000, 1, 5000, HotspotChange.Worse)]
    // the p99 of some dozen waits is one of them
    [InlineData(18, 199, 62, 5000, HotspotChange.Same)]
    [InlineData(18, 5000, 62, 199, HotspotChange.Same)]
    public void A_wait_for_a_worker_is_better_or_worse_where_it_is_more_than_noise(
        double beforeMs,
        long beforeCount,
        double afterMs,
        long afterCount,
        HotspotChange change
    )
    {
        var diff = ProfileCompare.Compare(Waiting((beforeMs, beforeCount)), Waiting((afterMs, afterCount)));

        var wait = Assert.Single(diff.Waits);
        Assert.Equal((change, "login"), (wait.Change, wait.Task));
        Assert.Equal((beforeCount, afterCount), (wait.BeforeCount, wait.AfterCount));
        // who waits is not who is to blame
        Assert.Equal(DiffOutcome.Same, diff.Outcome);
    }

    [Fact]
    public void Waits_of_a_task_type_are_compared_over_all_targets_and_only_where_both_runs_timed_them()
    {
        var diff = ProfileCompare.Compare(
            Waiting((20, 990), (20, 9010)),
            Waiting((20, 9000)) with
            {
                Tasks =
                [
                    .. Waiting((20, 9000)).Tasks,
                    new TaskProfile
                    {
                        Name = "fresh",
                        Waits = new TaskWaits { Count = 5, P99Ns = 5 },
                    },
                    new TaskProfile { Name = "none" },
                ],
            }
        );

        var wait = Assert.Single(diff.Waits);
        Assert.Equal((10_000L, 20_000_000L), (wait.BeforeCount, wait.BeforeMaxNs));
        Assert.InRange(wait.BeforeP99Ns, 16_777_216, 20_000_000);
    }

    /// <summary>One task type on each of some targets, with waits of about one length.</summary>
    private static ProfileDocument Waiting(params (double P99Ms, long Count)[] targets) =>
        Before with
        {
            Tasks =
            [
                .. targets.Select(t =>
                {
                    var ns = (long)(t.P99Ms * 1e6);
                    var histogram = new long[Log2Histogram.Slot(ns) + 1];
                    histogram[^1] = t.Count;
                    return new TaskProfile
                    {
                        Name = "login",
                        Waits = new TaskWaits
                        {
                            Count = t.Count,
                            P99Ns = ns,
                            MaxNs = ns,
                            Histogram = histogram,
                        },
                    };
                }),
            ],
        };

    [Fact]
    public void A_run_of_another_length_compares_by_share_and_rate()
    {
        var twice = Before with
        {
            Summary = Before.Summary with
            {
                ObservedNs = Before.Summary.ObservedNs * 2,
                Polls = Before.Summary.Polls * 2,
                SlowPolls = Before.Summary.SlowPolls * 2,
            },
            Hotspots = [.. Before.Hotspots.Select(h => h with { Count = h.Count * 2, TotalNs = h.TotalNs * 2 })],
        };
        var diff = ProfileCompare.Compare(Before, twice);
        Assert.Equal(DiffOutcome.Same, diff.Outcome);
        Assert.All(diff.Hotspots, h => Assert.Equal(h.BeforePerMinute, h.AfterPerMinute, 1));
        Assert.Empty(diff.Notes);
    }

    [Theory]
    [InlineData(4.0, 4.05, HotspotChange.Same)]
    [InlineData(4.0, 4.9, HotspotChange.Same)]
    [InlineData(4.0, 5.1, HotspotChange.Worse)]
    [InlineData(0.02, 0.09, HotspotChange.Same)]
    [InlineData(5.1, 4.0, HotspotChange.Better)]
    public void A_change_needs_a_difference_and_a_factor(double before, double after, HotspotChange expected)
    {
        var diff = ProfileCompare.Compare(With(before), With(after));
        Assert.Equal(expected, Assert.Single(diff.Hotspots).Change);
    }

    [Fact]
    public void A_new_fingerprint_with_the_same_names_is_the_same_hotspot()
    {
        var rebuilt = Before with
        {
            Hotspots = [.. Before.Hotspots.Select(h => h with { Fingerprint = h.Fingerprint + "-rebuilt" })],
        };
        Assert.DoesNotContain(
            ProfileCompare.Compare(Before, rebuilt).Hotspots,
            h => h.Change is HotspotChange.New or HotspotChange.Gone
        );
    }

    [Fact]
    public void More_pressure_from_neighbours_is_shown_but_is_not_the_codes_fault()
    {
        var pressed = Before with
        {
            Hotspots = [.. Before.Hotspots.Select(h => h.Cause == HotspotCause.RunQueue ? h with { Percent = 30 } : h)],
        };
        var diff = ProfileCompare.Compare(Before, pressed);
        Assert.Equal(DiffOutcome.Same, diff.Outcome);
        Assert.False(Assert.Single(diff.Hotspots, h => h.Change == HotspotChange.Worse).Counts);
        Assert.DoesNotContain("worse", diff.Verdict);
    }

    [Fact]
    public void Where_a_thread_was_put_off_its_CPU_is_chance_and_no_change()
    {
        var elsewhere = Before with
        {
            Hotspots =
            [
                .. Before.Hotspots.Select(h =>
                    h.Cause == HotspotCause.RunQueue ? h with { UserFrame = "checkout::other", Fingerprint = "x" } : h
                ),
            ],
        };
        Assert.DoesNotContain(
            ProfileCompare.Compare(Before, elsewhere).Hotspots,
            h => h.Change is HotspotChange.New or HotspotChange.Gone
        );
    }

    [Fact]
    public void A_large_new_hotspot_fails_even_when_the_total_fell()
    {
        var after = With(2);
        var diff = ProfileCompare.Compare(
            Before,
            after with
            {
                Hotspots = [after.Hotspots[0] with { Fingerprint = "x", UserFrame = "checkout::fresh" }],
            }
        );
        Assert.Equal(DiffOutcome.Worse, diff.Outcome);
    }

    [Fact]
    public void No_data_compares_with_nothing()
    {
        var diff = ProfileCompare.Compare(Before, RealisticDocuments.NoData());
        Assert.Equal(DiffOutcome.NotComparable, diff.Outcome);
        Assert.Equal("NOT COMPARABLE: the second run measured nothing", diff.Verdict);
        Assert.Equal(
            "NOT COMPARABLE: neither run measured anything",
            ProfileCompare.Compare(RealisticDocuments.NoData(), RealisticDocuments.NoData()).Verdict
        );
    }

    [Fact]
    public void What_limits_the_comparison_is_said()
    {
        var other = Before with
        {
            Session = Before.Session with { Threshold = GoDuration.FromMilliseconds(20) },
            Summary = Before.Summary with { Polls = Before.Summary.Polls / 4, Estimated = true },
            Losses = Before.Losses with { RingBufferDrops = 12 },
            Hotspots = [.. Before.Hotspots.Skip(1)],
        };
        var rare = Before with { Hotspots = [Before.Hotspots[0] with { Count = 2 }, .. Before.Hotspots.Skip(1)] };
        string notes = string.Join('\n', ProfileCompare.Compare(rare, other).Notes);
        Assert.Contains("the thresholds differ (5ms, 20ms)", notes);
        Assert.Contains("the load differs", notes);
        Assert.Contains("the counts after are scaled", notes);
        Assert.Contains("12 events were dropped after", notes);
        Assert.Contains("was rare before, so its absence may be chance", notes);
    }

    [Fact]
    public void It_reads_back_from_its_JSON()
    {
        var diff = ProfileCompare.Compare(Before, RealisticDocuments.CheckoutFixed());
        string json = JsonSerializer.Serialize(diff, ReportsJson.Default.ProfileDiff);
        Assert.Equal(
            json,
            JsonSerializer.Serialize(
                JsonSerializer.Deserialize(json, ReportsJson.Default.ProfileDiff)!,
                ReportsJson.Default.ProfileDiff
            )
        );
        Assert.Contains("\"outcome\": \"Better\"", json);
    }

    private static ProfileDocument With(double percent) =>
        Before with
        {
            Hotspots = [Before.Hotspots[0] with { Percent = percent }],
            Summary = Before.Summary with { BlockedPercent = percent },
        };
}
