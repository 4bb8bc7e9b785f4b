using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hud.Operator.Http;

namespace Hud.Operator.Health;

/// <summary>The answer to a probe: empty when all is well, else a sentence.</summary>
public sealed record HealthChecks(Func<string> Live, Func<string> Ready, Func<string> Metrics);

/// <summary>Three pages for kubelet and Prometheus.</summary>
/// <param name="address">Such as <c>http://*:8080/</c> or <c>http://127.0.0.1:8080/</c>.</param>
public sealed class HealthServer(string address, HealthChecks checks, Log log)
{
    /// <summary>Beyond these the oldest is closed: a probe takes a moment, so what is old only waits.</summary>
    private const int MaxConnections = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancel)
    {
        var server = new SocketServer(address, MaxConnections, Patience, log);
        await server.RunAsync("serving health and metrics", ServeAsync, cancel).ConfigureAwait(false);
    }

    private async Task ServeAsync(TcpClient connection, CancellationToken cancel)
    {
        using var head = new RequestHead();
        var stream = connection.GetStream();
        if (!await head.ReadAsync(stream, cancel).ConfigureAwait(false))
            return;
        await stream.WriteAsync(Answer(head.Text), cancel).ConfigureAwait(false);
        connection.Client.Shutdown(SocketShutdown.Send);
    }

    private byte[] Answer(string head)
    {
        var line = head.Split("\r\n", 2)[0].Split(' ');
        var (code, text) =
            !head.Contains("\r\n\r\n", StringComparison.Ordinal) ? (431, "the head of the request is too large\n")
            : line is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"] ? (400, "this isn't an HTTP request\n")
            : method is not ("GET" or "HEAD") ? (405, "only GET and HEAD\n")
            : Page(target.Split('?')[0]);
        var body = Encoding.UTF8.GetBytes(text);
        var answer = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {code} {(code == 200 ? "OK" : "Error")}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"
        );
        return line[0] == "HEAD" ? Encoding.ASCII.GetBytes(answer) : [.. Encoding.ASCII.GetBytes(answer), .. body];
    }

    private (int Code, string Text) Page(string path) =>
        path switch
        {
            "/healthz" => Check(checks.Live()),
            "/readyz" => Check(checks.Ready()),
            "/metrics" => (200, checks.Metrics()),
            _ => (404, "not here: /healthz, /readyz, /metrics\n"),
        };

    private static (int, string) Check(string problem) => problem.Length == 0 ? (200, "ok\n") : (503, problem + "\n");
}
