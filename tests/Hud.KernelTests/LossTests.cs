using Hud.Core.Profile;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;

namespace Hud.KernelTests;

/// <summary>Whatever is lost has a count: polls seen are records read plus losses counted, exactly.</summary>
[Trait("runs", "alone")]
public sealed class LossTests
{
    private static KernelSettings Everything(ProbeMode probeMode) =>
        new()
        {
            ProbeMode = probeMode,
            Slots = 4,
            ThresholdNs = 0,
            RingKiB = 1024,
            SlowPerSecond = 1_000_000,
        };

    /// <summary>Events that stand for no poll: few beside the polls, or something is counted twice.</summary>
    private const int Stretches = 50;

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void A_full_ring_buffer_counts_its_drops(string name)
    {
        using var polls = new ProbedChild(Everything(Need.ProbeMode(name)) with { RingKiB = 4 });
        polls.Poll(1);
        long written = polls.Kernel.Count(Stat.Events),
            dropped = polls.Kernel.Count(Stat.RingDrops);
        polls.Ring.Drain();

        Assert.Equal(1000, polls.Kernel.Count(Stat.Slow));
        // a busy machine interrupts the child between two polls, and each such stretch is an event, if only into the full buffer
        Assert.InRange(written + dropped, 1000, 1000 + Stretches);
        Assert.InRange(written, 1, 4096 / 328);
        Assert.Equal(written, polls.Events.Count + polls.Outside);
        Assert.Equal(1000UL, polls.Kernel.ReadType(new(0)).Slow); // the totals do not go through the buffer
    }

    [Fact]
    public void A_storm_of_slow_polls_is_limited_and_counted()
    {
        using var polls = new ProbedChild(Everything(Need.ProbeMode("uprobe.session")) with { SlowPerSecond = 4 });
        polls.Poll(2);
        polls.Ring.Drain();

        long limited = polls.Kernel.Count(Stat.RateLimited);
        Assert.InRange(polls.Events.Count + limited, 2000, 2000 + Stretches);
        Assert.True(limited > 1000, $"only {limited} of 2000 were held back");
        Assert.NotEmpty(polls.Events);
        Assert.Equal(2000UL, polls.Kernel.ReadType(new(0)).Slow);
    }

    [Fact]
    public void Threads_beyond_the_slots_are_counted()
    {
        Need.ProbeMode("uprobe.session");
        using var service = ProbedWorkload.Start(
            "throughput",
            "--workers 2 --tasks 4 --spin 2000",
            settings: new KernelSettings { Slots = 1, Types = 64 }
        );
        Need.Until(() => service.Kernel.Count(Stat.NoSlot) > 0, "a second worker polls and finds no slot");
        Assert.Single(service.Kernel.ReadWorkers());
        service.Workload.EndsWell();
    }

    [Fact]
    public void A_poll_whose_return_was_not_seen_is_counted_and_the_next_ones_are_timed()
    {
        using var polls = new ProbedChild(
            Everything(Need.ProbeMode("uprobe.session")) with
            {
                ThresholdNs = 1_000_000_000,
            }
        );
        // programs that are switched off between entry and return of a poll do not see its end
        for (int i = 0; i < 100 && polls.Kernel.Count(Stat.MissedReturns) == 0; i++)
        {
            var child = Task.Run(() => polls.Poll(20), TestContext.Current.CancellationToken);
            while (!child.IsCompleted)
                polls.Kernel.Control.Enabled ^= 1;
        }

        polls.Kernel.Control.Enabled = 1;
        Assert.True(polls.Kernel.Count(Stat.MissedReturns) > 0);
        ulong before = polls.Kernel.ReadType(new(0)).Polls;
        polls.Poll(1);
        Assert.Equal(before + 1000, polls.Kernel.ReadType(new(0)).Polls);
    }

    [Fact]
    public void Every_limit_that_holds_records_back_is_in_the_report()
    {
        Need.Kernel();
        using var workload = Workload.Start("mutex", "--seconds 60 --block-ms 30 --every-ms 20 --tasks 2");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(
                workload.Pid,
                6,
                new()
                {
                    SlowPerSecond = 1,
                    SamplesPerSecond = 1,
                    WorkerSlots = 1,
                    ForceLevel = 0,
                }
            )
        );

        Assert.True(agent.ExitCode == 0, agent.Text);
        var losses = agent.Profile.Losses;
        Assert.True(losses.RateLimited > 0, "slow polls");
        Assert.True(losses.WakersLimited > 0, "ends of waits for the mutex");
        Assert.True(losses.WaitsLimited > 0, "waits of the tasks that are not blocked themselves");
        Assert.True(losses.SamplesLimited > 0, "samples of what computes under it");
        Assert.True(losses.StackSlotsExhausted > 0, "a second worker");
        Assert.Contains("HUD303", agent.Warnings);
        workload.EndsWell();
    }

    [Fact]
    public void Polls_nested_too_deeply_are_counted_and_the_others_are_reported()
    {
        Need.Kernel();
        using var workload = Workload.Start("nested", "--seconds 60 --every-ms 30");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2, new() { ForceLevel = 0 }));

        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Losses.PollDepthOverflows > 0);
        Assert.Equal(0, agent.Profile.Losses.MissedReturns);
        Assert.Contains("HUD303", agent.Warnings);
        Assert.Contains(
            agent.Profile.Hotspots,
            h => h.Cause == HotspotCause.OnCpu && h.UserFrame.StartsWith("nested::", StringComparison.Ordinal)
        );
        workload.StillWorks();
        workload.EndsWell();
    }

    [Fact]
    public void Losses_reach_the_report_and_its_text()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 60 --workers 2 --tasks 8 --block-ms 3 --every-ms 1");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 2, new() { RingBufferKiB = 4 }, thresholdMs: 1)
        );

        Assert.Equal(0, agent.ExitCode);
        Assert.True(agent.Profile.Losses.RingBufferDrops > 0);
        Assert.Contains("HUD303", agent.Warnings);
        Assert.True(agent.Profile.Summary.SlowPolls > 0);
        workload.EndsWell();
    }
}
