using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Run;

namespace Hud.KernelTests;

/// <summary>A second profiler, not ours, with entry and return probes on the very functions that we probe.</summary>
[Trait("runs", "alone")]
public sealed class NeighbourTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bpftrace_on_the_same_functions_disturbs_neither_side(bool bpftraceFirst)
    {
        Need.Program("bpftrace");
        using var workload = Workload.Start("sleep", "--seconds 100 --every-ms 30");
        using var neighbour = bpftraceFirst ? StartBpftrace(workload.Pid) : null;
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 6));
        agent.WaitUntilAttached();
        using var late = bpftraceFirst ? null : StartBpftrace(workload.Pid);
        // the one that came later goes first, so that each is seen to outlive the other
        if (!bpftraceFirst)
            EndedWithCounts(late!);
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.True(agent.Profile.Summary.SlowPolls > 10, agent.Profile.Verdict);
        Assert.Equal(0, agent.Profile.Losses.MissedReturns);
        Assert.Contains(
            agent.Profile.Hotspots,
            h => h.Cause == HotspotCause.BlockingCall && h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)
        );
        if (bpftraceFirst)
            EndedWithCounts(neighbour!);

        // a new agent finds the functions as they were
        using var again = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 1));
        Assert.True(again.ExitCode == 0, again.Text);
        workload.EndsWell();
    }

    /// <summary>Nor does a report say what else runs on a node, where the administrator of a cluster does not want that.</summary>
    [Fact]
    public void Who_had_the_cpu_is_not_named_when_neighbours_are_hidden()
    {
        string[] onCpu0 = ["taskset", "-c", "0"];
        using var burner = Workload.Start("burner", "--seconds 100 --tasks 2", before: onCpu0);
        using var workload = Workload.Start("steady_work", "--seconds 100 --workers 1", before: onCpu0);
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 4, thresholdMs: 4) with
            {
                HideNeighbours = true,
            }
        );
        Assert.True(agent.ExitCode == 0, agent.Text);
        var named = agent.Profile.Hotspots.SelectMany(h => h.PreemptedBy).ToList();
        Assert.Contains(named, c => c is { Name: Neighbours.OfTheNode or Neighbours.OtherPod, Pid: 0 });
        Assert.DoesNotContain(
            "burner",
            JsonSerializer.Serialize(agent.Profile, HudJson.Default.ProfileDocument),
            StringComparison.Ordinal
        );
        workload.EndsWell();
    }

    private static Process StartBpftrace(int pid)
    {
        string functions = $"/proc/{pid}/exe:*task*raw*poll*";
        var start = new ProcessStartInfo(
            "bpftrace",
            [
                "-p",
                $"{pid}",
                "-e",
                $"BEGIN {{ printf(\"attached\\n\"); }} uprobe:{functions} {{ @entries = count(); }} uretprobe:{functions} {{ @returns = count(); }}",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        for (string? line; (line = process.StandardOutput.ReadLine()) != "attached"; )
            Assert.True(line is not null, "bpftrace ended before it was attached");
        return process;
    }

    private static void EndedWithCounts(Process bpftrace)
    {
        Thread.Sleep(500);
        Assert.Equal(0, NodeAgent.Interop.Libc.kill(bpftrace.Id, 2));
        string output = bpftrace.StandardOutput.ReadToEnd();
        Assert.True(bpftrace.WaitForExit(20_000), "bpftrace does not end");
        Assert.True(
            Count(output, "entries") > 0 && Count(output, "returns") > 0,
            $"bpftrace counted nothing: {output}"
        );
    }

    private static long Count(string output, string name) =>
        output
            .Split('\n')
            .Where(line => line.StartsWith($"@{name}: ", StringComparison.Ordinal))
            .Select(line => long.Parse(line[(name.Length + 3)..], CultureInfo.InvariantCulture))
            .FirstOrDefault();
}
