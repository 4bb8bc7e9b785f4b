using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Cli.Commands;
using Hud.Core;
using Hud.Core.Stream;

namespace Hud.Cli.Tests.Run;

/// <summary>The command from outside: arguments, streams, files, signals and exit codes.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hud-cli-").FullName;
    private readonly Process _target = Process.Start("sleep", "300");

    private string Pid => $"{_target.Id}";

    public void Dispose()
    {
        _target.Kill();
        _target.WaitForExit();
        _target.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_run_ends_with_the_report_on_stdout_and_progress_on_stderr()
    {
        var (exit, output, error) = HudProcess.Run("blocked", "--pid", Pid);

        Assert.Equal(0, exit);
        Assert.Contains("# BLOCKED 18.4% of worker time", output, StringComparison.Ordinal);
        Assert.Contains("checkout::login  src/login.rs:42", output, StringComparison.Ordinal);
        Assert.Contains("1000 polls, 1 slow", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', output + error);
    }

    [Fact]
    public void Quiet_says_nothing_but_the_report()
    {
        var (exit, output, error) = HudProcess.Run("blocked", "--pid", Pid, "--quiet");

        Assert.Equal((0, ""), (exit, error));
        Assert.NotEmpty(output);
    }

    [Fact]
    public void Json_is_the_profile_document()
    {
        var (_, output, _) = HudProcess.Run("blocked", "--pid", Pid, "-o", "json");

        Assert.Equal(
            "checkout::login",
            JsonSerializer.Deserialize(output, HudJson.Default.ProfileDocument)!.Hotspots[0].UserFrame
        );
    }

    [Fact]
    public void Yaml_is_the_same_document()
    {
        var (exit, output, _) = HudProcess.Run("blocked", "--pid", Pid, "-o", "yaml");

        Assert.Equal(0, exit);
        Assert.StartsWith("schemaVersion: hud.dev/profile/v1alpha1\n", output, StringComparison.Ordinal);
        Assert.Contains("userFrame: \"checkout::login\"\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_is_what_the_agent_said()
    {
        var (_, output, _) = HudProcess.Run("blocked", "--pid", Pid, "-o", "stream");
        var reader = new AgentStreamReader();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.NotNull(reader.Accept(System.Text.Encoding.UTF8.GetBytes(line)));

        Assert.NotNull(reader.Profile);
        Assert.NotNull(reader.EndMessage);
    }

    [Fact]
    public void The_flags_become_the_agents_task()
    {
        var task = TaskOf(
            "--pid",
            Pid,
            "--threshold",
            "2.5",
            "--duration",
            "1m30s",
            "--workers",
            "io-",
            "--workers",
            "cpu-",
            "--budget",
            "0.5",
            "--frequency",
            "49",
            "--force-probe-mode",
            "uprobe.multi",
            "--force-level",
            "2",
            "--ring-kib",
            "64",
            "--debug-dir",
            "/usr/lib",
            "--debuginfod",
            "http://a:1",
            "--debuginfod",
            "https://b",
            "--window",
            "10"
        );

        Assert.Equal(
            ("2.5ms", "1m30s", 0.5, 49),
            (
                task.Session.Threshold.ToString(),
                task.Session.Duration.ToString(),
                task.Session.OverheadBudgetPercent,
                task.Session.SampleFrequencyHz
            )
        );
        Assert.Equal(["io-", "cpu-"], task.Session.WorkerThreadNames);
        Assert.Equal(
            ("uprobe.multi", 2, 64),
            (task.Options.ForceProbeMode, task.Options.ForceLevel, task.Options.RingBufferKiB)
        );
        Assert.Equal(["/usr/lib"], task.Options.DebugDirectories);
        Assert.Equal(["http://a:1", "https://b"], task.Options.DebuginfodUrls);
        Assert.Equal(_target.Id, Assert.Single(task.Targets).Pid);
        Assert.Equal("sleep", task.Session.Target.ProcessName);
    }

    [Theory]
    [InlineData("30", "30s")]
    [InlineData("0.5m", "30s")]
    [InlineData("1.5", "1.5s")]
    [InlineData("2h", "2h")]
    public void A_duration_is_seconds_or_has_units(string flag, string duration) =>
        Assert.Equal(duration, TaskOf("--pid", Pid, "--duration", flag).Session.Duration.ToString());

    [Theory]
    [InlineData("5", "5ms")]
    [InlineData("5ms", "5ms")]
    [InlineData("500us", "500us")]
    [InlineData("0.1s", "100ms")]
    public void A_threshold_is_milliseconds_or_has_units(string flag, string threshold) =>
        Assert.Equal(threshold, TaskOf("--pid", Pid, "--threshold", flag).Session.Threshold.ToString());

    [Fact]
    public void A_server_for_debug_files_that_does_not_answer_is_said_before_and_in_the_report()
    {
        // port 1 of this machine: nothing listens there
        var (exit, output, error) = HudProcess.Run(
            "blocked",
            "--pid",
            Pid,
            "--debuginfod",
            "http://127.0.0.1:1",
            "-o",
            "json"
        );
        var report = JsonSerializer.Deserialize(output, HudJson.Default.ProfileDocument)!;

        Assert.Equal(0, exit);
        Assert.StartsWith("HUD305: --debuginfod http://127.0.0.1:1 does not answer", error, StringComparison.Ordinal);
        Assert.Contains(report.Warnings, w => w.Message.Contains("does not answer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help show", "show --help")]
    [InlineData("help kubectl run", "kubectl run --help")]
    [InlineData("version", "--version")]
    public void Help_and_version_as_verbs_say_what_the_flags_say(string verb, string flag)
    {
        using var asVerb = new HudProcess(null, verb.Split(' '));
        using var asFlag = new HudProcess(null, flag.Split(' '));

        var (exit, output, error) = asVerb.Wait();

        Assert.Equal((0, ""), (exit, error));
        Assert.Contains(verb == "version" ? "." : "Usage:", output, StringComparison.Ordinal);
        Assert.Equal(asFlag.Wait().Output, output);
    }

    [Fact]
    public void A_run_ends_with_the_verdict_the_first_fix_and_the_next_command()
    {
        string[] lines = HudProcess.Run("blocked", "--pid", Pid).Error.TrimEnd('\n').Split('\n');

        Assert.StartsWith("verdict  BLOCKED 18.4% of worker time", lines[^3], StringComparison.Ordinal);
        Assert.StartsWith("fix      checkout::login (src/login.rs:42): Move the", lines[^2], StringComparison.Ordinal);
        Assert.StartsWith($"next     hud --pid {Pid} --export before.json", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "is not a report: it has no schemaVersion")]
    [InlineData("[]", "is not a report but a list")]
    [InlineData("[1", "is not JSON")]
    [InlineData("""{"schemaVersion":"hud.dev/profile/v9"}""", "is a report of the version hud.dev/profile/v9")]
    [InlineData("""{"schemaVersion":"hud.dev/profile/v1alpha1"}""", "is not a whole report: it has no session")]
    [InlineData(
        """{"schemaVersion":"hud.dev/profile/v1alpha1","session":{},"summary":{},"hotspots":[{"stack":[null]}]}""",
        "is not a whole report: a list in it has an empty place"
    )]
    [InlineData(
        """{"schemaVersion":"hud.dev/profile/v1alpha1","session":{},"summary":{"polls":9223372036854775807}}""",
        "is not a whole report: the numbers in it are too large"
    )]
    [InlineData(
        """{"schemaVersion":"hud.dev/profile/v1alpha1","session":{},"summary":{"polls":"many"}}""",
        "the value of summary.polls at line 1 is of the wrong kind"
    )]
    [InlineData("""{"kind":"ProfilingSession","metadata":{"name":"p99"}}""", "kubectl hud export p99 report.json")]
    public void Show_takes_nothing_for_a_report_that_is_none(string json, string message)
    {
        using var hud = new HudProcess(null, ["show", "-"]);
        hud.Input.Write(json);
        hud.Input.Close();
        var (exit, output, error) = hud.Wait();

        Assert.Equal((2, ""), (exit, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_reads_a_report_from_stdin_as_text()
    {
        string report = HudProcess.Run("blocked", "--pid", Pid, "-q", "-o", "json").Output;
        using var hud = new HudProcess(null, ["show", "-", "-o", "text"]);
        hud.Input.Write(report);
        hud.Input.Close();
        var (exit, output, _) = hud.Wait();

        Assert.Equal(0, exit);
        Assert.Contains("# BLOCKED 18.4% of worker time", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_duration_and_a_terminal_it_watches_for_a_minute() =>
        Assert.Equal("1m", TaskOf("--pid", Pid).Session.Duration.ToString());

    [Fact]
    public void A_session_file_is_run()
    {
        // a name of its own, because several sleeps may run on a machine
        string program = Path.Combine(_folder, "hud-test-target");
        CopiedProgram.To("/bin/sleep", program);
        using var target = Process.Start(program, "300");
        string file = Path.Combine(_folder, "session.yaml"),
            taskFile = Path.Combine(_folder, "task.json");
        File.WriteAllText(
            file,
            "apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nspec: {target: {processName: hud-test-target}, duration: 7s, threshold: 1ms}\n"
        );

        using var hud = new HudProcess("blocked", ["run", "-f", file, "-q"], new() { ["FAKE_TASK"] = taskFile });
        var (exit, _, error) = hud.Wait();
        var task = JsonSerializer.Deserialize(File.ReadAllText(taskFile), HudJson.Default.AgentTask)!;
        target.Kill();
        target.WaitForExit();

        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(("7s", target.Id), (task.Session.Duration.ToString(), task.Targets[0].Pid));
    }

    [Fact]
    public void A_session_comes_from_stdin_too()
    {
        using var hud = new HudProcess("blocked", ["run", "-f", "-"]);
        hud.Input.Write("kind: Pod\n");
        hud.Input.Close();

        var (exit, _, error) = hud.Wait();

        Assert.Equal(2, exit);
        Assert.Contains("line 1, kind: must be ProfilingSession", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("report.json", "\"schemaVersion\"")]
    [InlineData("report.txt", "# BLOCKED")]
    public void Export_writes_what_the_ending_says(string name, string content)
    {
        string path = Path.Combine(_folder, name);

        var (exit, _, error) = HudProcess.Run("blocked", "--pid", Pid, "--export", path);

        Assert.Equal(0, exit);
        Assert.Contains(content, File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Contains("wrote " + path, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "HUD001", "no process is named surely-no-such-process", "surely-no-such-process")]
    [InlineData(2, "HUD001", "no process has the pid 4194399", "--pid", "4194399")]
    [InlineData(2, "HUD001", "no process has the pid 4194399", "4194399")]
    [InlineData(2, "HUD001", "no process runs /no/such", "--target", "/no/such")]
    [InlineData(2, "HUD003", "--threshold 10us: must be from 100us to 10s", "--pid", "PID", "--threshold", "0.01")]
    [InlineData(2, "HUD005", "--threshold: \"-5\" is not a duration", "--pid", "PID", "--threshold", "-5")]
    [InlineData(2, "HUD005", "PROCESS is \"\", an empty name", "")]
    [InlineData(2, "HUD005", "there is no such folder", "--pid", "PID", "--debug-dir", "/no/such/folder")]
    [InlineData(2, "HUD003", "--duration 48h: must be from 1s to 24h", "--pid", "PID", "--duration", "48h")]
    [InlineData(2, "HUD003", "--duration 0s: must be from 1s to 24h", "--pid", "PID", "--duration", "0")]
    [InlineData(2, "HUD003", "--budget 50: must be from 0.1 to 10", "--pid", "PID", "--budget", "50")]
    [InlineData(2, "HUD003", "--frequency 0: must be from 1 to 999", "--pid", "PID", "--frequency", "0")]
    [InlineData(
        2,
        "HUD003",
        "--workers a-name-that-is-too-long: takes at most",
        "--pid",
        "PID",
        "--workers",
        "a-name-that-is-too-long"
    )]
    [InlineData(2, "HUD003", "--window 31m: the cockpit looks back over 30m", "--pid", "PID", "--window", "31m")]
    [InlineData(2, "HUD004", "cannot be read", "run", "-f", "/no/such.yaml")]
    [InlineData(2, "HUD005", "which process?")]
    [InlineData(2, "HUD005", "hud has no flag --nope", "--nope")]
    [InlineData(2, "HUD005", "--threshold", "--pid", "PID", "--threshold", "five")]
    [InlineData(2, "HUD005", "\"soon\" is not a duration", "--pid", "PID", "--duration", "soon")]
    [InlineData(
        2,
        "HUD005",
        "\"debug.example\" is not the address of a server",
        "--pid",
        "PID",
        "--debuginfod",
        "debug.example"
    )]
    [InlineData(2, "HUD005", "the file extension .docx is unknown", "--pid", "PID", "--export", "/tmp/report.docx")]
    [InlineData(2, "HUD005", "there is no folder", "--pid", "PID", "--export", "/no/such/folder/a.json")]
    [InlineData(2, "HUD005", "hud run needs --filename <file>", "run")]
    public void Wrong_input_is_reported_with_its_id_and_the_next_step(
        int exitCode,
        string id,
        string message,
        params string[] arguments
    )
    {
        var (exit, output, error) = HudProcess.Run("blocked", [.. arguments.Select(a => a == "PID" ? Pid : a)]);

        Assert.Equal((exitCode, ""), (exit, output));
        Assert.StartsWith(id + ": ", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Contains("\n  next: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_processes_are_listed()
    {
        string program = Path.Combine(_folder, "hud-test-twins");
        CopiedProgram.To("/bin/sleep", program);
        using Process one = Process.Start(program, "300"),
            two = Process.Start(program, "300");

        var (exit, _, error) = HudProcess.Run("blocked", "hud-test-twins");
        one.Kill();
        two.Kill();
        one.WaitForExit();
        two.WaitForExit();

        Assert.Equal(2, exit);
        Assert.StartsWith("HUD002: 2 processes match", error, StringComparison.Ordinal);
        Assert.Contains($"{one.Id} ", error, StringComparison.Ordinal);
        Assert.Contains($"{two.Id} ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not-permitted", 3, "HUD101: CAP_BPF is missing\n  next: run with sudo")]
    [InlineData("not-tokio", 4, "HUD201: no Tokio task was found in /bin/sleep\n  next: name another process")]
    [InlineData(
        "silent-crash",
        5,
        "HUD207: the agent ended without its report (signal 6); it had measured nothing yet"
    )]
    [InlineData(
        "killed",
        5,
        "HUD207: the agent ended without its report (signal 9); after 1 s it had seen 1000 polls, 1 of them slow"
    )]
    [InlineData("idle", 4, "HUD202: demo: it polled no task\n  next: send it some load")]
    [InlineData("target-gone", 5, "HUD203: ")]
    [InlineData("gap", 5, "HUD307: 3 lines are missing")]
    [InlineData("wrong-hash", 5, "HUD307: the profile's hash does not fit its parts")]
    public void What_the_agent_could_not_do_is_reported_with_its_id_and_exit_code(
        string script,
        int exitCode,
        string message
    )
    {
        var (exit, _, error) = HudProcess.Run(script, "--pid", Pid, "--quiet");

        Assert.Equal(exitCode, exit);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_agents_last_words_are_shown_when_it_dies_without_a_report() =>
        Assert.Contains(
            "out of luck",
            HudProcess.Run("silent-crash", "--pid", Pid, "-q").Error,
            StringComparison.Ordinal
        );

    [Fact]
    public void An_idle_service_has_its_report_too() =>
        Assert.Contains(
            "# NO DATA: Tokio was found, but it polled no task",
            HudProcess.Run("idle", "--pid", Pid, "-q").Output,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("target-gone")]
    [InlineData("gap")]
    public void The_report_so_far_is_kept(string script) =>
        Assert.Contains("checkout::login", HudProcess.Run(script, "--pid", Pid, "-q").Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("/no/such/agent")]
    [InlineData("/etc/passwd")]
    public void A_missing_agent_is_HUD106(string agent)
    {
        using var hud = new HudProcess("blocked", ["--pid", Pid], agent: agent);
        var (exit, _, error) = hud.Wait();

        Assert.Equal(3, exit);
        Assert.StartsWith("HUD106: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{maxPoll: 500ms, maxBlockedPercent: 20}", 0, "all expectations were met")]
    [InlineData("{maxPoll: 50ms}", 6, "HUD308: PollTooLong: the longest poll took 412ms; expected at most 50ms")]
    [InlineData(
        "{maxBlockedPercent: 1}",
        6,
        "HUD308: TooMuchBlocking: 18.4% of worker time was blocked; expected at most 1%"
    )]
    public void An_expectation_is_the_exit_code(string expect, int exitCode, string message)
    {
        string program = Path.Combine(_folder, "hud-test-gate");
        CopiedProgram.To("/bin/sleep", program);
        using var target = Process.Start(program, "300");
        string file = Path.Combine(_folder, "session.yaml");
        File.WriteAllText(
            file,
            "apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nspec:\n  target: {processName: hud-test-gate}\n  expect: "
                + expect
                + "\n"
        );

        var (exit, _, error) = HudProcess.Run("blocked", "run", "-f", file);
        target.Kill();
        target.WaitForExit();

        Assert.Equal(exitCode, exit);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public void A_signal_ends_the_run_early_with_its_report_and_reaches_the_agent_once(PosixSignal signal)
    {
        string signals = Path.Combine(_folder, "signals");
        using var hud = new HudProcess("wait", ["--pid", Pid, "--verbose"], new() { ["FAKE_SIGNALS"] = signals });
        hud.WaitForError("waiting");

        hud.Signal(signal);
        var (exit, output, _) = hud.Wait();

        Assert.Equal(0, exit);
        Assert.Contains("checkout::login", output, StringComparison.Ordinal);
        Assert.Equal("15\n", File.ReadAllText(signals));
    }

    [Fact]
    public void A_second_signal_ends_an_agent_that_does_not_listen()
    {
        string signals = Path.Combine(_folder, "signals");
        using var hud = new HudProcess("deaf", ["--pid", Pid, "--verbose"], new() { ["FAKE_SIGNALS"] = signals });
        hud.WaitForError("waiting");

        hud.Signal(PosixSignal.SIGINT);
        // two signals at once are one to the kernel: the second may come only when the first has reached the agent
        Assert.True(SpinWait.SpinUntil(() => File.Exists(signals), TimeSpan.FromSeconds(60)), hud.Error);
        hud.Signal(PosixSignal.SIGINT);
        var (exit, _, error) = hud.Wait();

        Assert.Equal(5, exit);
        Assert.Contains("HUD207: the agent was killed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_prints_each_check_and_what_to_do()
    {
        var (exit, output, _) = HudProcess.Run("doctor-bad", "doctor");

        Assert.Equal(3, exit);
        Assert.Contains("  ok  kernel        Linux 6.18", output, StringComparison.Ordinal);
        Assert.Contains("  NO  capabilities  CAP_BPF is missing", output, StringComparison.Ordinal);
        Assert.Contains("> run it with sudo", output, StringComparison.Ordinal);
        Assert.Equal(0, HudProcess.Run("doctor-good", "doctor").Exit);
        Assert.Contains(
            "\"checks\"",
            HudProcess.Run("doctor-good", "doctor", "-o", "json").Output,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "checks:\n- name: kernel\n  ok: true\n",
            HudProcess.Run("doctor-good", "doctor", "-o", "yaml").Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_doctor_without_an_answer_is_reported()
    {
        var (exit, _, error) = HudProcess.Run("doctor-broken", "doctor");

        Assert.Equal(5, exit);
        Assert.Contains("cannot open", error, StringComparison.Ordinal);
    }

    public static TheoryData<string> Verbs => [.. CommandTree.Verbs(CommandTree.Build())];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_fits_eighty_columns_and_hides_what_is_for_tests(string verb)
    {
        var (exit, output, _) = HudProcess.Run(
            "blocked",
            [.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]
        );

        Assert.Equal(0, exit);
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("--force-probe-mode", output, StringComparison.Ordinal);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Every_verb_that_prints_results_prints_them_as_json_and_yaml()
    {
        // merge writes a file, and its ending says the format
        string[] others = ["", "merge", "completion", "help", "version", "kubectl", "kubectl open", "kubectl export"];
        foreach (string verb in CommandTree.Verbs(CommandTree.Build()).Except(others, StringComparer.Ordinal))
        {
            string[] words = [.. verb.Split(' '), "--help"];
            Assert.Matches(@"--output <[a-z|]*json\|yaml", HudProcess.Run("blocked", words).Output);
        }
    }

    private AgentTask TaskOf(params string[] arguments)
    {
        string file = Path.Combine(_folder, "task.json");
        using var hud = new HudProcess("blocked", [.. arguments, "-q"], new() { ["FAKE_TASK"] = file });
        var (exit, _, error) = hud.Wait();
        Assert.True(exit == 0, error);
        return JsonSerializer.Deserialize(File.ReadAllText(file), HudJson.Default.AgentTask)!;
    }
}
