using System.Diagnostics;
using Hud.Core.Stream;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;

namespace Hud.KernelTests;

[Trait("runs", "alone")]
public sealed class SchedulerTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(ulong.MaxValue)]
    public void Switches_of_others_leave_no_trace(ulong schedOnly)
    {
        Need.Kernel();
        using var kernel = BpfProbes.Load(
            new KernelSettings
            {
                ProbeMode = ProbeMode.SchedOnly,
                Slots = 8,
                RingKiB = 64,
                ThresholdNs = 0,
            }
        );
        kernel.AttachScheduler(99);
        kernel.Control.SchedOnly = schedOnly;
        kernel.Control.Enabled = 1;
        using var stranger = SelfTestChild.Start("spin");
        for (int i = 0; i < 200; i++)
            Assert.NotNull(stranger!.Run(1));

        foreach (var stat in Enum.GetValues<Stat>().Where(s => s != Stat.Count))
            Assert.True(kernel.Count(stat) == 0, $"{stat}: {kernel.Count(stat)}");
        Assert.Equal(0u, kernel.Control.SlotsUsed);
    }

    [Fact]
    public void A_removed_target_is_a_stranger()
    {
        using var polls = new ProbedChild(
            new KernelSettings { ProbeMode = Need.ProbeMode("uprobe.session"), Slots = 4 }
        );
        polls.Kernel.RemoveTarget(polls.Threads[0].Tgid);
        polls.Poll(1);
        Assert.Equal(0, polls.Kernel.Count(Stat.Polls));
    }

    [Fact]
    public void Threads_of_a_process_are_resolved_to_the_ids_that_proc_shows()
    {
        Need.Kernel();
        using var kernel = BpfProbes.Load(new KernelSettings { ProbeMode = ProbeMode.SchedOnly, RingKiB = 64 });
        using var workload = Workload.Start("idle", "--seconds 60 --workers 4");
        Need.Until(() => ProcFs.Threads(workload.Pid).Count >= 6, "its workers are born"); // main, truth and four
        var threads = kernel.AddTarget(workload.Pid, new(0));

        Assert.Equal(ProcFs.Threads(workload.Pid).Select(t => (uint)t).Order(), threads.Select(t => t.NsTid).Order());
        Assert.All(threads, t => Assert.Equal((uint)workload.Pid, t.NsTgid));
        Assert.Single(threads.Select(t => t.Tgid).Distinct());
        Assert.Equal(threads.Count, threads.Select(t => t.Tid).Distinct().Count());
    }

    [Theory]
    [InlineData("sleep", 0, "blocked")]
    [InlineData("cpu_hog", 0, "polling")]
    [InlineData("cpu_hog", 2, "queued")]
    public void A_worker_in_a_poll_runs_sleeps_or_waits_for_its_cpu(string program, int neighbours, string state)
    {
        string[] sameCpu = ["taskset", "-c", "0"];
        using var workload = Workload.Start(
            program,
            "--seconds 100 --workers 1 --every-ms 1 --block-ms 500",
            before: sameCpu
        );
        using var burner = Process.Start(
            new ProcessStartInfo(
                "taskset",
                ["-c", "0", Need.Workload("tokio143-release", "burner"), "--tasks", $"{neighbours}", "--seconds", "100"]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        try
        {
            using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 100));
            Need.Until(
                () => agent.Messages.OfType<ProgressMessage>().SelectMany(p => p.Workers).Any(w => w.State == state),
                $"its worker is {state}"
            );
        }
        finally
        {
            burner.Kill(entireProcessTree: true);
            burner.WaitForExit();
        }
    }

    [Fact]
    public void A_process_in_a_pid_namespace_below_ours_is_resolved_by_our_ids()
    {
        Need.Kernel();
        using var outer = Process.Start(
            new ProcessStartInfo("unshare", ["--fork", "--pid", "--kill-child", "sleep", "60"])
            {
                UseShellExecute = false,
            }
        )!;
        try
        {
            int inner = 0;
            Need.Until(
                () => int.TryParse(ProcFs.ReadText($"/proc/{outer.Id}/task/{outer.Id}/children").Trim(), out inner),
                "the process in its own namespace is born"
            );
            using var kernel = BpfProbes.Load(new KernelSettings { ProbeMode = ProbeMode.SchedOnly, RingKiB = 64 });
            var thread = Assert.Single(kernel.AddTarget(inner, new(0)));
            Assert.Equal(((uint)inner, (uint)inner), (thread.NsTgid, thread.NsTid));
        }
        finally
        {
            outer.Kill();
        }
    }

    [Fact]
    public void An_agent_in_a_pid_namespace_of_its_own_speaks_of_the_pids_it_sees()
    {
        string workload = Need.Workload("tokio143-release", "sleep"),
            agent = Need.Agent();
        string task = System.Text.Json.JsonSerializer.Serialize(
            AgentRun.TaskFor(4711, 2),
            Core.HudJson.Default.AgentTask
        );
        // in there the shell is 1
        string script = $"""
            {workload} --seconds 30 --workers 2 >/dev/null </dev/null & target=$!
            sleep 0.5
            export HUD_AGENT_TASK=$(printf %s '{task}' | sed "s/4711/$target/")
            {agent}; code=$?
            kill $target
            exit $code
            """;
        using var run = AgentRun.Start(
            AgentRun.TaskFor(1),
            "unshare",
            "--fork",
            "--pid",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            script,
            "--"
        );
        run.WaitForEnd();

        Assert.True(run.ExitCode == 0, run.Text + run.Errors);
        var target = Assert.Single(run.Profile.Targets);
        Assert.InRange(target.Pid, 2, 50);
        Assert.True(run.Profile.Summary.SlowPolls > 0, run.Profile.Verdict);
        Assert.All(run.Profile.Workers, w => Assert.InRange(w.Tid, target.Pid, 200));
        Assert.All(run.Profile.Workers, w => Assert.NotEmpty(w.Name)); // read from /proc by that tid
        Assert.Contains(run.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal));
    }

    [Fact]
    public void A_process_that_is_gone_resolves_to_nothing()
    {
        Need.Kernel();
        using var kernel = BpfProbes.Load(new KernelSettings { ProbeMode = ProbeMode.SchedOnly, RingKiB = 64 });
        Assert.Empty(kernel.AddTarget(int.MaxValue, new(0)));
    }

    /// <summary>The lowest level of detail: no probe shows that it is in a poll, so the agent needs the stack to know.</summary>
    [Fact]
    public void Without_probes_a_wait_for_a_cpu_has_its_stack_and_who_ran_instead()
    {
        Need.ProbeMode("uprobe.session");
        string many = (4 * Environment.ProcessorCount).ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var service = ProbedWorkload.Start(
            "cpu_hog",
            $"--workers {many} --tasks {many} --every-ms 0 --block-ms 100",
            new KernelSettings
            {
                Types = 64,
                Slots = 64,
                ThresholdNs = 1_000_000,
            }
        );
        service.Target.Probes.Detach();
        service.Kernel.Control.Epoch++;
        service.Kernel.Control.SchedOnly = ulong.MaxValue;
        HudEvent[] waits = [];
        Need.Until(
            () =>
            {
                service.Ring.Drain();
                waits =
                [
                    .. service.Events.Where(e =>
                        e.Kind == EventKind.OffCpu && (e.Flags & EventFlags.StackPreempt) != EventFlags.None
                    ),
                ];
                return waits.Length > 3;
            },
            "workers wait for a CPU"
        );

        Assert.All(
            waits,
            e =>
            {
                Assert.True(
                    e.StackBytes > 0
                        && e.RunDelayNs > 1_000_000
                        && e.RunDelayNs == e.OffNs
                        && e.WorstQueueNs == e.RunDelayNs,
                    $"{e.StackBytes} bytes, {e.RunDelayNs} of {e.OffNs} ns"
                );
                Assert.Equal(-1, e.Syscall);
                Assert.NotEqual(0u, e.ByTgid);
            }
        );
    }

    [Fact]
    public void A_poll_that_does_not_return_is_reported_while_it_is_open()
    {
        Need.ProbeMode("uprobe.session");
        using var service = ProbedWorkload.Start("sleep", "--workers 2 --tasks 1 --every-ms 50 --block-ms 4000");
        var records = new List<HudEvent>();
        Need.Until(
            () =>
            {
                service.Kernel.RecordOpenPolls();
                service.Ring.Drain();
                records =
                [
                    .. service
                        .Events.Where(e => (e.Flags & EventFlags.Open) != EventFlags.None && e.Type != Abi.Outside)
                        .GroupBy(e => (e.NsTid, e.StartNs))
                        .Select(g => g.ToList())
                        .FirstOrDefault(g => g.Count > 1)
                        ?? [],
                ];
                return records.Count > 1;
            },
            "the same open poll is recorded twice"
        );

        Assert.Equal((EventKind.Poll, 230), (records[0].Kind, records[0].Syscall)); // clock_nanosleep
        Assert.True(records[0].WallNs >= records[0].OffNs && records[0].OffNs > records[0].WallNs / 2);
        Assert.True((records[0].Flags & EventFlags.StackBlock) != EventFlags.None && records[0].StackBytes > 0);
        Assert.InRange(records[0].Type, 0u, (uint)service.Target.Tokio.Types.Count - 1);
        Assert.True(records[1].WallNs > records[0].WallNs);
    }
}
