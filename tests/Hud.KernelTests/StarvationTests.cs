using System.Diagnostics;
using Hud.Core.Profile;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>A service that gets no CPU polls nothing, or little: that is neither idle nor healthy.</summary>
[Trait("runs", "alone")]
public sealed class StarvationTests
{
    [Fact]
    public void A_service_that_gets_no_cpu_is_neither_idle_nor_healthy()
    {
        Need.Kernel();
        Need.Program("chrt");
        // of the least weight there is, a 340th of the neighbour's on the same CPU: it never gets as far as its block is long
        using var workload = Workload.Start(
            "cpu_hog",
            "--seconds 100 --every-ms 10 --block-ms 300",
            before: ["taskset", "-c", "0", "chrt", "--idle", "0"]
        );
        using var neighbour = Process.Start("taskset", ["-c", "0", "sh", "-c", "while :; do :; done"]);
        AgentRun? agent = null;
        try
        {
            agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 4, thresholdMs: 50));
        }
        finally
        {
            neighbour.Kill();
            // it must be able to end whatever else the machine does
            using var weight = Process.Start("chrt", ["--all-tasks", "--other", "--pid", "0", $"{workload.Pid}"]);
            weight.WaitForExit();
        }

        Assert.True(agent.ExitCode == 0, agent.Text);
        var target = Assert.Single(agent.Profile.Targets);
        Assert.Contains(agent.Profile.VerdictLevel, (VerdictLevel[])[VerdictLevel.Pressure, VerdictLevel.NoData]);
        Assert.Contains("for a CPU", agent.Profile.Verdict, StringComparison.Ordinal);
        // how much of the run is for the scheduler to say: what rests, or was met between two readings, does not wait
        Assert.True(target.CpuWaitNs > agent.Profile.Summary.ObservedNs / 10, agent.Text);
        Assert.True(CpuStarvation.HardlyRan(target.CpuWaitNs, target.CpuNs), agent.Text);
        Assert.True(target.Reason == "Starved" || target.SlowPolls > 0, agent.Text);
        Assert.Contains(
            agent.Profile.Warnings,
            w =>
                w.Id == (target.Polls + target.SlowPolls == 0 ? "HUD202" : "HUD310")
                && w.NextStep.Contains("CPU request", StringComparison.Ordinal)
        );
        agent.Dispose();
        workload.EndsWell();
    }
}
