using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hud.Core.Diagnostics;
using Hud.Metrics;
using Hud.Metrics.Http;
using Hud.NodeAgent.Confine;

namespace Hud.NodeAgent.Serving;

/// <summary>
/// Serves the metrics that an agent beside it writes into a FIFO, for as long as it is let: agents may come, go and be started again. It has no right
/// over anything: whoever finds a hole in it has found a user without any, in a process that can open no connection.
/// </summary>
internal static class MetricsSidecar
{
    public const string Verb = "metrics";

    private const string Help = """
        hud-agent metrics: serves the metrics of an agent, for Prometheus. SIGTERM or SIGINT ends it.

          hud-agent metrics --from FIFO --listen ADDRESS

          --from FIFO         where the agent puts them (options.metricsPipe of its task); waited for where it is not there yet
          --listen ADDRESS    such as :9464 (every address), 127.0.0.1:9464 or [::1]:9464; the page is /metrics

        It needs no right. Started by root it becomes user 65534, and where it has any capability after that, it does not serve.

        Exit codes: 0 ended by a signal, 1 it could not go on serving, 2 wrong arguments, or the address can't be had,
        3 rights could not be given up.
        """;

    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> arguments)
    {
        if (arguments is ["--help" or "-h"])
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (Parse(arguments, out string wrong) is not var (from, address))
        {
            Console.Error.WriteLine($"hud-agent metrics: {wrong}\n\n{Help}");
            return 2;
        }

        try
        {
            using var listener = address.Listen("--listen");
            if (Confinement.EnterServer() is { } problem)
            {
                Console.Error.WriteLine($"hud-agent metrics: {problem}");
                return 3;
            }

            using var stop = new CancellationTokenSource();
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
            return Serve(from, listener, stop.Token);

            void End(PosixSignalContext context)
            {
                context.Cancel = true;
                stop.Cancel();
            }
        }
        catch (DiagnosticException e)
        {
            Console.Error.WriteLine(e.Diagnostic);
            return 2;
        }
    }

    private static int Serve(string from, Socket listener, CancellationToken stop)
    {
        var pages = new MetricsPages(TimeProvider.System);
        var serving = Task.Run(() => new PageServer(pages.Answer).RunAsync(listener, stop), CancellationToken.None);
        using var reader = new FifoReader(from, new MetricsFeed(pages));
        while (!stop.IsCancellationRequested && !serving.IsCompleted)
            reader.Read(TimeSpan.FromMilliseconds(500));
        if (serving.Exception is not { } failed)
            return 0;
        Console.Error.WriteLine($"hud-agent metrics: {failed.InnerException!.Message}");
        return 1;
    }

    /// <returns>Null with what is wrong.</returns>
    internal static (string From, ListenAddress Address)? Parse(IReadOnlyList<string> arguments, out string wrong)
    {
        string? from = null;
        ListenAddress? address = null;
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string? value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            wrong = (arguments[i], value) switch
            {
                ("--from" or "--listen", null) => $"{arguments[i]} has no value",
                ("--from", { Length: > 0 }) when from is null => "",
                ("--listen", { } text) when address is null => ListenAddress.Parse(text) is null
                    ? $"'{text}' is no address to listen on: {ListenAddress.Forms}"
                    : "",
                ("--from", "") => "--from has no value",
                ("--from" or "--listen", _) => $"{arguments[i]} is there twice",
                _ => $"unknown argument {arguments[i]}",
            };
            if (wrong.Length > 0)
                return null;
            if (arguments[i] == "--from")
                from = value;
            else
                address = ListenAddress.Parse(value!);
        }

        wrong =
            from is null ? "--from is missing"
            : address is null ? "--listen is missing"
            : "";
        return wrong.Length > 0 ? null : (from!, address!);
    }
}
