using System.Diagnostics;
using Hud.Cli.Tests.Run;

namespace Hud.Cli.Tests.Cockpit;

/// <summary>The cockpit in a real terminal, key by key.</summary>
public sealed class CockpitTests : IDisposable
{
    private readonly Process _target = Process.Start("sleep", "300");
    private readonly string _folder = Directory.CreateTempSubdirectory("hud-cockpit-").FullName;

    public void Dispose()
    {
        _target.Kill();
        _target.WaitForExit();
        _target.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_key_does_what_the_help_says()
    {
        using var terminal = Start(80, 24);
        terminal.WaitFor("HOTSPOTS 2");
        string first = terminal.Text;
        Assert.Contains("checkout::login", first, StringComparison.Ordinal);
        Assert.Contains("src/login.rs:42", first, StringComparison.Ordinal);
        Assert.Contains("Move the hashing to spawn_blocking.", first, StringComparison.Ordinal);

        terminal.Send("j");
        terminal.WaitFor("Use tokio::fs.");
        terminal.Send("Up");
        terminal.WaitFor("Move the hashing");
        terminal.Send("Down");
        terminal.WaitFor("Use tokio::fs.");
        terminal.Send("Enter");
        terminal.WaitFor("stack, leaf first");
        Assert.Contains("checkout::main  src/main.rs:9  entry", terminal.Text, StringComparison.Ordinal);
        terminal.Send("Escape");
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("s");
        terminal.WaitFor("by count");
        terminal.Send("/");
        terminal.Send("bcrypt");
        terminal.WaitFor("HOTSPOTS 1");
        terminal.Send("Enter");
        terminal.WaitFor("matching \"bcrypt\"");
        terminal.Send("Escape");
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("g");
        terminal.WaitFor("in groups of one function");
        terminal.Send("g");
        terminal.WaitFor("in groups of one file");
        Assert.Contains("GROUPS 2", terminal.Text, StringComparison.Ordinal);
        terminal.Send("c");
        terminal.WaitFor("HOTSPOTS 2");
        terminal.WaitUntilGone("in groups of");
        terminal.Send("Home");
        terminal.Send("y");
        string copied = terminal.WaitFor("sent to the terminal's clipboard: src/");
        string clipboard = terminal.Clipboard;
        Assert.Matches("^src/(login.rs:42|catalog.rs:7)$", clipboard);
        Assert.Contains("clipboard: " + clipboard, copied, StringComparison.Ordinal);

        terminal.Send("w");
        terminal.WaitFor("last 5s");
        terminal.Send("p");
        terminal.WaitFor("PAUSED");
        terminal.Send("Space");
        terminal.WaitUntilGone("PAUSED");

        terminal.Send("Tab");
        terminal.WaitFor("TASKS 1");
        terminal.Send("3");
        terminal.WaitFor("TIMELINE");
        terminal.Send("4");
        terminal.WaitFor("WARNINGS 0");
        terminal.Send("1");
        terminal.WaitFor("HOTSPOTS 2");
        terminal.Send("?");
        terminal.WaitFor("end the run and print the report");
        terminal.Send("x");
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("e");
        terminal.WaitFor("exported what is known so far");
        Assert.Contains(
            "checkout::login",
            File.ReadAllText(Path.Combine(_folder, "now.json")),
            StringComparison.Ordinal
        );

        terminal.Send("q");
        string report = terminal.WaitFor("exit code 0");
        Assert.DoesNotContain("HOTSPOTS", report, StringComparison.Ordinal);
    }

    [Fact]
    public void X_saves_the_minutes_before_it_and_the_run_goes_on()
    {
        using var terminal = Start(80, 24);
        terminal.WaitFor("x past");

        terminal.Send("x");
        terminal.WaitFor("wrote the 2m10s before 03:14:07 UTC to ");
        string file = Assert.Single(Directory.GetFiles(_folder, "now-before-*.json"));
        Assert.Contains("BLOCKED 31% of worker time", File.ReadAllText(file), StringComparison.Ordinal);
        terminal.WaitFor("x past"); // the keys are back

        terminal.Send("q");
        string report = terminal.WaitFor("exit code 0");
        Assert.Contains(Path.GetFileName(file), report.ReplaceLineEndings(""), StringComparison.Ordinal);
    }

    [Fact]
    public void Control_c_ends_with_the_report_on_the_normal_screen()
    {
        using var terminal = Start(120, 40);
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("C-c");

        string report = terminal.WaitFor("exit code 0");
        Assert.Contains("# BLOCKED 18.4% of worker time", report, StringComparison.Ordinal);
        Assert.DoesNotContain("HOTSPOTS", report, StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_follows_the_size_of_the_terminal()
    {
        using var terminal = Start(120, 40);
        terminal.WaitFor("last 8 s");

        terminal.Resize(80, 24);
        terminal.WaitUntilGone("last 8 s");
        terminal.WaitFor("HOTSPOTS 2");
        terminal.Resize(50, 10);
        terminal.WaitFor("needs 60x16");
        terminal.Resize(200, 50);
        terminal.WaitFor("last 8 s");
    }

    [Fact]
    public void No_color_is_obeyed_and_the_selection_still_seen()
    {
        using var terminal = Start(80, 24, ("NO_COLOR", "1"));
        terminal.WaitFor("HOTSPOTS 2");

        string styled = terminal.Styled;

        Assert.DoesNotContain("\x1b[38;", styled, StringComparison.Ordinal);
        Assert.DoesNotContain("\x1b[31m", styled, StringComparison.Ordinal);
        Assert.Matches("\x1b\\[[0-9;]*7m", styled);
    }

    [Theory]
    [InlineData("xterm-256color", "\x1b\\[[0-9;]*38;5;[0-9]+m")]
    [InlineData("screen", "\x1b\\[[0-9;]*[39][0-7]m")]
    public void Colours_are_as_many_as_the_terminal_has(string term, string code)
    {
        using var terminal = Start(80, 24, ("TERM", term));
        terminal.WaitFor("HOTSPOTS 2");

        Assert.Matches(code, terminal.Styled);
    }

    [Theory]
    [InlineData(80, 24, "dumb")]
    [InlineData(50, 12, "xterm-256color")]
    public void A_terminal_that_cannot_show_it_gets_lines(int width, int height, string term)
    {
        using var terminal = Start(width, height, ("TERM", term));
        terminal.WaitFor("polls");

        terminal.Send("C-c");

        string text = terminal.WaitFor("exit code 0");
        Assert.DoesNotContain("HOTSPOTS", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_processes_the_one_with_the_number_is_shown()
    {
        using var several = new SeveralProcesses(_folder);
        using var terminal = Pick(several.Name);
        terminal.WaitFor("2 processes match:");
        terminal.WaitFor("Which one? 1-2, or Enter to stop:");

        terminal.Send("7", "Enter");
        terminal.Send("2", "Enter");

        string screen = terminal.WaitFor("HOTSPOTS 2");
        Assert.Contains($"{several.Pids[1]}", terminal.Text + screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Enter_without_a_number_stops_and_names_the_processes()
    {
        using var several = new SeveralProcesses(_folder);
        using var terminal = Pick(several.Name);
        terminal.WaitFor("Which one? 1-2");

        terminal.Send("Enter");

        string screen = terminal.WaitFor("exit code 2");
        Assert.Contains("HUD002: 2 processes match", screen, StringComparison.Ordinal);
        Assert.Contains($"hud --pid {several.Pids[0]}", screen, StringComparison.Ordinal);
    }

    private static TmuxTerminal Pick(string name)
    {
        TmuxTerminal.Require();
        return new TmuxTerminal(
            120,
            40,
            $"{HudProcess.Hud} {name}",
            ("HUD_AGENT", Path.Combine(AppContext.BaseDirectory, "Run", "fake-agent.py")),
            ("FAKE", "live")
        );
    }

    /// <summary>Two processes with a name that no other has: scripts, which the kernel names by their file.</summary>
    private sealed class SeveralProcesses : IDisposable
    {
        private readonly Process[] _processes;

        public SeveralProcesses(string folder)
        {
            Name = $"pick{Environment.ProcessId}";
            string script = Path.Combine(folder, Name);
            File.WriteAllText(script, "#!/bin/sh\nread line\n");
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _processes =
            [
                .. Enumerable
                    .Range(0, 2)
                    .Select(_ => Process.Start(new ProcessStartInfo(script) { RedirectStandardInput = true })!)
                    .OrderBy(p => p.Id),
            ];
        }

        public string Name { get; }

        public IReadOnlyList<int> Pids => [.. _processes.Select(p => p.Id)];

        public void Dispose()
        {
            foreach (var process in _processes)
            {
                process.Kill();
                process.WaitForExit();
                process.Dispose();
            }
        }
    }

    private TmuxTerminal Start(int width, int height, params (string Name, string Value)[] variables)
    {
        TmuxTerminal.Require();
        string hud = HudProcess.Hud,
            agent = Path.Combine(AppContext.BaseDirectory, "Run", "fake-agent.py");
        return new TmuxTerminal(
            width,
            height,
            $"{hud} --pid {_target.Id} --export {Path.Combine(_folder, "now.json")}",
            [("HUD_AGENT", agent), ("FAKE", "live"), .. variables]
        );
    }
}
