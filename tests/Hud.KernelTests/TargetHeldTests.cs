using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>A service that others hold still in mid-run, or that leaves its stacks: it is not harmed, and the time is not blamed on it.</summary>
[Trait("runs", "alone")]
public sealed class TargetHeldTests
{
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void A_service_under_a_debugger_is_unharmed_and_its_stops_are_not_blocking(string probeMode)
    {
        Need.ProbeMode(probeMode);
        IsUnharmed(new() { ForceProbeMode = probeMode, ForceLevel = 0 }, pid => Tracer.StopAndGoOn(pid, Held));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Polls_that_go_to_another_stack_and_come_back_are_timed_and_unharmed(bool multi)
    {
        string probeMode = multi ? "uprobe.multi" : "uprobe.session";
        Need.ProbeMode(probeMode);
        using var workload = Workload.Start("other_stack", "--seconds 100 --every-ms 30");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 3, new() { ForceProbeMode = probeMode, ForceLevel = 0 })
        );
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal(0, agent.Profile.Losses.StackCopyFailures);
        Assert.True(agent.Profile.Losses.TruncatedStacks > 0, "a stack of its own does not reach the poll");
        Assert.Equal(0, agent.Profile.Losses.MissedReturns);
        Assert.True(agent.Profile.Summary.SlowPolls > 10, agent.Profile.Verdict);
        // the workload's own clock runs in the poll as well
        Assert.All(
            agent.Profile.Hotspots.Where(h => h.Cause == HotspotCause.OnCpu),
            h => Assert.Equal("other_stack::handle_request", h.Task)
        );
        Assert.Equal("other_stack::burn", agent.Profile.Hotspots.First(h => h.Cause == HotspotCause.OnCpu).UserFrame);
        workload.StillWorks();
        workload.EndsWell();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_service_that_is_frozen_is_unharmed_and_that_time_is_not_blocking(int version)
    {
        Need.Kernel();
        using var freezer = Freezer.Create(version);
        IsUnharmed(
            new() { ForceLevel = 0 },
            pid =>
            {
                try
                {
                    freezer.Freeze();
                    Thread.Sleep(Held);
                }
                finally
                {
                    freezer.Thaw(); // what is frozen does not die either
                }
            },
            freezer.Add
        );
    }

    /// <summary>A service that only computes in short polls is held still in mid-run: no poll is as long as that, and nothing is blamed.</summary>
    private static void IsUnharmed(AgentOptions options, Action<int> hold, Action<int>? prepare = null)
    {
        using var workload = Workload.Start("throughput", "--seconds 100 --workers 2 --spin 20000");
        prepare?.Invoke(workload.Pid);
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 4, options, thresholdMs: 300));
        agent.WaitUntilAttached();
        hold(workload.Pid);
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Summary.Polls > 0);
        Assert.InRange(agent.Profile.Summary.LongestPollNs, 0, (long)Held.TotalNanoseconds / 2);
        Assert.DoesNotContain(agent.Profile.Hotspots, h => h.Cause == HotspotCause.BlockingCall);
        workload.StillWorks();
        workload.EndsWell();
    }

    /// <summary>A return probe on a nested poll further up would make the kernel forget the outer one's return, and end the thread with SIGILL.</summary>
    [Fact]
    public void A_poll_inside_a_poll_on_another_stack_does_not_end_the_service()
    {
        Need.ProbeMode("uprobe.session");
        using var workload = Workload.Start("other_stack", "--seconds 100 --every-ms 30 --spin 1");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 3, new() { ForceProbeMode = "uprobe.session", ForceLevel = 0 })
        );
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Losses.PollDepthOverflows > 0, "polls up there are not timed, and counted");
        Assert.True(agent.Profile.Summary.SlowPolls > 10, agent.Profile.Verdict);
        workload.StillWorks();
        workload.EndsWell();
    }
}
