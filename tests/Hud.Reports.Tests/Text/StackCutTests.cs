using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

public class StackCutTests
{
    [Theory]
    [InlineData("...", 3, "0 1 2")] // it fits
    [InlineData("", 3, "")]
    [InlineData("......", 3, "0 1 2")] // none is the user's: from the leaf on
    [InlineData(".....u", 3, "0 1 5")]
    [InlineData("...u.u..u.", 3, "0 3 5")] // the leaf, then the user's nearest to it
    [InlineData("u...uu", 3, "0 4 5")]
    [InlineData(".....u", 1, "0")]
    public void The_leaf_and_the_users_own_frames_stay(string stack, int room, string kept) =>
        Assert.Equal(kept, string.Join(' ', StackCut.Kept([.. stack.Select(c => c == 'u')], room)));

    [Fact]
    public void A_deep_stack_without_a_table_keeps_the_users_frame()
    {
        var hotspot = new Hotspot
        {
            Rank = 1,
            Cause = HotspotCause.OnCpu,
            Function = "serde_json::de::from_slice",
            UserFrame = "checkout::cart::load",
            Location = "src/cart.rs:7",
            Count = 1,
            TotalNs = 20_000_000,
            Stack =
            [
                "serde_json::de::from_slice (src/de.rs:1)",
                .. Enumerable.Range(0, 40).Select(i => $"serde_json::de::step{i}"),
                "checkout::cart::load (src/cart.rs:7)",
                .. Enumerable.Range(0, 10).Select(i => $"tower::service::call{i}"),
                "checkout::main::{{closure}} (src/main.rs:9)",
            ],
        };
        var document = new ProfileDocument { VerdictLevel = VerdictLevel.Blocked, Hotspots = [hotspot] };

        string report = TextReport.Render(document);

        string stack = report[report.IndexOf("    stack   ", StringComparison.Ordinal)..];
        Assert.StartsWith("    stack   serde_json::de::from_slice  src/de.rs:1\n", stack, StringComparison.Ordinal);
        Assert.Contains("            checkout::cart::load  src/cart.rs:7\n", stack, StringComparison.Ordinal);
        Assert.Contains("            checkout::main::{{closure}}  src/main.rs:9\n", stack, StringComparison.Ordinal);
        Assert.Contains("more frames", stack, StringComparison.Ordinal);
        Assert.DoesNotContain("step39", stack, StringComparison.Ordinal);
    }
}
