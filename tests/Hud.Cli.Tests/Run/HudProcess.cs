using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Hud.Cli.Tests.Run;

/// <summary>The real executable, with an agent that plays a script.</summary>
internal sealed class HudProcess : IDisposable
{
    /// <summary>The one that is delivered where ./test.sh built it, else the one beside the tests.</summary>
    public static readonly string Hud = Environment.GetEnvironmentVariable("HUD_TESTED") is { Length: > 0 } tested
        ? tested
        : Path.Combine(AppContext.BaseDirectory, "hud");

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _error = new();
    private readonly Task<string> _output;
    private readonly Task _errorRead;

    /// <param name="script">Of the agent; null for commands that start none.</param>
    public HudProcess(
        string? script,
        string[] arguments,
        Dictionary<string, string>? variables = null,
        string? agent = null,
        string? folder = null
    )
    {
        var start = new ProcessStartInfo(Hud, arguments)
        {
            WorkingDirectory = folder ?? "",
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["HUD_AGENT"] = agent ?? Path.Combine(AppContext.BaseDirectory, "Run", "fake-agent.py");
        if (script is not null)
            start.Environment["FAKE"] = script;
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _errorRead = Task.Run(ReadErrors);
    }

    public int Id => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    public static (int Exit, string Output, string Error) Run(string script, params string[] arguments)
    {
        using var hud = new HudProcess(script, arguments);
        return hud.Wait();
    }

    public (int Exit, string Output, string Error) Wait()
    {
        Assert.True(_process.WaitForExit(Deadline), $"hud did not end in {Deadline}; it said:\n{Error}");
        _errorRead.Wait(Deadline);
        return (_process.ExitCode, _output.Result, Error);
    }

    public void WaitForError(string text)
    {
        var watch = Stopwatch.StartNew();
        while (!Error.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(watch.Elapsed < Deadline, $"hud never said \"{text}\"; it said:\n{Error}");
            Thread.Sleep(10);
        }
    }

    public void Signal(PosixSignal signal) =>
        Process.Start("kill", [signal == PosixSignal.SIGINT ? "-INT" : "-TERM", $"{Id}"]).WaitForExit();

    /// <summary>Asks for the last while of the run.</summary>
    public void AskForLookBack() => Process.Start("kill", ["-USR1", $"{Id}"]).WaitForExit();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void ReadErrors()
    {
        int c;
        while ((c = _process.StandardError.Read()) >= 0)
        {
            lock (_error)
                _error.Append((char)c);
        }
    }
}
