using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>Runtimes of other shapes: names, numbers, flavours, births and deaths.</summary>
public sealed class RuntimeTests
{
    private const string Set = "tokio143-release";

    [Theory]
    [InlineData(Set, "custom_names")]
    [InlineData(Set, "two_runtimes")]
    [InlineData(Set, "current_thread")]
    [InlineData(Set, "local_set")]
    [InlineData("tokio124-release", "current_thread")]
    [InlineData("tokio124-release", "local_set")]
    [InlineData("tokio-new-release", "local_set")]
    public async Task Blocks_are_found_in_every_kind_of_runtime(string set, string workload)
    {
        var profiled = await Profiled.RunAsync(set, workload);
        profiled.AgreesWithTheProgram();
    }

    [Fact]
    public async Task Two_runtimes_are_distinguished()
    {
        var profiled = await Profiled.RunAsync(Set, "two_runtimes");
        Assert.Equal(2, profiled.Document.Summary.Runtimes);
        var lost = profiled.Document.Workers.Where(worker => worker.SlowPolls > 0).ToList();
        Assert.NotEmpty(lost);
        Assert.All(lost, worker => Assert.Equal("batch", worker.Name));
    }

    [Fact]
    public async Task Workers_with_names_of_their_own_are_workers()
    {
        var profiled = await Profiled.RunAsync(Set, "custom_names", "--workers 2");
        Assert.Equal(2, profiled.Document.Summary.Workers);
        Assert.Contains(
            profiled.Document.Workers,
            worker => string.Equals(worker.Name, "payments-io", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Names_of_workers_that_fit_no_thread_are_said_to_and_the_service_is_not_called_idle()
    {
        using var workload = await Workload.StartAsync(Set, "custom_names", "--workers 2");
        var run = await HudRun.OnAsync(workload, 3, "--workers tokio-runtime");
        var target = Assert.Single(run.Document.Targets);
        Assert.Equal("NoSuchWorkers", target.Reason);
        Assert.Contains("tokio-runtime*", target.Message, StringComparison.Ordinal);
        Assert.Contains("payments-io", target.Message, StringComparison.Ordinal);
        Assert.Contains("payments-io", run.Document.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Threads_born_during_the_run_are_seen()
    {
        var profiled = await Profiled.RunAsync(Set, "thread_birth", seconds: 6);
        profiled.AgreesWithTheProgram();
    }

    [Fact]
    public async Task Moments_in_which_every_worker_is_blocked_are_stalls()
    {
        var profiled = await Profiled.RunAsync(Set, "stall", "--block-ms 40 --every-ms 100");
        profiled.AgreesWithTheProgram();
        // The workload ran a little longer than the report: what must be there, and what may be.
        var (least, longest) = Stalls.Of(profiled.Truth.Inside, workers: 2, Profiled.ThresholdMs * 1_000_000);
        var (most, longestOfAll) = Stalls.Of(profiled.Blocks, workers: 2, Profiled.ThresholdMs * 1_000_000);
        Assert.NotEqual(0, least);
        Assert.InRange(profiled.Document.Summary.StallCount, least, most);
        Assert.InRange(profiled.Document.Summary.LongestStallNs, longest * 0.8 - 1e6, longestOfAll * 1.1 + 1e6);
    }

    [Fact]
    public async Task Two_hundred_types_of_short_tasks_do_not_hide_the_one_that_blocks()
    {
        var profiled = await Profiled.RunAsync(Set, "churn", seconds: 5);
        var seen = profiled.Document.Hotspots.Any(hotspot =>
            hotspot.UserFrame.Contains("wait_in_job_seven", StringComparison.Ordinal)
        );
        Assert.True(seen, "no hotspot names wait_in_job_seven");
        if (!profiled.Document.Summary.Estimated)
            profiled.AgreesWithTheProgram();
    }

    [Theory]
    [InlineData(Set)]
    [InlineData("tokio124-release")]
    [InlineData("tokio-new-release")]
    public async Task Panics_are_neither_lost_nor_reported(string set)
    {
        var profiled = await Profiled.RunAsync(set, "panics");
        profiled.BlamesNothing();
        var started = profiled.Lines.Single(line => line.Summary is true).Polls;
        var caught = profiled.Lines.Max(line => line.Panics);
        // Reported every thousand; the last thousand may be unfinished.
        Assert.InRange(started!.Value - caught!.Value, 0, 1001);
    }
}
