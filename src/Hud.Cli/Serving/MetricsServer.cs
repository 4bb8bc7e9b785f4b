using System.Net.Sockets;
using Hud.Cli.Agent;
using Hud.Metrics;
using Hud.Metrics.Http;

namespace Hud.Cli.Serving;

/// <summary>
/// The process that serves metrics: hud itself, started once more. It has a socket that listens and a pipe with the agent's messages, both
/// handed to it, and no right over anything else: whoever finds a hole in it has found a user without any.
/// </summary>
internal static class MetricsServer
{
    /// <summary>Begins with dashes, so that no process can be meant.</summary>
    public const string Verb = "--metrics-server";

    /// <summary>Until the pipe ends: with the run, or with the process that started it.</summary>
    /// <returns>The exit code.</returns>
    public static int Run()
    {
        if (Interop.GiveUpRights() is { } problem)
        {
            Console.Error.WriteLine(problem);
            return 3;
        }

        using var listener = new Socket(new SafeSocketHandle(Interop.ThirdHandle, ownsHandle: true));
        var pages = new MetricsPages(TimeProvider.System);
        using var ended = new CancellationTokenSource();
        var serving = Task.Run(() => new PageServer(pages.Answer).RunAsync(listener, ended.Token));
        // without it there is nothing to stay for
        _ = serving.ContinueWith(
            failed =>
            {
                Console.Error.WriteLine(failed.Exception!.InnerException!.Message);
                Environment.Exit(1);
            },
            TaskContinuationOptions.OnlyOnFaulted
        );
        using var input = Console.OpenStandardInput();
        Read(input, pages);
        ended.Cancel();
        serving.GetAwaiter().GetResult();
        return 0;
    }

    private static void Read(System.IO.Stream input, MetricsPages pages)
    {
        var feed = new MetricsFeed(pages);
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = input.Read(buffer)) > 0)
            feed.Push(buffer.AsSpan(0, read));
    }
}
