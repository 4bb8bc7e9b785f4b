using System.Diagnostics;
using System.Globalization;
using Hud.Core.Profile;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>What may happen to a service in the middle of a run. Its own counters prove that it was not harmed.</summary>
public sealed class TargetLifeTests
{
    [Theory]
    [InlineData("uprobe.session", "tokio143-release")]
    [InlineData("uprobe.multi", "tokio143-release")]
    [InlineData("perf-uprobe", "tokio143-release")]
    [InlineData("uprobe.session", "tokio124-release")]
    [InlineData("uprobe.session", "tokio-new-release")]
    public void Panics_under_probes_are_caught_as_ever(string probeMode, string set)
    {
        Need.ProbeMode(probeMode);
        using var workload = Workload.Start("panics", "--seconds 100 --tasks 4", set);
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 2, new() { ForceProbeMode = probeMode, ForceLevel = 0 })
        );
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Summary.Polls > 0, agent.Profile.Verdict);
        Assert.Equal(0, agent.Profile.Losses.MissedReturns);
        Assert.Equal(0, agent.Profile.Losses.PollDepthOverflows);
        long panics = workload.Last("panics");
        Need.Until(() => workload.Last("panics") > panics || workload.HasExited, "it goes on panicking");
        workload.EndsWell();
        Assert.InRange(workload.Last("polls") - workload.Last("panics"), 0, 1003); // reported every thousand; four tasks at work
    }

    [Fact]
    public void A_service_that_starts_programs_is_profiled_and_unharmed()
    {
        Need.Kernel();
        using var workload = Workload.Start("process", "--seconds 100 --block-ms 20 --every-ms 30");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Summary.SlowPolls > 0, agent.Profile.Verdict);
        int seen = workload.Count("kind");
        Need.Until(() => workload.Count("kind") > seen || workload.HasExited, "it goes on starting programs");
        workload.EndsWell();
    }

    [Fact]
    public void A_service_that_becomes_another_program_ends_the_run_and_lives()
    {
        Need.Kernel();
        using var workload = Workload.Start("exec_mid_run", "--seconds 100 --every-ms 250"); // every 5 s
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 40));
        Assert.Equal(("TargetGone", 5, 5), (agent.EndMessage?.Reason, agent.EndMessage?.ExitCode, agent.ExitCode));
        Assert.Contains("HUD203", agent.Warnings);
        Assert.True(agent.Profile.Summary.Polls > 0, "what was seen until then is kept");
        Assert.Equal("TargetGone", Assert.Single(agent.Profile.Targets).Reason);
        int ready = workload.Count("ready");
        Need.Until(() => workload.Count("ready") > ready || workload.HasExited, "its next copy starts");
        workload.EndsWell();
    }

    [Fact]
    public void A_service_that_ends_in_mid_run_leaves_its_report()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 100");
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 60));
        agent.WaitUntilAttached();
        Need.Until(
            () => agent.Messages.OfType<Core.Stream.ProgressMessage>().Any(p => p.Summary.SlowPolls > 0),
            "a slow poll is seen"
        );
        workload.EndsWell();
        agent.WaitForEnd();
        Assert.Equal(("TargetGone", 5), (agent.EndMessage?.Reason, agent.ExitCode));
        Assert.Contains("HUD203", agent.Warnings);
        Assert.Equal(VerdictLevel.Blocked, agent.Profile.VerdictLevel);
        Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal));
    }

    /// <summary>A parent that does not wait leaves a zombie, which has a pid and a start time like any process.</summary>
    [Fact]
    public void A_service_that_ended_and_was_not_waited_for_is_gone()
    {
        Need.Kernel();
        using var parent = Process.Start(
            new ProcessStartInfo(
                "/bin/sh",
                [
                    "-c",
                    "\"$0\" --seconds 100 <&0 >/dev/null & echo $!; exec sleep 200",
                    Need.Workload("tokio143-release", "sleep"),
                ]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        int pid = int.Parse(parent.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        try
        {
            Need.Until(
                () =>
                    NodeAgent.Proc.ProcFs.ThreadName(pid, pid) == "sleep"
                    && NodeAgent.Proc.ProcFs.Threads(pid).Count > 1,
                "the workload runs"
            );
            using var agent = AgentRun.Start(AgentRun.TaskFor(pid, 600));
            agent.WaitUntilAttached();
            Assert.Equal(0, NodeAgent.Interop.Libc.kill(pid, 9));
            agent.WaitForEnd();
            Assert.Equal(("TargetGone", 5), (agent.EndMessage?.Reason, agent.ExitCode));
            Assert.Equal(
                "Z",
                NodeAgent.Proc.ProcFs.StatusField(NodeAgent.Proc.ProcFs.ReadText($"/proc/{pid}/status"), "State")[..1]
            ); // still there
        }
        finally
        {
            _ = NodeAgent.Interop.Libc.kill(pid, 9);
            parent.Kill();
        }
    }

    [Fact]
    public void A_run_whose_reader_is_gone_ends_by_itself()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 100");
        // head leaves after the first line, and the shell when the agent has ended: long before the ten minutes of the task
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 600), "sh", "-c", "\"$0\" | head -n 1");
        Assert.Single(agent.Messages);
        Assert.IsType<Core.Stream.HelloMessage>(agent.Messages[0]);
        workload.EndsWell();
    }

    [Fact]
    public void A_service_that_is_stopped_and_continued_is_unharmed()
    {
        Need.Kernel();
        using var workload = Workload.Start("throughput", "--seconds 100 --workers 2 --spin 20000");
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 4));
        agent.WaitUntilAttached();
        workload.Signal(19); // SIGSTOP
        Thread.Sleep(1000);
        workload.Signal(18); // SIGCONT
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Summary.Polls > 0);
        // it stood still in the middle of polls, and that is not their time: a poll takes well below a millisecond
        Assert.InRange(agent.Profile.Summary.WorstPollNs, 0, 500_000_000);
        workload.StillWorks();
        workload.EndsWell();
    }

    [Fact]
    public void A_service_that_is_stopped_all_the_time_is_attached_and_let_go()
    {
        Need.Kernel();
        using var workload = Workload.Start("throughput", "--seconds 100 --workers 2 --spin 20000");
        workload.Signal(19);
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 1));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal((0, VerdictLevel.NoData), (agent.Profile.Summary.Polls, agent.Profile.VerdictLevel));
        workload.Signal(18);
        workload.StillWorks();
        workload.EndsWell();
    }

    [Fact]
    public void Two_agents_on_one_service_do_not_disturb_each_other()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 100 --every-ms 30");
        using var first = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 3));
        using var second = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 3, new() { ForceProbeMode = "uprobe.multi" }));
        foreach (var agent in (AgentRun[])[first, second])
        {
            agent.WaitForEnd();
            Assert.True(agent.ExitCode == 0, agent.Text);
            Assert.True(
                agent.Profile.Summary.SlowPolls > 10,
                $"{agent.Profile.Agent.ProbeMode}: {agent.Profile.Verdict}"
            );
            Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal));
        }

        workload.EndsWell();
    }

    [Fact]
    public void A_run_that_is_asked_to_end_still_reports()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 100");
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 60));
        agent.WaitUntilAttached();
        Need.Until(
            () => agent.Messages.OfType<Core.Stream.ProgressMessage>().Any(p => p.Summary.SlowPolls > 0),
            "a slow poll is seen"
        );
        Assert.Equal(0, NodeAgent.Interop.Libc.kill(agent.Pid, 15));
        agent.WaitForEnd();
        Assert.Equal(("Interrupted", 0), (agent.EndMessage?.Reason, agent.ExitCode));
        Assert.Equal(VerdictLevel.Blocked, agent.Profile.VerdictLevel);
        workload.EndsWell();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_forced_level_finds_the_sleep_and_says_how(int level)
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 100 --every-ms 30 --tasks 4");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 3, new() { ForceLevel = level }));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal((level, level > 0), (agent.Profile.Agent.BudgetLevel, agent.Profile.Summary.Estimated));
        Assert.Contains(
            agent.Profile.Hotspots,
            h => h.Cause == HotspotCause.BlockingCall && h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)
        );
        Assert.Equal(level > 0, agent.Warnings.Contains("HUD304"));
        workload.EndsWell();
    }
}
