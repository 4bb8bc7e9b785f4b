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
    public async Task A_service_without_requests_is_idle_and_not_healthy()
    {
        var profiled = await Profiled.RunAsync(Set, "idle");
        profiled.BlamesNothing();
        Assert.Equal(0, profiled.Document.Summary.Polls);
        Assert.Equal("Idle", Assert.Single(profiled.Document.Targets).Reason);
        Assert.Equal(VerdictLevel.NoData, profiled.Document.VerdictLevel);
    }

    [Fact]
    public async Task A_Tokio_that_is_loaded_during_the_run_is_timed_from_then_on()
    {
        var profiled = await Profiled.RunAsync(Set, "loads_late", seconds: 11);
        profiled.AgreesWithTheProgram();
        var warning = Assert.Single(profiled.Document.Warnings, w => w.Id == "HUD314");
        Assert.Contains("loaded libplugin.so during the run", warning.Message, StringComparison.Ordinal);
        Assert.Contains("were timed from", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Tokio_that_is_loaded_just_before_the_end_is_reported_and_the_service_is_not_called_healthy()
    {
        var profiled = await Profiled.RunAsync(Set, "loads_late", seconds: 5);
        profiled.BlamesNothing();
        Assert.Equal("LoadedLate", Assert.Single(profiled.Document.Targets).Reason);
        Assert.Equal(VerdictLevel.NoData, profiled.Document.VerdictLevel);
        Assert.Single(profiled.Document.Warnings, w => w.Id == "HUD314");
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
