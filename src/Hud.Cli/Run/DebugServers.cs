using System.Net.Sockets;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Run;

/// <summary>
/// Whether the servers for debug files answer at all. The agent asks them in the middle of a run, in a process of its own
/// that gives up silently; a dead one would only show as names that are missing.
/// </summary>
internal static class DebugServers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<Diagnostic> Unreachable(IReadOnlyList<string> urls)
    {
        // through a proxy the server itself need not be reachable from here
        if (urls.Count == 0 || IsProxied)
            return [];
        return
        [
            .. Task.WhenAll(urls.Select(Try))
                .GetAwaiter()
                .GetResult()
                .OfType<(string Url, string Why)>()
                .Select(dead => new Diagnostic(
                    DiagnosticKinds.MissingSymbols,
                    $"--debuginfod {dead.Url} does not answer ({dead.Why}): names that only it has will be missing",
                    "check its address and that it runs, or leave the flag out"
                )),
        ];
    }

    private static bool IsProxied =>
        new[] { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }.Any(name =>
            Environment.GetEnvironmentVariable(name) is { Length: > 0 }
        );

    private static async Task<(string Url, string Why)?> Try(string url)
    {
        var address = new Uri(url);
        using var client = new TcpClient();
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            await client.ConnectAsync(address.IdnHost, address.Port, deadline.Token).ConfigureAwait(false);
            return null;
        }
        catch (SocketException e)
        {
            return (url, e.Message.ToLowerInvariant());
        }
        catch (OperationCanceledException)
        {
            return (url, $"no connection within {Patience.TotalSeconds:0} s");
        }
    }
}
