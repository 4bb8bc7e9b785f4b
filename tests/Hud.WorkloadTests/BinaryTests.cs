using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>The same programs, made by other compiler options and with other versions of Tokio.</summary>
public sealed class BinaryTests
{
    [Theory]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    [InlineData("tokio143-lines")]
    [InlineData("tokio143-v0")]
    [InlineData("tokio143-relr")]
    [InlineData("tokio143-nopie")]
    [InlineData("tokio143-static-pie")]
    [InlineData("tokio124-release")]
    [InlineData("tokio124-stripped")]
    [InlineData("tokio124-lto-abort")]
    [InlineData("tokio-new-release")]
    public async Task A_hog_and_a_sleep_are_found_in_every_kind_of_binary(string set)
    {
        // side by side: each blocks for a sixth of the time, and what they take from each other is in both accounts
        foreach (var profiled in await Task.WhenAll(Profiled.RunAsync(set, "cpu_hog"), Profiled.RunAsync(set, "sleep")))
            profiled.AgreesWithTheProgram();
    }

    [Theory]
    [InlineData("tokio143-release")]
    [InlineData("tokio143-lto-abort")]
    [InlineData("tokio-new-release")]
    public async Task Tasks_whose_destructors_were_merged_are_not_taken_for_each_other(string set)
    {
        var profiled = await Profiled.RunAsync(set, "alike");
        profiled.AgreesWithTheProgram();
        var tasks = profiled
            .Document.Hotspots.Where(h => h.Cause == Hud.Core.Profile.HotspotCause.BlockingCall)
            .Select(h => (h.UserFrame, h.Task))
            .ToHashSet();
        Assert.Equal(3, tasks.Count);
        Assert.All(
            tasks,
            t =>
                Assert.Contains(
                    t.Task,
                    t.UserFrame switch
                    {
                        "alike::ask_the_server" => new[] { "alike::renew_lease", "" },
                        "alike::write_them_out" => ["alike::flush_metrics", ""],
                        "alike::read_them_again" => ["alike::reload_rules", ""],
                        _ => [],
                    }
                )
        );
    }

    [Fact]
    public async Task Line_tables_give_the_line_that_blocks()
    {
        var profiled = await Profiled.RunAsync("tokio143-lines", "cpu_hog");
        Assert.Contains(
            profiled.Document.Hotspots,
            hotspot => hotspot.Stack.Any(frame => frame.Contains("cpu_hog.rs:", StringComparison.Ordinal))
        );
        var own = profiled
            .Document.Hotspots.Where(hotspot =>
                hotspot.Cause == Hud.Core.Profile.HotspotCause.OnCpu && hotspot.StackIndex >= 0
            )
            .ToList();
        Assert.NotEmpty(own);
        Assert.All(own, hotspot => Assert.NotEqual("", hotspot.Location));
    }
}
