using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

public sealed class ReportMergeTests
{
    private static ProfileDocument Pod(string name, double laterSeconds = 0)
    {
        var built = BuiltDocuments.OnePathThreeCauses(name);
        return built with
        {
            Summary = built.Summary with { StartedAt = built.Summary.StartedAt.AddSeconds(laterSeconds) },
            Targets = [.. built.Targets.Select(t => t with { PodUid = name + laterSeconds, Node = "n1" })],
        };
    }

    [Fact]
    public void Pods_of_one_name_are_called_after_their_clusters()
    {
        ReportPart[] parts = [new("a.json", "eu", Pod("checkout-0")), new("b.json", "us", Pod("checkout-0", 0.5))];
        Assert.Null(ReportMerge.Problem(parts));
        var merged = ReportMerge.Merge(parts);
        Assert.Equal(["eu/checkout-0", "us/checkout-0"], merged.Targets.Select(t => t.Pod));
        Assert.Equal(["eu/n1", "us/n1"], merged.Targets.Select(t => t.Node));
        Assert.Equal([2, 2, 2], merged.Hotspots.Select(h => h.Count));
        // half a second later on the same timeline
        Assert.Equal([100, 200, 300, 600, 700, 800], merged.SlowPolls.Select(p => p.StartNs / Ms));
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("eu", "eu", true)]
    [InlineData("eu", null, false)]
    [InlineData("eu", "us", false)]
    public void Without_clusters_they_are_refused(string? first, string? second, bool refused)
    {
        var problem = ReportMerge.Problem([
            new("a.json", first, Pod("checkout-0")),
            new("b.json", second, Pod("checkout-0", 5)),
        ]);
        Assert.Equal(refused ? "a.json and b.json both have a pod checkout-0" : null, problem?.Why);
    }

    [Fact]
    public void The_same_run_does_not_count_twice()
    {
        var problem = ReportMerge.Problem([new("a.json", "eu", Pod("a")), new("copy.json", "us", Pod("a"))]);
        Assert.Equal("a.json and copy.json both have the run of pod a, which would count twice", problem?.Why);
    }

    [Fact]
    public void What_is_slow_must_mean_one_thing()
    {
        var other = Pod("b") with { Session = new ProfilingSessionSpec { Threshold = GoDuration.Parse("1ms") } };
        var problem = ReportMerge.Problem([new("a.json", null, Pod("a")), new("b.json", null, other)]);
        Assert.Equal("a.json counts polls over 5ms as slow and b.json those over 1ms", problem?.Why);
    }

    [Fact]
    public void Runs_of_different_days_are_laid_over_each_other()
    {
        ReportPart[] parts = [new("a.json", null, Pod("a", 86_400)), new("b.json", null, Pod("b"))];
        Assert.False(ReportMerge.AreAtOnce(parts));
        var merged = ReportMerge.Merge(parts);
        Assert.All(merged.SlowPolls, p => Assert.InRange(p.StartNs, 0, merged.Summary.ObservedNs));
        Assert.Equal(parts[1].Document.Summary.StartedAt, merged.Summary.StartedAt);
        Assert.True(ReportMerge.AreAtOnce([parts[0], new("c.json", null, Pod("c", 86_400.5))]));
    }

    [Fact]
    public void One_report_stays_what_it_is() =>
        Assert.Equal(Pod("a").Verdict, ReportMerge.Merge([new("a.json", null, Pod("a"))]).Verdict);
}
