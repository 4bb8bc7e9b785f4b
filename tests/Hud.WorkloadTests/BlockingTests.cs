using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>Stock release builds that block: every block found, with its time, cause, system call and function.</summary>
[Collection(Alone.Name)]
public sealed class BlockingTests
{
    private const string Set = "tokio143-release";

    [Theory]
    [InlineData("cpu_hog", "")]
    [InlineData("cpu_hog_inlined", "")]
    [InlineData("gzip", "--every-ms 200")]
    [InlineData("hashing", "")]
    [InlineData("sleep", "")]
    [InlineData("file_read", "")]
    [InlineData("dns", "")]
    [InlineData("process", "")]
    [InlineData("mutex", "--block-ms 30")]
    [InlineData("mpsc", "")]
    [InlineData("block_on", "")]
    public async Task Every_block_is_reported_as_it_was_and_nothing_else_is(string workload, string arguments)
    {
        var profiled = await Profiled.RunAsync(Set, workload, arguments);
        profiled.AgreesWithTheProgram();
    }

    [Fact]
    public async Task Waiting_for_the_disk_is_a_blocking_call()
    {
        var profiled = await Profiled.RunAsync(Set, "fsync", thresholdMs: 1);
        // How long a sync takes is the disk's choice, so there is no least number of long ones.
        Assert.True(profiled.Truth.Differences.Count == 0, string.Join("\n", profiled.Truth.Differences.Take(12)));
    }

    [Fact]
    public async Task A_lock_wait_shows_who_held_the_lock()
    {
        var profiled = await Profiled.RunAsync(Set, "mutex", "--block-ms 30");
        var wait = Assert.Single(profiled.Document.Hotspots, hotspot => hotspot.Cause == HotspotCause.LockWait);
        Assert.Contains(wait.HolderStack, frame => frame.Contains("rebuild_prices", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Counts_and_sums_of_a_hotspot_are_those_of_the_program()
    {
        var profiled = await Profiled.RunAsync(Set, "sleep", "--block-ms 15 --every-ms 35 --tasks 2", seconds: 5);
        profiled.AgreesWithTheProgram();
        var hotspot = Assert.Single(profiled.Document.Hotspots, hotspot => hotspot.Cause == HotspotCause.BlockingCall);
        // The edges of the run may cut off a block of each task at each end.
        Assert.InRange(hotspot.Count, profiled.Truth.Expected, profiled.Truth.Expected + 16);
        Assert.InRange(hotspot.P50Ns, 14_000_000, 17_000_000);
        Assert.InRange((double)hotspot.TotalNs / hotspot.Count, 14e6, 18e6);
    }

    /// <summary>Alone: with the CPUs taken, the lock of the pool can hold a poll up for longer than it blocks by itself.</summary>
    [Theory]
    [InlineData("tokio143-release")]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    public async Task A_poll_that_starts_a_closure_and_then_blocks_by_itself_is_not_taken_for_work_in_place(string set)
    {
        var profiled = await Profiled.RunAsync(set, "pool_mix", seconds: 5);
        profiled.AgreesWithTheProgram();
    }
}
