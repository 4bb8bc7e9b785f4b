using System.Text.Json;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;

namespace Hud.Operator.Tests;

/// <summary>A session over two agents whose programs compute, sleep and wait for a CPU on one path.</summary>
public sealed class OnePathTests
{
    private static readonly ProfileDocument Merged = ProfileMerge.Merge([
        BuiltDocuments.OnePathThreeCauses("a"),
        BuiltDocuments.OnePathThreeCauses("b"),
    ]);

    private static readonly (HotspotCause, long)[] Expected =
    [
        (HotspotCause.OnCpu, 2),
        (HotspotCause.BlockingCall, 2),
        (HotspotCause.RunQueue, 2),
    ];

    [Fact]
    public void The_status_keeps_every_cause() =>
        Assert.Equal(Expected, StatusProjection.Hotspots(Merged.Hotspots, 10).Select(h => (h.Cause, h.Count)));

    [Fact]
    public void So_does_the_report_in_its_ConfigMap()
    {
        var spec = new ProfilingSessionSpec { Output = new OutputSpec { Formats = [OutputFormat.Report] } };
        var (map, reference) = Assert.Single(Results.Build(Make.Session(spec), spec, Merged, [], 0));
        var read = JsonSerializer.Deserialize(map.Data![reference.Key], HudJson.Default.ProfileDocument)!;
        Assert.Equal(Expected, read.Hotspots.Select(h => (h.Cause, h.Count)));
        Assert.Distinct(read.Hotspots.Select(h => h.Identity()));
    }
}
