using Hud.Analysis;
using Hud.Core.Stream;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Unwinding;

namespace Hud.KernelTests;

/// <summary>
/// Breakpoints go where the program's code was read, or nowhere: not into what the process became meanwhile, and not into a process
/// that was never a target. The programs of tests/hostile compute with the bytes that a stray breakpoint would change.
/// </summary>
public sealed class HostileExecTests
{
    public static TheoryData<string> ProbeModes() => ["uprobe.session", "uprobe.multi", "perf-uprobe"];

    private static TargetProcess Open(int pid) =>
        Assert.IsType<TargetProcess>(
            TargetInspector.Inspect(new(0), new AgentTarget { Pid = pid }, pid, new TargetFiles(new UnwindTableCache()))
        );

    private static BpfProbes Load(ProbeMode probeMode, int pid)
    {
        var kernel = BpfProbes.Load(new KernelSettings { ProbeMode = probeMode, Types = 8 });
        Assert.NotEmpty(kernel.AddTarget(pid, new(0)));
        kernel.AttachScheduler(0);
        return kernel;
    }

    private static void Becomes(Workload workload, string program)
    {
        workload.Signal(10); // SIGUSR1
        Need.Until(
            () => File.ResolveLinkTarget($"/proc/{workload.Pid}/exe", false)?.FullName == program,
            "it becomes the other program"
        );
        int ready = workload.Count("ready");
        Need.Until(() => workload.Count("ready") > 1 || ready > 1, "the other program runs");
    }

    [Theory]
    [MemberData(nameof(ProbeModes))]
    public void What_a_target_becomes_before_it_is_probed_is_not_probed_nor_is_a_stranger_that_runs_the_same(
        string mode
    )
    {
        var probeMode = Need.ProbeMode(mode);
        string moved = HostileProgram.Of("become-moved");
        using var stranger = Workload.StartFile(moved, "run");
        using var workload = Workload.StartFile(HostileProgram.Of("become"), $"run {moved}");
        using var target = Open(workload.Pid);
        ulong site = Assert.Single(target.Tokio.Types).FileOffset;
        byte[] code = stranger.CodeAt(site, 16);
        Becomes(workload, moved);

        using var kernel = Load(probeMode, workload.Pid);
        target.Probes.Attach(kernel, new HashSet<TaskTypeId>());
        Assert.False(target.Probes.Any, "nothing is left to be probed");
        Assert.False(target.IsAlive());
        foreach (var process in (Workload[])[stranger, workload])
        {
            Assert.Equal(code, process.CodeAt(site, 16));
            process.StillWorks();
            process.EndsWell();
        }
    }

    [Theory]
    [MemberData(nameof(ProbeModes))]
    public void A_file_that_was_written_to_since_it_was_read_is_not_probed(string mode)
    {
        var probeMode = Need.ProbeMode(mode);
        string program = HostileProgram.Copy("become"),
            moved = HostileProgram.Of("become-moved");
        using var workload = Workload.StartFile(program, $"run {moved}");
        using var target = Open(workload.Pid);
        ulong site = Assert.Single(target.Tokio.Types).FileOffset;
        Becomes(workload, moved);
        // no process runs it now, so it can be written to: same inode, same size, other code
        using (var file = File.OpenWrite(program))
            file.Write(File.ReadAllBytes(moved));
        using var stranger = Workload.StartFile(program, "run");
        byte[] code = stranger.CodeAt(site, 16);

        using var kernel = Load(probeMode, workload.Pid);
        target.Probes.Attach(kernel, new HashSet<TaskTypeId>());
        Assert.False(target.Probes.Any);
        Assert.Equal(code, stranger.CodeAt(site, 16));
        stranger.StillWorks();
        stranger.EndsWell();
        workload.EndsWell();
    }

    [Theory]
    [MemberData(nameof(ProbeModes))]
    public void A_target_that_changed_its_own_copy_of_the_code_is_not_probed(string mode)
    {
        var probeMode = Need.ProbeMode(mode);
        using var workload = Workload.StartFile(HostileProgram.Of("become"), "patch");
        using var target = Open(workload.Pid);
        ulong site = Assert.Single(target.Tokio.Types).FileOffset;
        byte[] code = workload.CodeAt(site, 16);
        using var kernel = Load(probeMode, workload.Pid);
        target.Probes.Attach(kernel, new HashSet<TaskTypeId>());
        Assert.False(target.Probes.Any);
        Assert.True(target.IsAlive());
        Assert.False(target.ReturnProbesAllowed);
        Assert.Equal(code, workload.CodeAt(site, 16));
        workload.StillWorks();
        workload.EndsWell();
    }

    /// <summary>Session and multi links with a pid change no other process's memory; a perf uprobe goes into every process that runs the file.</summary>
    [Theory]
    [MemberData(nameof(ProbeModes))]
    public void A_stranger_that_changed_its_own_copy_of_the_code_is_not_touched(string mode)
    {
        var probeMode = Need.ProbeMode(mode);
        using var stranger = Workload.StartFile(HostileProgram.Of("become"), "patch");
        using var workload = Workload.StartFile(HostileProgram.Of("become"), "run");
        using var target = Open(workload.Pid);
        ulong site = Assert.Single(target.Tokio.Types).FileOffset;
        byte[] code = stranger.CodeAt(site, 16);
        using var kernel = Load(probeMode, workload.Pid);
        target.Probes.Attach(kernel, new HashSet<TaskTypeId>());
        Assert.Equal(probeMode != ProbeMode.Perf, target.Probes.Any);
        Assert.Equal(code, stranger.CodeAt(site, 16));
        stranger.StillWorks();
        target.Probes.Detach();
        stranger.EndsWell();
        workload.StillWorks();
        workload.EndsWell();
    }

    /// <summary>The same file again, at other addresses: nothing is harmed, but names and tables would be wrong.</summary>
    [Fact]
    public void A_target_that_started_itself_anew_is_known_to_be_another()
    {
        string program = HostileProgram.Of("become");
        using var workload = Workload.StartFile(program, $"run {program}");
        using var target = Open(workload.Pid);
        Assert.True(target.IsAlive());
        workload.Signal(10);
        Need.Until(() => workload.Count("ready") > 1, "it runs anew");
        Assert.Equal(target.StartTicks, ProcFs.StartTicks(workload.Pid));
        Assert.False(target.IsAlive());
        workload.EndsWell();
    }

    [Theory]
    [MemberData(nameof(ProbeModes))]
    public void An_agent_that_meets_a_program_that_becomes_another_all_the_time_does_no_harm(string mode)
    {
        Need.ProbeMode(mode);
        string moved = HostileProgram.Of("become-moved"),
            program = HostileProgram.Of("become");
        using var stranger = Workload.StartFile(moved, "run");
        using var target = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(program, ["flip", moved, "100000"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        for (int i = 0; i < 6; i++)
        {
            using var agent = AgentRun.Whole(AgentRun.TaskFor(target.Id, 1, new() { ForceProbeMode = mode }));
            // it is what it was when the agent looked, or it is gone: both are reported
            Assert.True(
                agent.EndMessage is { Reason: "TargetGone" or "HUD201" or "HUD203" or "Completed" },
                $"{agent.EndMessage?.Reason}: {agent.Text}"
            );
            Assert.False(target.HasExited, "the target was harmed");
        }

        stranger.StillWorks();
        stranger.EndsWell();
        target.StandardInput.Close();
        Assert.True(target.WaitForExit(20_000));
        Assert.Equal(0, target.ExitCode);
    }
}
