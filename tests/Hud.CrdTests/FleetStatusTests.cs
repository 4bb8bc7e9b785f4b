using System.Text.Json.Nodes;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.CrdTests.Harness;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;

namespace Hud.CrdTests;

/// <summary>The status of a session with many pods, as the operator writes it.</summary>
public sealed class FleetStatusTests(CrdServer server)
{
    private static string Status(int targets, string text) =>
        new JsonObject
        {
            ["status"] = JsonNode.Parse(
                StatusJson
                    .Write(
                        new ProfilingSessionStatus
                        {
                            ObservedGeneration = 1,
                            TargetCounts = new TargetCounts { Matched = 500, Selected = 500 },
                            Targets =
                            [
                                .. Enumerable
                                    .Range(0, targets)
                                    .Select(i => new TargetStatus
                                    {
                                        Pod = "checkout-" + i,
                                        PodUid = "uid-" + i,
                                        Image = StatusSizeLimiter.Cut(text, 256),
                                        ImageDigest = "0123456789ab",
                                        BlockedPercent = 14,
                                        LongestPoll = "412ms",
                                        WaitP99 = "62ms",
                                    }),
                            ],
                            Outliers = StatusProjection.Outliers([
                                .. Enumerable
                                    .Range(0, SessionBounds.MaxOutliersShown)
                                    .Select(i => new Outlier(i, text, OutlierMeasure.Lost, 14, 0.3, text)),
                            ]),
                            Images = StatusProjection.Images([
                                .. Enumerable.Range(0, 9).Select(_ => new ImageGroup(text, 250, 6.1, long.MaxValue)),
                            ]),
                        }
                    )
                    .GetRawText()
            ),
        }.ToJsonString();

    [Theory]
    [InlineData("short", "v1.4.2")]
    [InlineData("long", null)]
    public async Task It_is_kept_as_it_is_written(string name, string? text)
    {
        server.Require();
        (await server.CreateAsync("fleet-" + name, "target: {podName: p, maxPods: 500}")).Ok();
        var written = Status(SessionBounds.MaxTargetsShown, text ?? new string('\u00e4', 2000));
        var kept = (await server.MergeAsync("fleet-" + name, written, "/status")).Ok()["status"]!;
        foreach (var field in (string[])["targets", "outliers", "images"])
            Assert.True(
                JsonNode.DeepEquals(JsonNode.Parse(written)!["status"]![field], kept[field]),
                $"{field}: {kept[field]?.ToJsonString()}"
            );
    }

    [Fact]
    public async Task A_row_more_than_it_may_list_is_refused()
    {
        server.Require();
        (await server.CreateAsync("fleet-many", "target: {podName: p}")).Ok();
        var answer = await server.MergeAsync("fleet-many", Status(SessionBounds.MaxTargetsShown + 1, "v1"), "/status");
        Assert.False(answer.IsOk);
        Assert.Contains("status.targets", answer.Body["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
