using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Hud.Core.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Hud.Cli.Agent;

/// <param name="Third">The child finds it under <see cref="Interop.ThirdHandle"/>.</param>
internal sealed record ChildHandles(SafeFileHandle Input, SafeHandle Third);

/// <summary>A running <c>hud-agent</c>: its stdout to read, the end of its stderr, and how to end it.</summary>
internal sealed class AgentProcess : IDisposable
{
    private const int MaxLogLines = 40;
    private readonly int _pid;
    private readonly Lock _gate = new();
    private readonly Queue<string> _log = new();
    private bool _ended;

    private AgentProcess(int pid, SafeFileHandle stdout, SafeFileHandle stderr, Action<string>? onLogLine)
    {
        _pid = pid;
        Output = new FileStream(stdout, FileAccess.Read, bufferSize: 0);
        Exit = Task.Factory.StartNew(
            WaitForExit,
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        LogRead = Task.Factory.StartNew(
            () => ReadLog(stderr, onLogLine),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    public FileStream Output { get; }

    /// <summary>The exit code, 128 + n after signal n.</summary>
    public Task<int> Exit { get; }

    private Task LogRead { get; }

    /// <exception cref="DiagnosticException">HUD106 when it cannot be started.</exception>
    public static AgentProcess StartAgent(
        string path,
        string[] arguments,
        IReadOnlyDictionary<string, string> variables,
        Action<string>? onLogLine = null
    )
    {
        try
        {
            return Start(path, arguments, variables, onLogLine);
        }
        catch (IOException e)
        {
            throw new DiagnosticException(
                new Diagnostic(
                    DiagnosticKinds.AgentMissing,
                    e.Message,
                    "check that hud-agent is whole and built for this machine"
                )
            );
        }
    }

    /// <summary>Any program; also kubectl is followed and ended like this.</summary>
    /// <param name="handles">What it is given to read and to use; it has no other variables than <paramref name="variables"/> then.</param>
    /// <exception cref="IOException">It cannot be started; the message says why.</exception>
    public static AgentProcess Start(
        string path,
        string[] arguments,
        IReadOnlyDictionary<string, string> variables,
        Action<string>? onLogLine = null,
        ChildHandles? handles = null
    )
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (handles is null)
        {
            foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
                environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        foreach (var (name, value) in variables)
            environment[name] = value;

        using var nothing = File.OpenHandle("/dev/null");
        var (outRead, outWrite) = Interop.Pipe();
        var (errRead, errWrite) = Interop.Pipe();
        using (outWrite)
        using (errWrite)
        {
            try
            {
                int pid = Interop.Spawn(
                    path,
                    arguments,
                    [.. environment.Select(e => $"{e.Key}={e.Value}")],
                    handles?.Input ?? nothing,
                    outWrite,
                    errWrite,
                    handles?.Third
                );
                return new AgentProcess(pid, outRead, errRead, onLogLine);
            }
            catch (IOException)
            {
                outRead.Dispose();
                errRead.Dispose();
                throw;
            }
        }
    }

    /// <summary>Asks the agent to end early: it still sends its profile.</summary>
    public void Stop() => Signal(_pid, Interop.SigTerm);

    /// <summary>Asks for the last while of the run. Only of an agent that has said that it knows this: another one would die of it.</summary>
    public void AskForLookBack() => Signal(_pid, Interop.SigUsr1);

    /// <summary>Ends it at once, with whatever helpers it has started. The kernel detaches what it had attached.</summary>
    public void Kill() => Signal(-_pid, Interop.SigKill);

    /// <summary>The last lines it logged; complete once it has ended.</summary>
    public IReadOnlyList<string> LogTail()
    {
        LogRead.Wait(TimeSpan.FromSeconds(1));
        lock (_gate)
            return [.. _log];
    }

    public void Dispose()
    {
        if (!Exit.IsCompleted)
            Kill();
        Exit.Wait(TimeSpan.FromSeconds(5));
        Output.Dispose();
    }

    private void Signal(int pid, int signal)
    {
        // under the gate, so that the pid has not been given to another process
        lock (_gate)
        {
            if (!_ended)
                Interop.Kill(pid, signal);
        }
    }

    private int WaitForExit()
    {
        Interop.WaitUntilEnded(_pid);
        lock (_gate)
        {
            _ended = true;
            return Interop.Wait(_pid);
        }
    }

    private void ReadLog(SafeFileHandle stderr, Action<string>? onLogLine)
    {
        const int maxLine = 4096;
        using var file = new FileStream(stderr, FileAccess.Read, bufferSize: 0);
        byte[] buffer = new byte[maxLine];
        var line = new StringBuilder();
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            foreach (char c in Encoding.UTF8.GetString(buffer, 0, read))
            {
                if (c != '\n')
                {
                    if (line.Length < maxLine)
                        line.Append(c);
                    continue;
                }

                Keep(line.ToString(), onLogLine);
                line.Clear();
            }
        }

        if (line.Length > 0)
            Keep(line.ToString(), onLogLine);
    }

    private void Keep(string line, Action<string>? onLogLine)
    {
        lock (_gate)
        {
            _log.Enqueue(line);
            if (_log.Count > MaxLogLines)
                _log.Dequeue();
        }

        onLogLine?.Invoke(line);
    }
}
