using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Cli.Agent;
using Hud.Cli.Serving;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;

namespace Hud.Cli.Run;

/// <summary>
/// Starts the agent, follows its stream, and ends it in order when a signal asks for it; SIGUSR1 asks for the last while of the run.
/// </summary>
/// <param name="onLookBack">Takes an answer to that and returns what to say of it.</param>
/// <param name="metrics">Gets the messages that are meant for it.</param>
/// <param name="onMetricsLost">Told once, when metrics are no longer served.</param>
internal sealed class LocalRun(
    AgentTask task,
    IRunView view,
    Action<string>? onLogLine,
    System.IO.Stream? rawCopy,
    Func<LookBackAnswer, string> onLookBack,
    MetricsChild? metrics = null,
    Action<Diagnostic>? onMetricsLost = null
)
{
    /// <summary>SIGUSR1, the same number on x86-64 and aarch64; raw numbers are passed on as they are.</summary>
    private const PosixSignal LookBackSignal = (PosixSignal)Interop.SigUsr1;

    private readonly LookBackAsk _lookBack = new(TimeProvider.System);
    private readonly AgentStreamReader _reader = new();
    private readonly List<WarningMessage> _warnings = [];
    private readonly List<TargetMessage> _targets = [];
    private ProgressMessage? _lastProgress;
    private int _stops;
    private bool _copyBroken;
    private bool _metricsLost;

    /// <summary>Blocks until the agent has ended.</summary>
    public RunOutcome Run(string agentPath)
    {
        string json = JsonSerializer.Serialize(task, HudJson.Default.AgentTask);
        using var agent = AgentProcess.StartAgent(
            agentPath,
            [],
            new Dictionary<string, string>(StringComparer.Ordinal) { [AgentTask.EnvironmentVariable] = json },
            onLogLine
        );
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => OnSignal(c, agent));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => OnSignal(c, agent));
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => OnSignal(c, agent));
        using var ask = PosixSignalRegistration.Create(
            LookBackSignal,
            c =>
            {
                c.Cancel = true;
                view.Say(LookBackRequested());
            }
        );
        _lookBack.Begin(agent.AskForLookBack);
        StopRequested = () => Stop(agent);
        Follow(agent);
        int exit = agent.Exit.GetAwaiter().GetResult();
        if (_lookBack.Answered())
            view.Say(onLookBack(new LookBackAnswer(null, "the run ended before the agent had answered")));
        return RunOutcome.Judge(_reader, _warnings, _targets, _lastProgress, exit, _stops > 1, agent.LogTail());
    }

    /// <summary>Asks for the end, as Ctrl-C does; for views that have keys. Set while a run goes on.</summary>
    public Action StopRequested { get; private set; } = () => { };

    /// <summary>Asks for the last while of the run, as SIGUSR1 does. Returns what to say.</summary>
    public string LookBackRequested() => _lookBack.Ask();

    public IReadOnlyList<WarningMessage> Warnings => _warnings;

    private void Follow(AgentProcess agent)
    {
        var lines = new StreamLines();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = agent.Output.Read(buffer)) > 0)
        {
            Copy(buffer.AsSpan(0, read), agent);
            lines.Push(buffer.AsSpan(0, read), Accept);
        }

        lines.End(Accept);
    }

    private void Accept(ReadOnlySpan<byte> line)
    {
        var message = _reader.Accept(line);
        switch (message)
        {
            case WarningMessage warning when _warnings.Count < 100:
                _warnings.Add(warning);
                break;
            case TargetMessage target when _targets.Count < 100:
                _targets.Add(target);
                break;
            case ProgressMessage progress:
                _lastProgress = progress;
                break;
            case HelloMessage hello:
                _lookBack.AgentIsThere(hello.LookBackNs);
                break;
            // nothing is opened or written that was not asked for
            case LookBackMessage when _reader.TakeLookBack() is { } answer && _lookBack.Answered():
                view.Say(onLookBack(answer));
                break;
        }

        if (message is MetricsMessage or EndMessage)
            metrics?.Send(line);
        if (!_metricsLost && metrics?.Lost is { } lost)
        {
            _metricsLost = true;
            onMetricsLost?.Invoke(lost);
        }

        if (message is not (null or MetricsMessage))
            view.Show(message);
    }

    /// <summary>With -o stream the agent's own bytes go out; when their reader is gone, the run ends.</summary>
    private void Copy(ReadOnlySpan<byte> bytes, AgentProcess agent)
    {
        if (rawCopy is null || _copyBroken)
            return;
        try
        {
            rawCopy.Write(bytes);
            rawCopy.Flush();
        }
        catch (IOException)
        {
            _copyBroken = true;
            agent.Stop();
        }
    }

    private void OnSignal(PosixSignalContext context, AgentProcess agent)
    {
        context.Cancel = true;
        Stop(agent);
    }

    /// <summary>The first time it is asked to end, the second time it is killed.</summary>
    private void Stop(AgentProcess agent)
    {
        int stops = Interlocked.Increment(ref _stops);
        view.Stopping();
        if (stops == 1)
            agent.Stop();
        else
            agent.Kill();
    }
}
