using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

/// <summary>Replicas as agents build them and the merge joins them: which one is named, and which are not.</summary>
public sealed class OutliersTests
{
    private const string Read = "read < shop::cart::load < shop::auth::login::{{closure}}";
    private const string Old = "registry:5000/shop/checkout:v1.4.1@0123456789ab";
    private const string New = "registry:5000/shop/checkout:v1.4.2@ba9876543210";

    /// <summary>Of 2 s of worker time.</summary>
    private static ProfileDocument Pod(
        string name,
        long cpuMs,
        string stack = BuiltDocuments.Hash,
        string? image = null
    ) =>
        BuiltDocuments.Of(
            name,
            stage =>
            {
                if (cpuMs > 0)
                    stage.Aggregator.AddPoll(Slow(cpu: cpuMs, start: 1100) with { CpuStack = stage.Stack(stack) });
            },
            image: image
        );

    private static ProfileDocument Merged(params ProfileDocument[] pods) => ProfileMerge.Merge(pods);

    private static IEnumerable<ProfileDocument> Usual(int count, long cpuMs = 6, string? image = null) =>
        Enumerable.Range(0, count).Select(i => Pod($"usual-{i}", cpuMs, Read, image));

    [Fact]
    public void The_replica_that_loses_most_is_named_with_the_place_that_no_other_has()
    {
        var odd = Assert.Single(Outliers.Of(Merged([.. Usual(4), Pod("odd", 280)])));

        Assert.Equal(("odd", 4, OutlierMeasure.Lost), (odd.Name, odd.Target, odd.Measure));
        Assert.Equal((14.0, 0.3), (odd.Value, odd.Siblings));
        Assert.Equal("14% lost, its siblings 0.3%: shop::auth::hash, which no other has", odd.Text);
    }

    [Fact]
    public void A_place_that_others_have_too_is_not_called_its_own()
    {
        var odd = Assert.Single(Outliers.Of(Merged([.. Usual(4), Pod("odd", 280, Read)])));
        Assert.Equal("14% lost, its siblings 0.3%: shop::cart::load", odd.Text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void With_fewer_than_three_siblings_nobody_is_the_odd_one(int siblings) =>
        Assert.Empty(Outliers.Of(Merged([.. Usual(siblings), Pod("odd", 280)])));

    [Fact]
    public void No_target_has_no_odd_one() => Assert.Empty(Outliers.Of(Merged()));

    [Theory]
    [InlineData(6, 40)] // 2 % of worker time: not three times as much as worth a word
    [InlineData(200, 380)] // 10 % and 19 %: all of them are bad
    public void A_difference_that_is_small_or_of_a_small_factor_is_none(long usual, long odd) =>
        Assert.Empty(Outliers.Of(Merged([.. Usual(6, usual), Pod("odd", odd, Read)])));

    [Fact]
    public void Two_groups_have_no_odd_one()
    {
        var half = Enumerable.Range(0, 4).Select(i => Pod($"slow-{i}", 300));
        Assert.Empty(Outliers.Of(Merged([.. Usual(4), .. half])));
    }

    /// <summary>A single far one must not hide the next: the spread is a median, which neither moves.</summary>
    [Fact]
    public void Two_odd_ones_are_both_named_the_farther_one_first()
    {
        var found = Outliers.Of(Merged([.. Usual(8), Pod("bad", 100), Pod("worse", 900)]));
        Assert.Equal(["worse", "bad"], found.Select(o => o.Name));
    }

    [Fact]
    public void Where_replicas_differ_widely_anyhow_one_more_step_is_nothing()
    {
        long[] spread = [10, 40, 80, 130, 190, 260, 340, 520];
        Assert.Empty(Outliers.Of(Merged([.. spread.Select((ms, i) => Pod("p" + i, ms, Read))])));
    }

    [Fact]
    public void One_that_loses_as_much_elsewhere_is_named()
    {
        var found = Outliers.Of(Merged([.. Usual(4, 100), Pod("odd", 100)]));
        var odd = Assert.Single(found);
        Assert.Equal(OutlierMeasure.Place, odd.Measure);
        Assert.Equal("loses its time elsewhere: shop::auth::hash, which no other has", odd.Text);
    }

    [Fact]
    public void Its_version_is_told_where_the_others_run_another()
    {
        var odd = Assert.Single(Outliers.Of(Merged([.. Usual(4, image: Old), Pod("odd", 280, Read, New)])));
        Assert.EndsWith("; it runs v1.4.2, the others v1.4.1", odd.Text, StringComparison.Ordinal);
        var same = Assert.Single(Outliers.Of(Merged([.. Usual(4, image: Old), Pod("odd", 280, Read, Old)])));
        Assert.DoesNotContain("v1.4", same.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, 0, 0, OutlierMeasure.Wait, "its tasks waited 64ms for a worker (p99), its siblings' 1ms")]
    [InlineData(
        1,
        0,
        300,
        OutlierMeasure.Throttled,
        "stopped by its CPU limit for 15% of its worker time, its siblings 0%"
    )]
    [InlineData(1, 200, 0, OutlierMeasure.CpuWait, "waited for a CPU for 20% of its worker time, its siblings 0%")]
    public void Waits_and_the_CPU_limit_are_compared_as_well(
        long waitMs,
        long cpuWaitMs,
        long throttledMs,
        OutlierMeasure measure,
        string text
    )
    {
        var usual = Enumerable.Range(0, 4).Select(i => BuiltDocuments.Of("usual-" + i, _ => { }, waitMs: 1));
        var odd = BuiltDocuments.Of("odd", _ => { }, waitMs: waitMs, cpuWaitMs: cpuWaitMs, throttledMs: throttledMs);
        var found = Assert.Single(Outliers.Of(Merged([.. usual, odd])));
        Assert.Equal((measure, text), (found.Measure, found.Text));
    }

    [Fact]
    public void The_longest_poll_alone_can_be_odd()
    {
        // computing for 6 ms of 60 that it waited for a CPU: little is lost, and the poll was long
        var odd = BuiltDocuments.Of(
            "odd",
            stage =>
                stage.Aggregator.AddPoll(
                    Slow(cpu: 6, queued: 100, start: 1100) with
                    {
                        CpuStack = stage.Stack(Read),
                        QueueStack = stage.Stack(Read),
                    }
                )
        );
        var found = Assert.Single(Outliers.Of(Merged([.. Usual(4), odd])));
        Assert.Equal(OutlierMeasure.LongestPoll, found.Measure);
        Assert.StartsWith("a poll of 106ms, its siblings' longest 6ms", found.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replica_that_was_not_measured_is_no_sibling()
    {
        var merged = Merged([.. Usual(3), Pod("odd", 280), Pod("gone", 0)]);
        Assert.NotEmpty(Outliers.Of(merged));
        merged = merged with
        {
            Targets =
            [
                .. merged.Targets.Select(t => t.Pod == "odd" ? t : t with { State = Core.Api.TargetState.Failed }),
            ],
        };
        Assert.Empty(Outliers.Of(merged));
    }

    [Fact]
    public void Other_programs_are_no_siblings()
    {
        var merged = Merged([.. Usual(4), Pod("odd", 280)]);
        merged = merged with
        {
            Targets = [.. merged.Targets.Select(t => t.Pod == "odd" ? t with { Container = "proxy" } : t)],
        };
        Assert.Empty(Outliers.Of(merged));
    }

    [Fact]
    public void Of_thousands_the_worst_few_are_named()
    {
        var usual = Pod("usual", 6, Read);
        var targets = Enumerable.Range(0, 3000).Select(i => usual.Targets[0] with { Pod = "usual-" + i });
        var bad = Pod("bad", 280).Targets[0];
        var merged = Merged(usual, Pod("bad", 280)) with
        {
            Targets =
            [
                .. targets,
                .. Enumerable.Range(0, 9).Select(i => bad with { Pod = "bad-" + i, BlockedPercent = 14 + i }),
            ],
        };
        var found = Outliers.Of(merged);
        Assert.Equal(["bad-8", "bad-7", "bad-6", "bad-5", "bad-4"], found.Select(o => o.Name));
    }

    [Fact]
    public void Its_text_has_a_bound_whatever_functions_are_called()
    {
        var merged = Merged([.. Usual(4), Pod("odd", 280)]);
        var longest = merged.Targets[4] with
        {
            Top = [merged.Targets[4].Top[0] with { Function = new string('x', 5000) }],
            Image = "r/" + new string('i', 5000),
        };
        var odd = Assert.Single(
            Outliers.Of(
                merged with
                {
                    Targets = [.. merged.Targets.Take(4).Select(t => t with { Image = "r/a" }), longest],
                }
            )
        );
        Assert.InRange(odd.Text.Length, 20, Outliers.MaxText);
    }

    /// <summary>The agent of a node joins what its targets have in common; each target's own part stays its own.</summary>
    [Fact]
    public void Each_target_of_one_agent_has_its_own_places()
    {
        var top = Merged(BuiltDocuments.OnePathThreeCauses("a"), Pod("b", 60)).Targets.Select(t => t.Top).ToList();
        Assert.Equal(
            [(HotspotCause.OnCpu, 60 * Ms, 3.0), (HotspotCause.BlockingCall, 40 * Ms, 2.0)],
            top[0].Select(t => (t.Cause, t.TotalNs, t.Percent))
        );
        Assert.Equal([(HotspotCause.OnCpu, 60 * Ms)], top[1].Select(t => (t.Cause, t.TotalNs)));
        Assert.Equal(top[0][0].Identity(), top[1][0].Identity());
    }
}
