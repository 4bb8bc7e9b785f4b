using System.Diagnostics;

namespace Hud.Cli.Tests.Cockpit;

/// <summary>A real terminal without a screen: tmux on a socket of its own, ended with the test.</summary>
internal sealed class TmuxTerminal : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly string _socket = $"hud-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    public TmuxTerminal(int width, int height, string command, params (string Name, string Value)[] variables)
    {
        string prefix = string.Concat(variables.Select(v => $"{v.Name}='{v.Value}' "));
        // the shell stays, so that what hud leaves on the screen can be read
        Tmux(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            $"{width}",
            "-y",
            $"{height}",
            $"env {prefix} {command}; echo \"exit code $?\"; exec sleep 300"
        );
        Tmux("set-option", "-g", "status", "off");
        // without this tmux does not take what a program puts on the clipboard
        Tmux("set-option", "-g", "set-clipboard", "on");
        // with the status line gone the pane grows by a row; the window keeps the size asked for
        Tmux("resize-window", "-x", $"{width}", "-y", $"{height}");
    }

    /// <summary>Skips the test where a program it needs is missing, or fails it when skips are not wanted.</summary>
    public static void Require(params string[] programs)
    {
        string[] missing = [.. programs.Append("tmux").Where(program => !File.Exists("/usr/bin/" + program))];
        Assert.False(
            missing.Length > 0 && Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1",
            $"not installed: {string.Join(", ", missing)}"
        );
        Assert.SkipWhen(missing.Length > 0, $"not installed: {string.Join(", ", missing)}");
    }

    public string Text => Tmux("capture-pane", "-p");

    /// <summary>With colours and attributes as escape sequences.</summary>
    public string Styled => Tmux("capture-pane", "-p", "-e");

    /// <summary>What the program put on the clipboard last; empty before.</summary>
    public string Clipboard => Tmux("show-buffer");

    public void Send(params string[] keys) => Tmux(["send-keys", "--", .. keys]);

    public void Resize(int width, int height) => Tmux("resize-window", "-x", $"{width}", "-y", $"{height}");

    public string WaitFor(string text)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            string screen = Text;
            if (screen.Contains(text, StringComparison.Ordinal))
                return screen;
            Assert.True(watch.Elapsed < Deadline, $"\"{text}\" never appeared; the screen is:\n{screen}");
            Thread.Sleep(50);
        }
    }

    public string WaitUntilGone(string text)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            string screen = Text;
            if (!screen.Contains(text, StringComparison.Ordinal))
                return screen;
            Assert.True(watch.Elapsed < Deadline, $"\"{text}\" never went; the screen is:\n{screen}");
            Thread.Sleep(50);
        }
    }

    public void Dispose() => Tmux("kill-server");

    private string Tmux(params string[] arguments)
    {
        var start = new ProcessStartInfo("tmux", ["-L", _socket, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["LANG"] = "C.UTF-8";
        // the test runner's own wishes are not what is tested
        start.Environment.Remove("NO_COLOR");
        start.Environment.Remove("COLORTERM");
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
