using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.KernelTests.Support;

/// <summary>The real agent as `hud` and the operator start it.</summary>
internal sealed class AgentRun : IDisposable
{
    private readonly Process _process;
    private readonly AgentStreamReader _stream = new();
    private readonly List<StreamMessage> _messages = [];
    private readonly Task _reading;
    private readonly Task<string> _errors;

    private AgentRun(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        _reading = Task.Run(Read);
    }

    public int Pid => _process.Id;

    public int ExitCode => _process.ExitCode;

    public string Errors => _errors.Result;

    public EndMessage? EndMessage => _stream.EndMessage;

    public ProfileDocument Profile =>
        _stream.Profile
        ?? throw new InvalidOperationException(
            $"no profile: {_stream.ProfileError}; {Text}; {(_process.HasExited ? Errors : "")}"
        );

    public bool HasProfile => _stream.Profile is not null;

    public IReadOnlyList<StreamMessage> Messages
    {
        get
        {
            lock (_messages)
                return [.. _messages];
        }
    }

    public IEnumerable<string> Warnings => Messages.OfType<WarningMessage>().Select(w => w.Id);

    public string Text =>
        string.Join('\n', Messages.OfType<WarningMessage>().Select(w => $"{w.Id}: {w.Text} {w.NextStep}"));

    public static AgentTask TaskFor(
        int pid,
        double seconds = 1,
        AgentOptions? options = null,
        double thresholdMs = 5
    ) =>
        new()
        {
            Session = new ProfilingSessionSpec
            {
                Duration = new GoDuration((long)(seconds * 1e9)),
                Threshold = new GoDuration((long)(thresholdMs * 1e6)),
            },
            Targets = [new AgentTarget { Pid = pid }],
            Options = options ?? new AgentOptions(),
        };

    public static AgentRun Start(AgentTask task, params string[] before) =>
        StartRaw(JsonSerializer.Serialize(task, HudJson.Default.AgentTask), [], before);

    public static AgentRun StartRaw(string? task, string[] arguments, params string[] before)
    {
        string[] words = [.. before, Need.Agent(), .. arguments];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove(AgentTask.EnvironmentVariable);
        if (task is not null)
            start.Environment[AgentTask.EnvironmentVariable] = task;
        return new AgentRun(Process.Start(start)!);
    }

    /// <summary>From start to end.</summary>
    public static AgentRun Whole(AgentTask task, params string[] before)
    {
        var run = Start(task, before);
        run.WaitForEnd();
        return run;
    }

    /// <summary>The first line comes once everything is attached.</summary>
    public void WaitUntilAttached() =>
        Need.Until(() => Messages.OfType<HelloMessage>().Any() || _process.HasExited, "the agent is attached");

    public void WaitForEnd()
    {
        Assert.True(_process.WaitForExit(60_000), "the agent does not end");
        Assert.True(_reading.Wait(20_000));
        Assert.Equal(0, _stream.BadLines);
        Assert.Equal(0, _stream.MissingLines);
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>The message of its own check, and that the stream ends with the same verdict.</summary>
    public void Refuses(string id, int exitCode, params string[] words)
    {
        Assert.Contains(id, Warnings);
        Assert.Equal((id, exitCode, exitCode), (EndMessage?.Reason, EndMessage?.ExitCode, ExitCode));
        foreach (string word in words)
            Assert.Contains(word, Text, StringComparison.Ordinal);
        Assert.All(Messages.OfType<WarningMessage>(), w => Assert.NotEmpty(w.NextStep));
        Assert.False(HasProfile);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }

    private async Task Read()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (_stream.Accept(Encoding.UTF8.GetBytes(line)) is not { } message)
                continue;
            lock (_messages)
                _messages.Add(message);
        }
    }
}
