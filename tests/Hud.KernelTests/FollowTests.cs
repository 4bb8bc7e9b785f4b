using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>A run that goes on while its processes end and are started again.</summary>
public sealed class FollowTests
{
    private static AgentTask Following(string name, double seconds, AgentOptions? options = null) =>
        AgentRun.TaskFor(1, seconds, options) with
        {
            Targets = [],
            FollowName = name,
        };

    private static bool Watches(AgentRun agent, int pid) =>
        agent.Messages.OfType<TargetMessage>().Any(t => t.Target.Pid == pid);

    private static ProgressMessage? Last(AgentRun agent) => agent.Messages.OfType<ProgressMessage>().LastOrDefault();

    private static long SlowPolls(AgentRun agent) => Last(agent)?.Summary.SlowPolls ?? 0;

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void Four_processes_one_after_the_other_are_in_one_report(string probeMode)
    {
        Need.ProbeMode(probeMode);
        string path = Need.Workload("tokio143-release", "sleep");
        using var agent = AgentRun.Start(Following(path, 500, new() { ForceProbeMode = probeMode }));
        agent.WaitUntilAttached();
        Need.Until(() => Last(agent)?.Waiting is { HadOne: false }, "it waits for the first one");
        for (int i = 0; i < 4; i++)
        {
            using var workload = Workload.Start("sleep", "--seconds 400");
            Need.Until(() => Watches(agent, workload.Pid), $"process {i} is watched");
            long before = SlowPolls(agent);
            Need.Until(() => SlowPolls(agent) > before, $"slow polls of process {i} are seen");
            workload.Signal(9);
            Need.Until(() => Last(agent)?.Waiting is { HadOne: true }, "it waits for the next one");
        }

        var held = BpfIds.Of(agent.Pid);
        Assert.Equal(0, NodeAgent.Interop.Libc.kill(agent.Pid, 2));
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal("Interrupted", agent.EndMessage?.Reason);
        var row = Assert.Single(agent.Profile.Targets);
        Assert.Equal((4, TargetState.Succeeded, "TargetGone"), (row.Processes, row.State, row.Reason));
        Assert.Equal(VerdictLevel.Blocked, agent.Profile.VerdictLevel);
        // one place in the code is one hotspot, wherever the four had it
        var hotspot = Assert.Single(
            agent.Profile.Hotspots,
            h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal) && h.Cause == HotspotCause.BlockingCall
        );
        Assert.InRange(hotspot.Count, 4, long.MaxValue);
        Assert.Equal(0, agent.Profile.Losses.StackSlotsExhausted);
        Assert.InRange(agent.Profile.StackTable.Count, 1, 20);
        Assert.DoesNotContain(agent.Profile.StackTable, s => s.Frames.Any(f => f.Function.StartsWith('?')));
        held.AreGone();
    }

    [Fact]
    public void One_that_stays_loses_no_poll_while_others_come_and_go()
    {
        Need.Kernel();
        using var stays = Workload.Start("sleep", "--seconds 400");
        string path = Need.Workload("tokio143-release", "sleep");
        using var agent = AgentRun.Start(Following(path, 500));
        agent.WaitUntilAttached();
        for (int i = 0; i < 3; i++)
        {
            using var workload = Workload.Start("sleep", "--seconds 400");
            Need.Until(() => Watches(agent, workload.Pid), $"process {i} is watched");
            workload.EndsWell();
        }

        Assert.Equal(0, NodeAgent.Interop.Libc.kill(agent.Pid, 2));
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal(0, agent.Profile.Losses.Events());
        Assert.Equal(0, agent.Profile.Losses.MissedReturns);
        var row = Assert.Single(agent.Profile.Targets, t => t.Pid == stays.Pid);
        Assert.Equal((1, ""), (row.Processes, row.Reason));
        stays.EndsWell();
    }

    [Fact]
    public void A_program_that_starts_itself_again_is_followed()
    {
        Need.Kernel();
        string path = Need.Workload("tokio143-release", "exec_mid_run");
        using var workload = Workload.Start("exec_mid_run", "--seconds 400 --every-ms 150"); // every 3 s
        using var agent = AgentRun.Start(Following(path, 500));
        agent.WaitUntilAttached();
        Need.Until(
            () => agent.Messages.OfType<TargetMessage>().Any(t => t.Target.Processes >= 3) || workload.HasExited,
            "two more are watched"
        );
        long polls = Last(agent)?.Summary.Polls ?? 0;
        Need.Until(() => Last(agent)!.Summary.Polls > polls, "polls of the last one are timed");
        Assert.Equal(0, NodeAgent.Interop.Libc.kill(agent.Pid, 2));
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.All(agent.Profile.Targets, t => Assert.Equal(workload.Pid, t.Pid));
        workload.EndsWell();
    }

    [Fact]
    public void A_list_in_a_file_is_followed_as_it_changes()
    {
        Need.Kernel();
        var folder = Directory.CreateTempSubdirectory("hud-follow");
        string list = Path.Combine(folder.FullName, "targets");
        using var first = Workload.Start("sleep", "--seconds 400");
        using var second = Workload.Start("cpu_hog", "--seconds 400");
        try
        {
            File.WriteAllText(list, $"[{{\"pid\":{first.Pid}}}]");
            using var agent = AgentRun.Start(AgentRun.TaskFor(1, 500) with { Targets = [], TargetsFile = list });
            agent.WaitUntilAttached();
            Need.Until(() => Watches(agent, first.Pid), "the first one is watched");
            File.WriteAllText(list + ".new", $"[{{\"pid\":{second.Pid}}}]");
            File.Move(list + ".new", list, overwrite: true);
            Need.Until(() => Watches(agent, second.Pid), "the second one is watched");
            File.WriteAllText(list, "[{");
            Need.Until(() => agent.Warnings.Contains("HUD316"), "the broken list is told");
            Assert.Equal(0, NodeAgent.Interop.Libc.kill(agent.Pid, 2));
            agent.WaitForEnd();
            Assert.Equal((0, 2), (agent.ExitCode, agent.Profile.Targets.Count));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        first.EndsWell();
        second.EndsWell();
    }

    [Fact]
    public void Fifty_restarts_need_no_more_memory_files_or_places_than_ten()
    {
        Need.Kernel();
        string path = Need.Workload("tokio143-release", "sleep");
        using var agent = AgentRun.Start(Following(path, 2000, new() { WorkerSlots = 16 }));
        agent.WaitUntilAttached();
        (long Peak, int Files) afterTen = default;
        for (int i = 1; i <= 50; i++)
        {
            using (var workload = Workload.Start("sleep", "--seconds 400 --workers 2"))
            {
                Need.Until(() => Watches(agent, workload.Pid), $"process {i} is watched");
                workload.Signal(9);
            }

            if (i == 10)
                afterTen = (PeakOf(agent.Pid), FilesOf(agent.Pid));
        }

        (long peak, int files) = (PeakOf(agent.Pid), FilesOf(agent.Pid));
        Assert.Equal(0, NodeAgent.Interop.Libc.kill(agent.Pid, 2));
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal(50, agent.Profile.Targets.Sum(t => t.Processes));
        Assert.InRange(agent.Profile.Targets.Count, 1, 3); // one row, unless one came before the last was over
        Assert.Equal(0, agent.Profile.Losses.StackSlotsExhausted);
        TestContext.Current.SendDiagnosticMessage(
            $"peak {afterTen.Peak} then {peak}, files {afterTen.Files} then {files}"
        );
        Assert.InRange(peak, 0, afterTen.Peak + (12L << 20));
        Assert.InRange(files, 0, afterTen.Files + 40);
    }

    private static long PeakOf(int pid) =>
        long.Parse(
            NodeAgent
                .Proc.ProcFs.StatusField(NodeAgent.Proc.ProcFs.ReadText($"/proc/{pid}/status"), "VmHWM")
                .Split(' ')[0],
            System.Globalization.CultureInfo.InvariantCulture
        ) * 1024;

    private static int FilesOf(int pid) => Directory.GetFiles($"/proc/{pid}/fd").Length;
}
