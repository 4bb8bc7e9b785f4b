using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>Programs in which Tokio does nothing yet, or is not there yet.</summary>
public sealed class LateTests
{
    private const string Set = "tokio143-release";

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
}
