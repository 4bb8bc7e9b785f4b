using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

public sealed class ImageGroupsTests
{
    private static ProfileDocument Pod(string name, long cpuMs, string? image) =>
        BuiltDocuments.Of(
            name,
            stage =>
                stage.Aggregator.AddPoll(
                    Slow(cpu: cpuMs, start: 1100) with
                    {
                        CpuStack = stage.Stack(BuiltDocuments.Hash),
                    }
                ),
            image: image
        );

    private static IReadOnlyList<ImageGroup> Of(params (string Image, long Ms)[] pods) =>
        ImageGroups.Of(ProfileMerge.Merge([.. pods.Select((p, i) => Pod("p" + i, p.Ms, p.Image))]));

    [Fact]
    public void A_rollout_that_is_half_way_is_told_by_version()
    {
        var groups = Of(("r:5000/a/shop:v1.4.1", 6), ("r:5000/a/shop:v1.4.2", 100), ("r:5000/a/shop:v1.4.2", 200));
        Assert.Equal(
            [("v1.4.2", 2, 7.5), ("v1.4.1", 1, 0.3)],
            groups.Select(g => (g.Version, g.Targets, g.BlockedPercent))
        );
        Assert.Equal(200 * Ms, groups[0].LongestPollNs);
        Assert.Equal("v1.4.2 (2 pods): 7.5% lost; v1.4.1 (1): 0.3%", ImageGroups.Text(groups));
    }

    [Fact]
    public void One_version_is_no_comparison()
    {
        Assert.Null(ImageGroups.Text(Of(("shop:v1", 6), ("shop:v1", 9))));
        Assert.Null(ImageGroups.Text(ImageGroups.Of(Pod("local", 6, null))));
        Assert.Empty(ImageGroups.Of(Pod("local", 6, null)));
    }

    [Theory]
    [InlineData("shop:latest@0123456789ab", "shop:latest@ba9876543210", "latest@0123456789ab", "latest@ba9876543210")]
    [InlineData("r/shop:v1", "r/cart:v1", "shop:v1", "cart:v1")]
    [InlineData("r:5000/shop", "r:5000/shop:v1", "shop", "v1")]
    public void Versions_are_short_and_different(string first, string second, string firstName, string secondName) =>
        Assert.Equal([firstName, secondName], Of((first, 100), (second, 6)).Select(g => g.Version));

    [Fact]
    public void More_versions_than_have_room_are_counted()
    {
        var groups = Of([.. Enumerable.Range(0, 7).Select(i => ($"shop:v{i}", 10L + i))]);
        Assert.EndsWith("; and 2 more", ImageGroups.Text(groups), StringComparison.Ordinal);
    }
}
