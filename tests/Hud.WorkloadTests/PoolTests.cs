using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>What runs on the blocking pool, or in place of a worker that has handed its own over, blocks nobody: in every kind of binary.</summary>
public sealed class PoolTests
{
    [Theory]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    [InlineData("tokio124-release")]
    [InlineData("tokio124-lto-abort")]
    [InlineData("tokio-new-release")]
    [InlineData("tokio-new-lto-abort")]
    public async Task The_blocking_pool_is_left_alone_in_every_kind_of_binary(string set)
    {
        var profiled = await Profiled.RunAsync(set, "spawn_blocking");
        Assert.NotEmpty(profiled.Blocks);
        profiled.BlamesNothing();
    }

    [Theory]
    [InlineData("tokio124-release")]
    [InlineData("tokio124-stripped")]
    [InlineData("tokio124-lto-abort")]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    [InlineData("tokio-new-release")]
    [InlineData("tokio-new-lto-abort")]
    public async Task Work_in_place_is_left_alone_in_every_version(string set)
    {
        var profiled = await Profiled.RunAsync(set, "block_in_place");
        Assert.NotEmpty(profiled.Blocks);
        profiled.BlamesNothing();
    }

    [Theory]
    [InlineData("tokio143-release")]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    public async Task What_blocks_before_work_in_place_is_reported_and_nothing_of_what_follows(string set)
    {
        var profiled = await Profiled.RunAsync(set, "in_place_after_block");
        profiled.AgreesWithTheProgram();
    }
}
