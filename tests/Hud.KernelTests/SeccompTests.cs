using Hud.Core.Profile;
using Hud.Elf;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Tokio;

namespace Hud.KernelTests;

/// <summary>A container's filter that kills the system calls of return probes (335) and of optimised probes (336).</summary>
public sealed class SeccompTests
{
    private const string Confine = """
        import ctypes, os, struct, sys
        rules = [(0x20, 0, 0, 0), (0x15, 1, 0, 335), (0x15, 0, 1, 336), (0x06, 0, 0, 0x80000000), (0x06, 0, 0, 0x7fff0000)]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *r) for r in rules))
        program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code)))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
            sys.exit("seccomp: errno %d" % ctypes.get_errno())
        os.execv(sys.argv[1], sys.argv[1:])
        """;

    private static Workload Confined(string name, string arguments)
    {
        if (!File.Exists("/usr/bin/python3"))
            Need.Missing("python3 is not installed");
        var workload = Workload.Start(name, arguments, "tokio143-release", "python3", "-c", Confine);
        Assert.Equal("2", ProcFs.StatusField(ProcFs.ReadText($"/proc/{workload.Pid}/status"), "Seccomp"));
        return workload;
    }

    [Theory]
    [InlineData("uprobe.session")]
    [InlineData("uprobe.multi")]
    [InlineData("perf-uprobe")]
    public void The_self_test_shows_whether_a_confined_child_survives_and_a_confined_service_fares_alike(string name)
    {
        var probeMode = Need.ProbeMode(name);
        bool survives;
        using (
            var kernel = BpfProbes.Load(
                new KernelSettings
                {
                    ProbeMode = probeMode,
                    RingKiB = 64,
                    Slots = 4,
                }
            )
        )
            survives = Calibration.SurvivesSeccomp(kernel, new(0), new(63));

        using var workload = Confined("sleep", "--seconds 100");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2, new() { ForceProbeMode = name }));
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Equal(!survives, agent.Warnings.Contains("HUD301"));
        Assert.True(agent.Profile.Summary.SlowPolls > 0, agent.Profile.Verdict);
        Assert.Equal(survives ? 0 : 3, agent.Profile.Agent.BudgetLevel);
        workload.EndsWell();
    }

    [Fact]
    public void Where_the_self_test_fails_a_confined_service_gets_no_probe_and_the_report_says_why()
    {
        Need.Kernel();
        using var workload = Confined("sleep", "--seconds 100");
        Assert.True(
            FileByteSource.TryOpen(Need.Workload("tokio143-release", "sleep"), out var source, out string error),
            error
        );
        Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
        ulong[] sites = [.. TokioBinary.Discover(elf).Types.Select(t => t.FileOffset)];
        byte[] before = [.. sites.Select(s => workload.CodeAt(s)[0])];

        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 2, new() { PretendSeccompUnsafe = true }));
        agent.WaitUntilAttached();
        Assert.Equal(before, sites.Select(s => workload.CodeAt(s)[0]));
        agent.WaitForEnd();

        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Contains("HUD301", agent.Warnings);
        Assert.Contains(agent.Profile.Warnings, w => w.Id == "HUD301");
        Assert.Equal("", Assert.Single(agent.Profile.Targets).Reason);
        Assert.DoesNotContain("HUD202", agent.Warnings);
        Assert.Equal((3, 0), (agent.Profile.Agent.BudgetLevel, agent.Profile.Overhead.ProbeHits));
        Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)); // sleeps are seen all the same
        workload.EndsWell();
    }

    [Fact]
    public void Of_two_services_the_free_one_is_timed_and_the_confined_one_is_watched()
    {
        Need.Kernel();
        using var confined = Confined("sleep", "--seconds 100 --every-ms 30");
        using var free = Workload.Start("mutex", "--seconds 100 --every-ms 30");
        var task = AgentRun.TaskFor(confined.Pid, 3, new() { PretendSeccompUnsafe = true });
        task.Targets = [.. task.Targets, new() { Pid = free.Pid }];
        using var agent = AgentRun.Whole(task);

        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Contains("HUD301", agent.Warnings);
        Assert.Equal((0, true), (agent.Profile.Agent.BudgetLevel, agent.Profile.Summary.Estimated));
        Assert.True(agent.Profile.Overhead.ProbeHits > 0);
        Assert.Contains(
            agent.Profile.Hotspots,
            h =>
                h.Target == 0
                && h.Cause == HotspotCause.BlockingCall
                && h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)
        );
        Assert.Contains(
            agent.Profile.Hotspots,
            h => h.Target == 1 && h.UserFrame.StartsWith("mutex::", StringComparison.Ordinal)
        );
        // its polls are not timed, but those that were open when the run began and when it ended are known of
        Assert.All(agent.Profile.Tasks.Where(t => t.Target == 0), t => Assert.InRange(t.Polls, 0, 2));
        confined.EndsWell();
        free.EndsWell();
    }

    [Fact]
    public void A_service_without_a_filter_is_not_held_back()
    {
        Need.Kernel();
        using var workload = Workload.Start("sleep", "--seconds 100");
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 1, new() { PretendSeccompUnsafe = true }));
        Assert.DoesNotContain("HUD301", agent.Warnings);
        Assert.True(agent.Profile.Overhead.ProbeHits > 0);
    }
}
