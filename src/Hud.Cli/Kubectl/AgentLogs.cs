using Hud.Cli.Agent;
using Hud.Core.Stream;

namespace Hud.Cli.Kubectl;

/// <summary>The logs of a session's agents, one pod on each node, followed side by side.</summary>
internal sealed class AgentLogs(KubectlClient operators, IReadOnlyList<string> pods) : IDisposable
{
    private const int Patience = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Lock _order = new();
    private readonly HashSet<AgentProcess> _running = [];
    private readonly ManualResetEventSlim _stop = new();
    private int _speaking;

    /// <summary>Blocks until every log has ended, or <see cref="Stop"/>.</summary>
    /// <param name="onMessage">Called by one thread at a time, with the agent's number; null when its log has ended.</param>
    public void Follow(Action<int, StreamMessage?> onMessage)
    {
        var readers = pods.Select(
                (pod, agent) =>
                    Task.Factory.StartNew(
                        () =>
                            Read(
                                pod,
                                message =>
                                {
                                    lock (_order)
                                        onMessage(agent, message);
                                }
                            ),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
            )
            .ToList();
        Task.WhenAll(readers).GetAwaiter().GetResult();
    }

    public void Stop()
    {
        lock (_gate)
        {
            _stop.Set();
            foreach (var process in _running)
                process.Stop();
        }
    }

    public void Dispose() => _stop.Dispose();

    private void Read(string pod, Action<StreamMessage?> onMessage)
    {
        // the agent of a slower node may not run yet, and then kubectl gives up at once
        for (
            int attempt = 1;
            !ReadOnce(pod, onMessage)
                && pods.Count > 1
                && (attempt < Patience || Volatile.Read(ref _speaking) > 0)
                && !_stop.Wait(Pause);
            attempt++
        )
        {
            // again
        }

        onMessage(null);
    }

    /// <summary>False when there was nothing to read.</summary>
    private bool ReadOnce(string pod, Action<StreamMessage?> onMessage)
    {
        AgentProcess logs;
        lock (_gate)
        {
            if (_stop.IsSet)
                return true;
            logs = operators.Start(["logs", "-f", pod]);
            _running.Add(logs);
        }

        bool any = false;
        try
        {
            var reader = new AgentStreamReader();
            var lines = new StreamLines();
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = logs.Output.Read(buffer)) > 0)
            {
                if (!any)
                    Interlocked.Increment(ref _speaking);
                any = true;
                lines.Push(
                    buffer.AsSpan(0, read),
                    line =>
                    {
                        if (reader.Accept(line) is { } message)
                            onMessage(message);
                    }
                );
            }
        }
        finally
        {
            if (any)
                Interlocked.Decrement(ref _speaking);
            lock (_gate)
                _running.Remove(logs);
            logs.Dispose();
        }

        return any;
    }
}
