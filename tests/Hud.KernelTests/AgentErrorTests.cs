using System.Diagnostics;
using System.Globalization;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>Errors that a person meets, through the real program: an id, what happened, the next step, an exit code, no report.</summary>
public sealed class AgentErrorTests
{
    private static string Temporary(string name) =>
        Path.Combine(Directory.CreateTempSubdirectory("hud-kernel-").FullName, name);

    [Fact]
    public void No_such_process()
    {
        Need.Kernel();
        using var agent = AgentRun.Whole(AgentRun.TaskFor(int.MaxValue));
        agent.Refuses("HUD001", 2, int.MaxValue.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void No_Tokio_program()
    {
        Need.Kernel();
        using var sleep = Process.Start("/bin/sleep", "60");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(sleep.Id));
        sleep.Kill();
        agent.Refuses("HUD201", 4, "sleep");
        Assert.Equal("NoTokioRuntime", Assert.Single(agent.Messages.OfType<Core.Stream.TargetMessage>()).Target.Reason);
    }

    [Fact]
    public void A_kernel_thread()
    {
        Need.Kernel();
        int thread = Directory
            .GetDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), out int pid) ? pid : 0)
            .FirstOrDefault(p =>
                p > 0
                && NodeAgent.Proc.ProcFs.StatusField(NodeAgent.Proc.ProcFs.ReadText($"/proc/{p}/status"), "Kthread")
                    == "1"
            );
        if (thread == 0)
            Need.Missing("no kernel thread is visible here");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(thread));
        agent.Refuses("HUD205", 4, "kernel thread");
    }

    [Fact]
    public void A_32_bit_program()
    {
        Need.Kernel();
        string path = Temporary("tiny32");
        File.WriteAllBytes(path, Elf32());
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Process? tiny = null;
        try
        {
            tiny = Process.Start(path);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Need.Missing($"this kernel runs no 32-bit programs: {e.Message}");
        }

        using (tiny)
        {
            using var agent = AgentRun.Whole(AgentRun.TaskFor(tiny!.Id));
            tiny.Kill();
            agent.Refuses("HUD204", 4, "tiny32", "64");
        }
    }

    /// <summary>A whole program for the 80386: <c>pause()</c> for ever.</summary>
    private static byte[] Elf32()
    {
        byte[] code = [0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7]; // mov $29,%eax; int $0x80; jmp to the start
        byte[] file = new byte[52 + 32 + code.Length];
        using var writer = new BinaryWriter(new MemoryStream(file));
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        foreach (ushort half in (ushort[])[2, 3])
            writer.Write(half);
        foreach (uint word in (uint[])[1, 0x08048000 + 84, 52, 0, 0])
            writer.Write(word);
        foreach (ushort half in (ushort[])[52, 32, 1, 0, 0, 0])
            writer.Write(half);
        foreach (uint word in (uint[])[1, 0, 0x08048000, 0x08048000, (uint)file.Length, (uint)file.Length, 5, 4096])
            writer.Write(word);
        writer.Write(code);
        return file;
    }

    [Fact]
    public void A_deleted_executable_is_profiled_all_the_same()
    {
        Need.Kernel();
        string path = Temporary("checkout");
        CopiedProgram.To(Need.Workload("tokio143-release", "sleep"), path);
        using var workload = Workload.StartFile(path, "--seconds 100");
        File.Delete(path);
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal(VerdictLevel.Blocked, agent.Profile.VerdictLevel);
        Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)); // names too
        Assert.Contains("checkout", Assert.Single(agent.Profile.Targets).Executable, StringComparison.Ordinal);
        workload.EndsWell();
    }

    [Fact]
    public void An_executable_that_was_replaced_is_read_as_it_runs()
    {
        Need.Kernel();
        string path = Temporary("checkout");
        CopiedProgram.To(Need.Workload("tokio143-release", "sleep"), path);
        using var workload = Workload.StartFile(path, "--seconds 100");
        File.Delete(path);
        File.Copy("/bin/true", path);
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal));
        workload.EndsWell();
    }

    [Fact]
    public void Without_capabilities_each_missing_one_is_named()
    {
        Need.Kernel();
        using var workload = Workload.Start("idle", "--seconds 60");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid),
            "setpriv",
            "--bounding-set=-all",
            "--inh-caps=-all"
        );
        agent.Refuses("HUD101", 3, "CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH");
        workload.EndsWell();
    }

    [Fact]
    public void With_one_capability_missing_only_that_one_is_named()
    {
        Need.Kernel();
        using var workload = Workload.Start("idle", "--seconds 60");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid),
            "setpriv",
            "--bounding-set=-sys_ptrace",
            "--inh-caps=-sys_ptrace"
        );
        agent.Refuses("HUD101", 3, "CAP_SYS_PTRACE");
        Assert.DoesNotContain("CAP_BPF (", agent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_four_capabilities_are_enough()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 60");
        const string four = "-all,+bpf,+perfmon,+sys_ptrace,+dac_read_search";
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 2),
            "setpriv",
            $"--bounding-set={four}",
            $"--inh-caps={four}"
        );
        Assert.True(agent.ExitCode == 0, agent.Text + agent.Errors);
        Assert.Equal(VerdictLevel.Blocked, agent.Profile.VerdictLevel);
        Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal));
        workload.EndsWell();
    }

    /// <summary>In a mount namespace of its own, the agent sees the machine that the line makes of this one.</summary>
    [Theory]
    [InlineData("mount -t tmpfs none /sys/kernel/btf", "HUD102", "CONFIG_DEBUG_INFO_BTF")]
    [InlineData(
        "echo 5.4.0-99-generic > \"$0\" && mount --bind \"$0\" /proc/sys/kernel/osrelease",
        "HUD103",
        "5.4.0-99-generic"
    )]
    [InlineData(
        "echo 5.14.0-70-generic > \"$0\" && mount --bind \"$0\" /proc/sys/kernel/osrelease",
        "HUD103",
        "older than 5.15"
    )]
    [InlineData(
        "mount -t tmpfs none /sys/kernel/security && echo 'none integrity [confidentiality]' > /sys/kernel/security/lockdown",
        "HUD107",
        "lockdown=integrity"
    )]
    public void A_kernel_that_cannot(string line, string id, string words)
    {
        Need.Kernel();
        using var workload = Workload.Start("idle", "--seconds 60");
        string file = Temporary("file");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid),
            "unshare",
            "--mount",
            "sh",
            "-c",
            line + " && exec \"$@\"",
            file
        );
        agent.Refuses(id, 3, words);
        workload.EndsWell();
    }

    [Fact]
    public void A_rung_that_does_not_exist()
    {
        Need.Kernel();
        using var workload = Workload.Start("idle", "--seconds 60");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 1, new() { ForceProbeMode = "kprobe" }));
        agent.Refuses("HUD005", 2, "kprobe", "uprobe.session", "sched-only");
        workload.EndsWell();
    }

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    [InlineData("sched-only")]
    public void A_forced_probe_mode_is_the_one_that_is_used(string probeMode)
    {
        Need.Kernel();
        if (probeMode != "sched-only")
            Need.ProbeMode(probeMode);
        using var workload = Workload.Start("sleep", "--seconds 60 --every-ms 30");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2, new() { ForceProbeMode = probeMode }));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal(probeMode, agent.Profile.Agent.ProbeMode);
        Assert.Equal(VerdictLevel.Blocked, agent.Profile.VerdictLevel);
        Assert.Contains(
            agent.Profile.Hotspots,
            h => h.Cause == HotspotCause.BlockingCall && h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)
        );
        workload.EndsWell();
    }

    [Fact]
    public void An_idle_service_is_distinguished_from_a_healthy_one()
    {
        Need.Kernel();
        using var idle = Workload.Start("idle", "--seconds 60");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(idle.Pid, 1));
        // the agent did its work, and in a cluster the session is complete; hud makes exit code 4 of the verdict
        Assert.Equal(
            (0, "Idle", VerdictLevel.NoData),
            (agent.ExitCode, Assert.Single(agent.Profile.Targets).Reason, agent.Profile.VerdictLevel)
        );
        Assert.Contains("HUD202", agent.Warnings);
        Assert.Contains(
            agent.Profile.Warnings,
            w => w.Id == "HUD202" && w.NextStep.Contains("load", StringComparison.Ordinal)
        );
        using var busy = Workload.Start("throughput", "--seconds 60 --spin 20000");
        using var second = AgentRun.Whole(AgentRun.TaskFor(busy.Pid, 1, thresholdMs: 1000));
        Assert.Equal(
            (0, "BelowThreshold", VerdictLevel.Healthy),
            (second.ExitCode, Assert.Single(second.Profile.Targets).Reason, second.Profile.VerdictLevel)
        );
        Assert.DoesNotContain("HUD202", second.Warnings);
    }

    [Theory]
    [InlineData("sched-only", null)]
    [InlineData(null, 3)]
    public void A_busy_service_whose_polls_are_not_timed_is_not_called_idle(string? probeMode, int? level)
    {
        Need.Kernel();
        using var busy = Workload.Start("throughput", "--seconds 60 --spin 20000");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(busy.Pid, 1, new() { ForceProbeMode = probeMode, ForceLevel = level }, thresholdMs: 1000)
        );
        Assert.Equal(
            (0, "NotTimed", VerdictLevel.NoData),
            (agent.ExitCode, Assert.Single(agent.Profile.Targets).Reason, agent.Profile.VerdictLevel)
        );
        Assert.DoesNotContain("polled no task", agent.Text + agent.Profile.Verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("batch", VerdictLevel.Blocked)]
    [InlineData("front", VerdictLevel.Healthy)]
    [InlineData("other", VerdictLevel.NoData)]
    public void With_worker_names_given_only_those_threads_count(string prefix, VerdictLevel verdict)
    {
        Need.Kernel();
        using var workload = Workload.Start("two_runtimes", "--seconds 60 --every-ms 30");
        var task = AgentRun.TaskFor(workload.Pid, 2, new() { ForceLevel = 0 });
        task.Session = task.Session with { WorkerThreadNames = [prefix] };
        using var agent = AgentRun.Whole(task);
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.All(agent.Profile.Workers, w => Assert.StartsWith(prefix, w.Name, StringComparison.Ordinal));
        Assert.All(
            agent.Messages.OfType<Core.Stream.ProgressMessage>().SelectMany(p => p.Workers),
            w => Assert.StartsWith(prefix, w.Name, StringComparison.Ordinal)
        );
        Assert.Equal(
            verdict == VerdictLevel.Blocked,
            agent.Profile.Hotspots.Any(h => h.Cause == HotspotCause.BlockingCall)
        );
        // a neighbour on the machine doesn't matter here
        Assert.True(
            agent.Profile.VerdictLevel == verdict
                || (prefix == "front" && agent.Profile.VerdictLevel == VerdictLevel.Pressure),
            agent.Profile.Verdict
        );
        Assert.Equal(verdict == VerdictLevel.NoData, agent.Text.Contains("other*", StringComparison.Ordinal));
    }

    [Fact]
    public void One_of_two_targets_may_be_missing()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 60");
        var task = AgentRun.TaskFor(workload.Pid, 1);
        task.Targets = [new() { Pid = int.MaxValue }, .. task.Targets];
        using var agent = AgentRun.Whole(task);
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Contains("HUD001", agent.Warnings);
        Assert.Equal([TargetState.Succeeded, TargetState.Failed], agent.Profile.Targets.Select(t => t.State));
        Assert.True(agent.Profile.Targets[0].SlowPolls > 0);
    }

    [Theory]
    [InlineData(null, "HUD_AGENT_TASK is not set")]
    [InlineData("", "HUD_AGENT_TASK is not set")]
    [InlineData("{", "not a valid task")]
    [InlineData("null", "not a valid task")]
    [InlineData("{\"targets\":7}", "not a valid task")]
    public void An_invalid_task_is_explained(string? task, string words)
    {
        using var agent = AgentRun.StartRaw(task, []);
        agent.WaitForEnd();
        Assert.Equal(2, agent.ExitCode);
        Assert.Contains(words, agent.Errors, StringComparison.Ordinal);
        Assert.Empty(agent.Messages);
    }

    [Fact]
    public void An_unknown_argument_is_explained()
    {
        using var agent = AgentRun.StartRaw(null, ["--frobnicate"]);
        agent.WaitForEnd();
        Assert.Equal(2, agent.ExitCode);
        Assert.Contains("--frobnicate", agent.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_without_targets_ends_at_once()
    {
        Need.Kernel();
        var task = AgentRun.TaskFor(1);
        task.Targets = [];
        using var agent = AgentRun.Whole(task);
        Assert.NotEqual(0, agent.ExitCode);
        Assert.Equal(agent.ExitCode, agent.EndMessage?.ExitCode);
    }
}
