using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>Programs that do nothing wrong: the report blames nothing, and says why there is nothing.</summary>
[Collection(Alone.Name)]
public sealed class SilenceTests
{
    private const string Set = "tokio143-release";

    [Theory]
    [InlineData("spawn_blocking")]
    [InlineData("block_in_place")]
    public async Task Work_that_was_taken_off_the_workers_is_not_blamed(string workload)
    {
        var profiled = await Profiled.RunAsync(Set, workload);
        Assert.NotEmpty(profiled.Blocks);
        profiled.BlamesNothing();
    }

    [Theory]
    [InlineData("yields", "")]
    [InlineData("throughput", "--spin 200 --watch 1")]
    public async Task Many_short_polls_are_below_the_threshold_however_busy_the_workers_are(
        string workload,
        string arguments
    )
    {
        var profiled = await Profiled.RunAsync(Set, workload, arguments);
        profiled.BlamesNothing();
        Assert.True(profiled.Document.Summary.Polls > 1000, $"{profiled.Document.Summary.Polls} polls seen");
    }

    [Fact]
    public async Task A_full_blocking_pool_is_reported_and_no_code_is_blamed()
    {
        var profiled = await Profiled.RunAsync(Set, "pool_full");
        profiled.BlamesNothing();
        var warning = Assert.Single(profiled.Document.Warnings, w => w.Id == "HUD313");
        Assert.Contains("had 512 threads", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blocks_of_the_future_that_block_on_runs_are_never_blamed_on_a_task()
    {
        var profiled = await Profiled.RunAsync(Set, "root_future");
        Assert.DoesNotContain(
            profiled.Document.Hotspots,
            hotspot => hotspot.Task.Contains("heartbeat", StringComparison.Ordinal)
        );
    }
}
