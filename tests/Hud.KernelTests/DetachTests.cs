using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;

namespace Hud.KernelTests;

/// <summary>What we put onto a target comes off again, however we end, and the target goes on working.</summary>
public sealed class DetachTests
{
    private const byte Breakpoint = 0xcc;

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void Detaching_restores_the_code_and_frees_everything(string name)
    {
        var probeMode = Need.ProbeMode(name);
        BpfIds held;
        using var service = ProbedWorkload.Start(
            "throughput",
            "--workers 2 --spin 20000",
            new KernelSettings { ProbeMode = probeMode, Types = 64 }
        );
        ulong site = service.Sites.First();
        Need.Until(() => service.Kernel.Count(Stat.Polls) > 0, "polls are timed");
        Assert.Equal(Breakpoint, service.Workload.CodeAt(site)[0]);
        held = BpfIds.Of(Environment.ProcessId);
        Assert.True(held.Links > 6, $"{held.Links} links"); // tracepoints and probes
        Assert.True(held.Programs > 0 && held.Maps > 0);

        service.Target.Probes.Detach();
        Assert.NotEqual(Breakpoint, service.Workload.CodeAt(site)[0]);
        service.Workload.StillWorks();
        service.Ring.Dispose();
        service.Kernel.Dispose();
        held.AreGone();
        service.Workload.EndsWell();
    }

    [Theory]
    [InlineData("uprobe.session", 200)]
    [InlineData("uprobe.multi", 30)]
    [InlineData("perf-uprobe", 10)]
    public void Attaching_and_detaching_under_load_does_no_harm(string name, int times)
    {
        var probeMode = Need.ProbeMode(name);
        using var service = ProbedWorkload.Start(
            "throughput",
            "--workers 2 --tasks 4 --spin 5000",
            new KernelSettings { ProbeMode = probeMode, Types = 64 }
        );
        long before = service.Workload.Last("polls");
        for (int i = 0; i < times; i++)
        {
            service.Target.Probes.Detach();
            service.Kernel.Control.Epoch++;
            service.AttachAgain();
            Assert.False(service.Workload.HasExited, $"the target died after {i} cycles");
        }

        long timed = service.Kernel.Count(Stat.Polls);
        Need.Until(() => service.Kernel.Count(Stat.Polls) > timed, "polls are timed after the last cycle");
        Assert.Equal(0, service.Kernel.Count(Stat.NoThreadState));
        Assert.Equal(0, service.Kernel.Count(Stat.DepthOverflow));
        service.Target.Probes.Detach();
        service.Workload.StillWorks();
        Assert.True(service.Workload.Last("polls") > before);
        service.Workload.EndsWell();
    }

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void An_agent_that_is_killed_leaves_nothing_behind(string name)
    {
        Need.ProbeMode(name);
        using var workload = Workload.Start("throughput", "--seconds 100 --workers 2 --spin 20000");
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 60, new() { ForceProbeMode = name }));
        agent.WaitUntilAttached();
        Need.Until(
            () => agent.Messages.OfType<Core.Stream.ProgressMessage>().Any(p => p.Summary.Polls > 0),
            "it sees polls"
        );
        var held = BpfIds.Of(agent.Pid);
        Assert.True(held.Links > 6, $"{held.Links} links");
        agent.Kill();

        held.AreGone();
        workload.StillWorks();
        workload.EndsWell();
    }

    [Fact]
    public void A_whole_run_leaves_nothing_behind()
    {
        Need.Kernel();
        using var workload = Workload.Start("cpu_hog", "--seconds 100");
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 1));
        agent.WaitUntilAttached();
        var held = BpfIds.Of(agent.Pid);
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        held.AreGone();
        workload.EndsWell();
    }
}
