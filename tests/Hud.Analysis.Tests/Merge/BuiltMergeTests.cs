using Hud.Core.Profile;
using Hud.Frames;
using Hud.Reports.Formats;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

/// <summary>Merge and comparison of documents as agents build them.</summary>
public sealed class BuiltMergeTests
{
    private static readonly HotspotCause[] Causes =
    [
        HotspotCause.OnCpu,
        HotspotCause.BlockingCall,
        HotspotCause.RunQueue,
    ];

    [Fact]
    public void One_path_with_three_causes_stays_three_hotspots_over_agents()
    {
        var one = BuiltDocuments.OnePathThreeCauses("a");
        Assert.Equal(Causes, one.Hotspots.Select(h => h.Cause));
        Assert.All(one.Hotspots.Take(2), h => Assert.Equal("shop::auth::hash", h.UserFrame));

        var merged = ProfileMerge.Merge([one, BuiltDocuments.OnePathThreeCauses("b")]);

        Assert.Equal(Causes, merged.Hotspots.Select(h => h.Cause));
        Assert.Equal([2, 2, 2], merged.Hotspots.Select(h => h.Count));
        Assert.Equal([120 * Ms, 80 * Ms, 40 * Ms], merged.Hotspots.Select(h => h.TotalNs));
        Assert.Equal([3.0, 2.0, 1.0], merged.Hotspots.Select(h => h.Percent));
        Assert.Equal([1, 2, 3], merged.Hotspots.Select(h => h.Rank));
    }

    /// <summary>What waits were behind is named by the hotspot's identity, so it is found in the merged document as well.</summary>
    [Fact]
    public void Waits_for_a_worker_stay_with_their_target_and_lead_to_the_merged_hotspot()
    {
        ProfileDocument[] agents =
        [
            .. new[] { "a", "b" }.Select(pod => BuiltDocuments.OnePathThreeCauses(pod).WithWaits("some of " + pod)),
        ];

        var merged = ProfileMerge.Merge(agents);

        Assert.Equal([0, 1], merged.Tasks.Select(t => t.Target));
        Assert.Equal(agents.Select(a => a.Tasks[0].Waits), merged.Tasks.Select(t => t.Waits));
        Assert.Equal(["some of a", "some of b"], merged.Targets.Select(t => t.WakesNotTimed));
        Assert.All(
            merged.Tasks.SelectMany(t => t.Waits!.Behind),
            b => Assert.Single(merged.Hotspots, h => h.Identity() == b.Identity())
        );
    }

    /// <summary>A counter that the merge forgets is a loss that is never reported.</summary>
    [Fact]
    public void Every_loss_is_added_up()
    {
        var counters = typeof(Losses).GetProperties().Where(p => p.PropertyType == typeof(long) && p.CanWrite).ToList();
        Assert.NotEmpty(counters);
        var losses = new Losses();
        for (int i = 0; i < counters.Count; i++)
            counters[i].SetValue(losses, 1000L + i);
        var one = BuiltDocuments.OnePathThreeCauses("a") with { Losses = losses };

        var merged = ProfileMerge.Merge([one, one]).Losses;

        Assert.All(counters, p => Assert.Equal(2 * (long)p.GetValue(losses)!, p.GetValue(merged)));
    }

    [Fact]
    public void A_hotspot_that_computes_and_one_that_waits_for_a_CPU_on_the_same_path_both_survive()
    {
        var computing = BuiltDocuments.Of(
            "a",
            stage =>
                stage.Aggregator.AddPoll(
                    Slow(cpu: 60, start: 1100) with
                    {
                        CpuStack = stage.Stack(BuiltDocuments.Hash),
                    }
                )
        );
        var waiting = BuiltDocuments.Of(
            "b",
            stage =>
                stage.Aggregator.AddPoll(
                    Slow(queued: 300, start: 1100) with
                    {
                        QueueStack = stage.Stack(BuiltDocuments.Hash),
                    }
                )
        );
        var merged = ProfileMerge.Merge([waiting, computing]);

        Assert.Equal(
            [(HotspotCause.OnCpu, 60 * Ms), (HotspotCause.RunQueue, 300 * Ms)],
            merged.Hotspots.Select(h => (h.Cause, h.TotalNs))
        );
        Assert.Equal([HotspotCause.RunQueue, HotspotCause.OnCpu], merged.SlowPolls.Select(p => p.Cause));
        Assert.Equal(
            merged.SlowPolls.Select(p => p.Cause),
            merged.SlowPolls.Select(p => merged.Hotspots[p.Hotspot].Cause)
        );
    }

    [Fact]
    public void Two_causes_of_one_path_are_compared_each_with_its_own()
    {
        var both = BuiltDocuments.OnePathThreeCauses("a");
        var fixedSleep = BuiltDocuments.Of(
            "a",
            stage =>
                stage.Aggregator.AddPoll(
                    Slow(cpu: 60, start: 1100) with
                    {
                        CpuStack = stage.Stack(BuiltDocuments.Hash),
                    }
                )
        );
        var diff = ProfileCompare.Compare(both, fixedSleep);

        Assert.Equal(
            [
                (HotspotCause.OnCpu, HotspotChange.Same),
                (HotspotCause.BlockingCall, HotspotChange.Gone),
                (HotspotCause.RunQueue, HotspotChange.Gone),
            ],
            diff.Hotspots.Select(h => (h.Cause, h.Change)).OrderBy(h => h.Cause)
        );
        Assert.All(ProfileCompare.Compare(both, both).Hotspots, h => Assert.Equal(HotspotChange.Same, h.Change));
    }

    [Fact]
    public void Every_hotspot_that_is_built_has_an_identity_of_its_own()
    {
        var document = BuiltDocuments.Of(
            "a",
            stage =>
            {
                StackId read = stage.Stack("read < shop::auth::load < shop::auth::login::{{closure}}");
                StackId write = stage.Stack("write < shop::auth::load < shop::auth::login::{{closure}}");
                StackId zip = stage.Stack("flate2::a < shop::auth::load < shop::auth::login::{{closure}}");
                StackId hash = stage.Stack("sha2::a < shop::auth::load < shop::auth::login::{{closure}}");
                foreach (
                    var poll in (PollRecord[])
                        [
                            Slow(blocked: 10) with
                            {
                                BlockStack = read,
                                Syscall = "read",
                            },
                            Slow(blocked: 10) with
                            {
                                BlockStack = write,
                                Syscall = "write",
                            },
                            Slow(cpu: 30) with
                            {
                                CpuStack = zip,
                            },
                            Slow(cpu: 30) with
                            {
                                CpuStack = hash,
                            },
                            Slow(cpu: 30, type: 0) with
                            {
                                CpuStack = StackId.None,
                                Ticked = true,
                            },
                            Slow(blocked: 30) with
                            {
                                Syscall = "fsync",
                            },
                            Slow(queued: 30) with
                            {
                                QueueStack = hash,
                            },
                            Slow(queued: 30, throttled: 30) with
                            {
                                QueueStack = hash,
                            },
                        ]
                )
                    stage.Aggregator.AddPoll(poll);
            }
        );
        Assert.True(document.Hotspots.Count >= 6);
        Assert.All(document.Hotspots, h => Assert.True(h.Identity().IsKnown));
        Assert.Distinct(document.Hotspots.Select(h => h.Identity()));
        var merged = ProfileMerge.Merge([document, document]);
        Assert.Equal(document.Hotspots.Select(h => h.Identity()), merged.Hotspots.Select(h => h.Identity()));
    }

    [Fact]
    public void The_page_shows_each_cause_of_a_path()
    {
        var merged = ProfileMerge.Merge([
            BuiltDocuments.OnePathThreeCauses("a"),
            BuiltDocuments.OnePathThreeCauses("b"),
        ]);
        Assert.True(ReportFormats.TryGet(Hud.Core.Api.OutputFormat.Page, out var page));
        string html = System.Text.Encoding.UTF8.GetString(page.Render(merged, int.MaxValue, out _));
        foreach (var hotspot in merged.Hotspots)
            Assert.Contains($"{HumanText.Duration(hotspot.TotalNs)}", html, StringComparison.Ordinal);
        Assert.Contains("120ms", html, StringComparison.Ordinal);
        Assert.Contains("80ms", html, StringComparison.Ordinal);
    }
}
