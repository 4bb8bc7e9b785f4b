using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>One fact, one cause: what the system call and the scheduler say, and not which names a build happens to have.</summary>
[Collection(Alone.Name)]
public sealed class CauseTests
{
    private const string Set = "tokio143-release";

    [Fact]
    public Task Waiting_for_another_thread_is_the_same_cause_in_every_build() =>
        Task.WhenAll(
            new[] { "tokio143-release", "tokio143-stripped", "tokio143-lto-abort" }.Select(async set =>
            {
                var profiled = await Profiled.RunAsync(
                    set,
                    "waits",
                    "--block-ms 20 --every-ms 20 --tasks 1",
                    seconds: 4
                );
                profiled.AgreesWithTheProgram();
                var own = profiled
                    .Document.Hotspots.Where(h => h.Syscall.Length > 0 && !h.Cause.IsCpuPressure())
                    .ToList();
                Assert.NotEmpty(own);
                Assert.All(own, h => Assert.Equal((HotspotCause.LockWait, "futex"), (h.Cause, h.Syscall)));
            })
        );

    [Fact]
    public async Task Names_choose_the_category()
    {
        var profiled = await Profiled.RunAsync(Set, "waits", "--block-ms 20 --every-ms 20 --tasks 1", seconds: 4);
        foreach (
            var (function, category) in new[]
            {
                ("wait_for_mutex", "Mutex"),
                ("wait_for_rwlock", "RwLock"),
                ("wait_for_condvar", "Condvar"),
                ("wait_for_message", "Channel"),
                ("wait_for_value", "Once"),
                ("wait_for_thread", "Join"),
            }
        )
            Assert.Contains(
                profiled.Document.Hotspots,
                h => h.UserFrame.EndsWith("::" + function, StringComparison.Ordinal) && h.Category == category
            );
    }

    [Fact]
    public async Task A_lock_that_spins_with_sched_yield_is_the_codes_own_time_and_not_its_neighbours()
    {
        var profiled = await Profiled.RunAsync(Set, "yield_lock", "--block-ms 40 --every-ms 60", seconds: 5);
        var blocks = profiled.Truth.Inside;
        long real = blocks.Sum(b => b.DurNs);
        Assert.True(blocks.Count >= 5, $"only {blocks.Count} blocks");
        var spin = profiled.Document.Hotspots.Where(h => h.UserFrame == "yield_lock::take_slot").ToList();
        Assert.All(spin, h => Assert.Equal(HotspotCause.OnCpu, h.Cause));
        Assert.Contains(spin, h => h.Category == "Spin");
        // the encoder's turns that follow a yield are the spinner's own doing; what it waited besides is in neither
        Assert.InRange(spin.Sum(h => h.TotalNs), real * 0.8, real * 1.1);
        Assert.Equal(VerdictLevel.Blocked, profiled.Document.VerdictLevel);
    }

    [Fact]
    public async Task What_ran_instead_is_weighed_by_time_and_may_be_of_the_same_process()
    {
        var profiled = await Profiled.RunAsync(
            Set,
            "long_polls",
            "--block-ms 1500 --every-ms 20 --tasks 1",
            seconds: 8
        );
        var waited = profiled.Document.Hotspots.Where(h => h.Cause == HotspotCause.RunQueue).ToList();
        Assert.NotEmpty(waited);
        var first = waited[0].PreemptedBy[0];
        Assert.Equal(("encoder", profiled.Document.Targets[0].Pid), (first.Name, first.Pid));
        Assert.DoesNotContain(waited[0].PreemptedBy.Skip(1), c => c.Percent > first.Percent);
        Assert.Contains(
            profiled.Document.Hotspots,
            h => h.UserFrame == "long_polls::optimise" && h.Cause == HotspotCause.OnCpu
        );
    }

    [Fact]
    public async Task Workers_that_never_rest_between_short_polls_are_saturated()
    {
        var profiled = await Profiled.RunAsync(Set, "saturated", "--workers 1", seconds: 4, thresholdMs: 20);
        Assert.Equal(VerdictLevel.Saturated, profiled.Document.VerdictLevel);
        Assert.Contains("saturated::grind", profiled.Document.Verdict, StringComparison.Ordinal);
        Assert.DoesNotContain(profiled.Document.Hotspots, h => !h.Cause.IsCpuPressure());
    }
}
