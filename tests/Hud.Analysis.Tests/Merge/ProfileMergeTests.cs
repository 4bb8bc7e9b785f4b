using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Reports.Tests.Documents;

namespace Hud.Analysis.Tests;

public sealed class ProfileMergeTests
{
    private static readonly ProfileDocument A = RealisticDocuments.Checkout(1, 400);
    private static readonly ProfileDocument B = RealisticDocuments.Checkout(2, 700, "checkout-1") is var b
        ? b with
        {
            Summary = b.Summary with { StartedAt = RealisticDocuments.Start.AddMilliseconds(250) },
        }
        : throw new InvalidOperationException();

    [Fact]
    public void One_document_stays_what_it_is() => Assert.Same(A, ProfileMerge.Merge([A]));

    [Fact]
    public void Without_a_document_there_is_no_data_and_not_health()
    {
        var merged = ProfileMerge.Merge([]);
        Assert.Equal(VerdictLevel.NoData, merged.VerdictLevel);
        Assert.StartsWith("NO DATA", merged.Verdict);
    }

    [Fact]
    public void Every_index_of_the_second_document_points_at_the_same_thing_as_before()
    {
        var merged = ProfileMerge.Merge([A, B]);
        var second = merged.SlowPolls.Where(p => p.Target == A.Targets.Count).ToList();
        Assert.Equal(B.SlowPolls.Count, second.Count);
        foreach (var (was, now) in B.SlowPolls.Zip(second))
        {
            Assert.Equal(was.StartNs + 250_000_000, now.StartNs);
            Assert.Equal(B.Workers[was.Worker].Tid, merged.Workers[now.Worker].Tid);
            Assert.Equal(1, merged.Workers[now.Worker].Target);
            Assert.Equal(B.Tasks[was.Task].Name, merged.Tasks[now.Task].Name);
            Assert.Equal(B.StackTable[was.Stack].Frames, merged.StackTable[now.Stack].Frames);
            Assert.Equal(B.Hotspots[was.Hotspot].Fingerprint, merged.Hotspots[now.Hotspot].Fingerprint);
        }
    }

    [Fact]
    public void Hotspots_with_one_fingerprint_become_one_with_their_sums()
    {
        var merged = ProfileMerge.Merge([A, B]);
        Assert.Equal(
            A.Hotspots.Select(h => h.Fingerprint)
                .Concat(B.Hotspots.Select(h => h.Fingerprint))
                .Distinct(StringComparer.Ordinal)
                .Count(),
            merged.Hotspots.Count
        );
        foreach (var hotspot in merged.Hotspots)
        {
            var parts = A.Hotspots.Concat(B.Hotspots).Where(h => h.Fingerprint == hotspot.Fingerprint).ToList();
            Assert.Equal(parts.Sum(h => h.Count), hotspot.Count);
            Assert.Equal(parts.Sum(h => h.TotalNs), hotspot.TotalNs);
            Assert.Equal(parts.Max(h => h.MaxNs), hotspot.MaxNs);
            Assert.Equal(hotspot.Count, hotspot.Histogram.Sum());
            // both documents observed the same worker time
            Assert.Equal(parts.Sum(h => h.Percent) / 2, hotspot.Percent, 2);
            Assert.Equal(-1, hotspot.Target);
            Assert.Equal(hotspot.Stack[0].Split(" (")[0], merged.StackTable[hotspot.StackIndex].Frames[0].Function);
        }

        Assert.Equal(Enumerable.Range(1, merged.Hotspots.Count), merged.Hotspots.Select(h => h.Rank));
    }

    [Fact]
    public void Hotspots_without_a_fingerprint_are_never_joined()
    {
        var bare = A with { Hotspots = [.. A.Hotspots.Select(h => h with { Fingerprint = "" })] };
        Assert.Equal(A.Hotspots.Count * 2, ProfileMerge.Merge([bare, bare]).Hotspots.Count);
    }

    [Fact]
    public void Quantiles_of_joined_hotspots_stay_within_their_power_of_two()
    {
        foreach (var hotspot in ProfileMerge.Merge([A, B]).Hotspots)
        {
            var times = A
                .SlowPolls.Where(p => A.Hotspots[p.Hotspot].Fingerprint == hotspot.Fingerprint)
                .Concat(B.SlowPolls.Where(p => B.Hotspots[p.Hotspot].Fingerprint == hotspot.Fingerprint))
                .Select(p => hotspot.Cause == HotspotCause.RunQueue ? p.RunQueueNs : p.OnCpuNs + p.BlockedNs)
                .Order()
                .ToList();
            Assert.InRange(hotspot.P50Ns, times[times.Count / 2] / 2.0, times[times.Count / 2] * 2.0);
            Assert.True(hotspot.P99Ns <= hotspot.MaxNs);
        }
    }

    [Fact]
    public void Totals_add_up_and_percentages_are_weighed_by_worker_time()
    {
        var small = B with { Summary = B.Summary with { Workers = 2, BlockedPercent = 50 } };
        var merged = ProfileMerge.Merge([A, small]).Summary;
        Assert.Equal(A.Summary.Polls + small.Summary.Polls, merged.Polls);
        Assert.Equal(A.Summary.SlowPolls + small.Summary.SlowPolls, merged.SlowPolls);
        Assert.Equal(10, merged.Workers);
        Assert.Equal((A.Summary.BlockedPercent * 8 + 50 * 2) / 10, merged.BlockedPercent, 2);
        Assert.Equal(Math.Max(A.Summary.WorstPollNs, small.Summary.WorstPollNs), merged.WorstPollNs);
        Assert.Equal(RealisticDocuments.Start, merged.StartedAt);
    }

    [Fact]
    public void Losses_and_costs_are_summed_and_the_timelines_bound_is_kept()
    {
        var lossy = A with { Losses = A.Losses with { RingBufferDrops = 7 }, Truncated = true };
        var merged = ProfileMerge.Merge([lossy, B]);
        Assert.Equal(7, merged.Losses.RingBufferDrops);
        Assert.Equal(6, merged.Losses.UnwindStops["NoRows"]);
        Assert.True(merged.Truncated);
        Assert.Equal(A.Overhead.ProbeHits + B.Overhead.ProbeHits, merged.Overhead.ProbeHits);

        var many = Enumerable.Repeat(RealisticDocuments.Large(100, 19_000), 4).ToList();
        var bounded = ProfileMerge.Merge(many);
        Assert.Equal(ProfileMerge.MaxSlowPolls, bounded.SlowPolls.Count);
        Assert.Equal(many.Sum(d => d.SlowPolls.Count) - ProfileMerge.MaxSlowPolls, bounded.Losses.SlowPollsCut);
    }

    [Fact]
    public void A_target_without_data_does_not_hide_the_blocked_one()
    {
        var merged = ProfileMerge.Merge([RealisticDocuments.NoData(), A]);
        Assert.Equal(VerdictLevel.Blocked, merged.VerdictLevel);
        Assert.Contains("1 of 2 targets", merged.Verdict);
        Assert.Contains("src/login.rs:42", merged.Verdict);
        Assert.Equal(RealisticDocuments.Start, merged.Summary.StartedAt);
        Assert.Equal(0, merged.SlowPolls[0].StartNs - A.SlowPolls[0].StartNs);
    }

    [Fact]
    public void Merging_twice_gives_the_same_bytes() =>
        Assert.Equal(Json(ProfileMerge.Merge([A, B])), Json(ProfileMerge.Merge([A, B])));

    [Fact]
    public void Damaged_documents_merge_without_an_exception() =>
        Assert.NotNull(ProfileMerge.Merge([RealisticDocuments.Damaged(), A, RealisticDocuments.Hostile()]));

    private static string Json(ProfileDocument document) =>
        JsonSerializer.Serialize(document, HudJson.Default.ProfileDocument);
}
