using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Core;
using Hud.Elf;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Confine;
using Hud.NodeAgent.Proc;
using Hud.Symbolization;

namespace Hud.KernelTests;

/// <summary>What the agent gives up right after its start, as the kernel reports it for the real program and for what it starts.</summary>
public sealed class ConfinementTests
{
    /// <summary>A container's filter that will have no other beside it: seccomp(2) ends with EPERM.</summary>
    private const string NoFilters = """
        import ctypes, os, struct, sys
        rules = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *r) for r in rules))
        program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code)))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
            sys.exit("seccomp: errno %d" % ctypes.get_errno())
        os.execv(sys.argv[2], sys.argv[2:])
        """;

    /// <summary>
    /// Says its pid, takes a filter as hexadecimal, and tries each way to signal a process: by the pid that is given, itself, and itself by thread. Errno of
    /// each, 0 for what passes; signal 0 does nothing.
    /// </summary>
    private const string Signals = """
        import ctypes, os, platform, sys
        arm = platform.machine() == "aarch64"
        print(os.getpid(), flush=True)
        code = ctypes.create_string_buffer(bytes.fromhex(sys.stdin.readline().strip()))
        length = (len(code) - 1) // 8
        program = ctypes.create_string_buffer(length.to_bytes(8, "little") + ctypes.addressof(code).to_bytes(8, "little"))
        libc = ctypes.CDLL(None, use_errno=True)
        other, me, tid = int(sys.argv[1]), os.getpid(), libc.gettid()
        handle, info = os.pidfd_open(other), ctypes.create_string_buffer(b"\0" * 8 + b"\xff" * 4, 128)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
            sys.exit("seccomp: errno %d" % ctypes.get_errno())
        kill, tgkill, tkill, queue, queue_thread, by_handle = (129, 131, 130, 138, 240, 424) if arm else (62, 234, 200, 129, 297, 424)
        def call(*arguments):
            return ctypes.get_errno() if libc.syscall(*arguments) < 0 else 0
        print(*[call(kill, other, 0), call(tgkill, other, other, 0), call(tkill, other, 0), call(by_handle, handle, 0, None, 0),
            call(queue, other, 0, info), call(queue_thread, other, other, 0, info), call(kill, 0, 0), call(kill, me, 0), call(tgkill, me, tid, 0)])
        """;

    private static (int Filters, string NoNewPrivileges) Of(int pid, int tid)
    {
        string status = ProcFs.ReadText($"/proc/{pid}/task/{tid}/status");
        return (
            ProcFs.StatusField(status, "Seccomp") == "2" ? int.Parse(ProcFs.StatusField(status, "Seccomp_filters")) : 0,
            ProcFs.StatusField(status, "NoNewPrivs")
        );
    }

    private static List<int> Children(int pid) =>
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(d => int.TryParse(Path.GetFileName(d), out int p) ? p : 0)
                .Where(p =>
                    p > 0 && ProcFs.StatusField(ProcFs.ReadText($"/proc/{p}/status"), "PPid") == pid.ToString()
                ),
        ];

    [Fact]
    public void Every_thread_of_the_agent_and_its_helper_is_under_the_filter_and_the_report_is_whole()
    {
        Need.Kernel();
        int before = int.Parse("0" + ProcFs.StatusField(ProcFs.ReadText("/proc/self/status"), "Seccomp_filters"));
        using var workload = Workload.Start("sleep", "--seconds 100 --every-ms 30", "tokio143-lines");
        using var agent = AgentRun.Start(AgentRun.TaskFor(workload.Pid, 3));
        agent.WaitUntilAttached();
        var threads = ProcFs.Threads(agent.Pid);
        Assert.InRange(threads.Count, 2, 200);
        Assert.All(threads, tid => Assert.Equal((before + 1, "1"), Of(agent.Pid, tid)));
        // the helper that reads debug information, as soon as there is something to name
        var helpers = new List<int>();
        Need.Until(() => (helpers = Children(agent.Pid)).Count > 0 || agent.EndMessage is not null, "the helper");
        Assert.NotEmpty(helpers);
        int helper = Assert.Single(helpers);
        // it loads what it needs, and then gives up the rest: a filter of its own over the agent's
        Need.Until(
            () => Of(helper, helper).Filters == before + 2 || agent.EndMessage is not null,
            "the helper is locked in"
        );
        Assert.All(
            ProcFs.Threads(helper),
            tid =>
            {
                Assert.Equal((before + 2, "1"), Of(helper, tid));
                string status = ProcFs.ReadText($"/proc/{helper}/task/{tid}/status");
                foreach (string set in (string[])["CapInh", "CapPrm", "CapEff", "CapAmb"])
                    Assert.Equal((set, "0000000000000000"), (set, ProcFs.StatusField(status, set)));
                Assert.Equal("65534\t65534\t65534\t65534", ProcFs.StatusField(status, "Uid"));
                Assert.Equal("65534\t65534\t65534\t65534", ProcFs.StatusField(status, "Gid"));
                Assert.Equal("", ProcFs.StatusField(status, "Groups"));
            }
        );
        Assert.DoesNotContain("HUD_AGENT_TASK", ProcFs.ReadText($"/proc/{helper}/environ"), StringComparison.Ordinal);
        agent.WaitForEnd();

        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.DoesNotContain("HUD311", agent.Warnings);
        // what the helper may still do is enough for its work
        Assert.DoesNotContain("HUD305", agent.Warnings);
        Assert.Contains(
            agent.Profile.Hotspots,
            h =>
                h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal)
                && h.Location.Contains(".rs:", StringComparison.Ordinal)
        );
        Assert.True(agent.Profile.Overhead.ProbeHits > 0);
        workload.EndsWell();
    }

    [Fact]
    public void A_confined_process_gets_no_socket()
    {
        Need.Kernel();
        var start = new ProcessStartInfo(Need.Agent(), ["doctor"]) { RedirectStandardOutput = true };
        using var doctor = Process.Start(start)!;
        var report = JsonSerializer.Deserialize(doctor.StandardOutput.ReadToEnd(), HudJson.Default.PreflightReport)!;
        doctor.WaitForExit();
        var check = Assert.Single(report.Checks, c => c.Name == "confinement");
        Assert.True(check.Ok, check.Detail);
        Assert.Contains("sockets of every kind", check.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "0 0 0 0 0 0 0 0 0")]
    [InlineData(true, "13 13 13 13 13 13 13 0 0")]
    public void Who_serves_metrics_signals_itself_and_nobody_else(bool serves, string answers)
    {
        Need.Kernel();
        Need.Program("python3");
        using var other = Process.Start("sleep", "100");
        var start = new ProcessStartInfo("python3", ["-c", Signals, $"{other.Id}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var python = Process.Start(start)!;
        int pid = int.Parse(python.StandardOutput.ReadLine()!);
        var machine =
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ElfMachine.AArch64 : ElfMachine.X64;
        FilterInstruction[] filter = [.. SeccompFilter.Build(machine, network: false, serves ? pid : null)];
        python.StandardInput.WriteLine(Convert.ToHexString(MemoryMarshal.AsBytes(filter.AsSpan())));
        string said = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        other.Kill();
        Assert.Equal(answers, said.Trim());
    }

    [Fact]
    public async Task Only_a_run_that_names_a_server_of_debug_files_may_ask_one()
    {
        Need.Kernel();
        if (!SymbolizerProcess.CanDownload())
            Need.Missing("libdebuginfod1 is not installed (scripts/install.sh test)");
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var asked = server.AcceptSocketAsync();
        using var workload = Workload.Start("sleep", "--seconds 100 --every-ms 30");
        // a cache of its own, as an earlier no is remembered
        string[] environment =
        [
            "/usr/bin/env",
            "no_proxy=127.0.0.1",
            $"DEBUGINFOD_CACHE_PATH={Directory.CreateTempSubdirectory("hud-debuginfod-").FullName}",
            $"DEBUGINFOD_URLS=http://{server.LocalEndpoint}",
        ];
        using (var silent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 2), environment))
            Assert.True(silent.ExitCode == 0, silent.Text);
        Assert.False(asked.IsCompleted);

        using var agent = AgentRun.Start(
            AgentRun.TaskFor(workload.Pid, 2, new() { DebuginfodUrls = [$"http://{server.LocalEndpoint}"] }),
            environment
        );
        using var socket = await asked.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        byte[] request = new byte[4096];
        Assert.StartsWith(
            "GET /buildid/",
            System.Text.Encoding.ASCII.GetString(request, 0, await socket.ReceiveAsync(request)),
            StringComparison.Ordinal
        );
        Assert.All(ProcFs.Threads(agent.Pid), tid => Assert.Equal("1", Of(agent.Pid, tid).NoNewPrivileges)); // all the rest is given up
        await socket.SendAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
        server.Stop();
        agent.WaitForEnd();
        Assert.True(agent.ExitCode == 0, agent.Text);
        workload.EndsWell();
    }

    [Fact]
    public void Where_the_filter_is_not_taken_the_run_goes_on_and_says_so()
    {
        Need.Program("python3");
        string number =
            System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64
                ? "277"
                : "317";
        using var workload = Workload.Start("sleep", "--seconds 100 --every-ms 30");
        using var agent = AgentRun.Whole(
            AgentRun.TaskFor(workload.Pid, 2),
            "/usr/bin/python3",
            "-c",
            NoFilters,
            number
        );
        Assert.True(agent.ExitCode == 0, agent.Text);
        Assert.Contains("HUD311", agent.Warnings);
        Assert.Contains(
            agent.Profile.Warnings,
            w => w.Id == "HUD311" && w.Message.Contains("not permitted", StringComparison.Ordinal)
        );
        Assert.Contains(agent.Profile.Hotspots, h => h.UserFrame.StartsWith("sleep::", StringComparison.Ordinal));
        workload.EndsWell();
    }
}
