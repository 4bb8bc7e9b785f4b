using System.Net;
using System.Threading.Channels;
using Hud.Cli.Agent;
using Hud.Core.Diagnostics;
using Hud.Metrics.Http;

namespace Hud.Cli.Serving;

/// <summary>The process that serves a run's metrics, seen from the run. Nothing that it does or fails to do holds up the run.</summary>
internal sealed class MetricsChild : IDisposable
{
    /// <summary>Two rounds of the most targets that an agent has. What is not taken by then is older than what comes.</summary>
    private const int MaxWaiting = 128;

    private readonly AgentProcess _process;
    private readonly FileStream _input;
    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
    );
    private readonly Task _writing;

    private MetricsChild(AgentProcess process, FileStream input, string url)
    {
        (_process, _input, Url) = (process, input, url);
        _writing = Task.Factory.StartNew(
            Write,
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    /// <summary>Where it is to be found, for a person.</summary>
    public string Url { get; }

    /// <summary>Why it no longer serves; null while it does.</summary>
    public Diagnostic? Lost =>
        _process.Exit.IsCompleted
            ? new Diagnostic(
                DiagnosticKinds.MetricsEnded,
                $"the process that serves metrics ended (exit code {_process.Exit.Result}): {string.Join(' ', _process.LogTail().DefaultIfEmpty("it said nothing"))}",
                "the run goes on, and its report will be whole; start it again to have metrics"
            )
            : null;

    /// <exception cref="DiagnosticException">The address cannot be had, or the process cannot be started.</exception>
    public static MetricsChild Start(ListenAddress address)
    {
        using var listener = address.Listen("--metrics");
        var (read, write) = Interop.Pipe();
        using (read)
        {
            try
            {
                var process = OnThreadOfItsOwn(() =>
                    AgentProcess.Start(
                        Environment.ProcessPath!,
                        [MetricsServer.Verb],
                        Variables(),
                        handles: new ChildHandles(read, listener.SafeHandle)
                    )
                );
                return new MetricsChild(
                    process,
                    new FileStream(write, FileAccess.Write, bufferSize: 0),
                    address.Url(((IPEndPoint)listener.LocalEndPoint!).Port)
                );
            }
            catch (IOException e)
            {
                write.Dispose();
                throw new DiagnosticException(
                    new(DiagnosticKinds.BadUsage, $"--metrics {address}: {e.Message}", "leave out --metrics")
                );
            }
        }
    }

    /// <param name="line">Of the agent's stream, without its end.</param>
    public void Send(ReadOnlySpan<byte> line) => _waiting.Writer.TryWrite([.. line, (byte)'\n']);

    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _process.Dispose(); // ends it: a write that waits fails then
        _writing.Wait(TimeSpan.FromSeconds(5));
        _input.Dispose();
    }

    /// <summary>A thread gives up only its own way back to rights, so it is one that does nothing else.</summary>
    private static AgentProcess OnThreadOfItsOwn(Func<AgentProcess> start)
    {
        AgentProcess? process = null;
        IOException? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                // a program with capabilities of its file would have them again otherwise
                Interop.NoNewPrivileges();
                process = start();
            }
            catch (IOException e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return process ?? throw failure!;
    }

    /// <summary>What .NET itself may need to start; the rest of a root user's variables are nothing for a process that anybody may talk to.</summary>
    private static Dictionary<string, string> Variables()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            // no socket in /tmp, which it could not remove as another user
            ["DOTNET_EnableDiagnostics"] = "0",
        };
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
            variables["DOTNET_ROOT"] = root;
        return variables;
    }

    private void Write()
    {
        try
        {
            while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_waiting.Reader.TryRead(out byte[]? line))
                    _input.Write(line);
            }
        }
        catch (IOException)
        {
            // it has ended, which Lost says
        }
    }
}
