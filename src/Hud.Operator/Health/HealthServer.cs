using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hud.Operator.Health;

/// <summary>The answer to a probe: empty when all is well, else a sentence.</summary>
public sealed record HealthChecks(Func<string> Live, Func<string> Ready, Func<string> Metrics);

/// <summary>
/// Three pages for kubelet and Prometheus, on sockets. Anybody in the cluster may connect: what comes in has bounds of size, time and number, and holds
/// up no other connection. Neither server of .NET keeps that promise: HttpListener throws from Start when a connection comes in that very moment
/// (dotnet/corefx#35191), so whoever reaches the port could keep the operator from starting; Kestrel at its MaxConcurrentConnections refuses the newest
/// connection, so those who say nothing keep the probe out. Kestrel alone, without routing, would also add 2.8 MB to the native operator's 20 MB and
/// 7 MB to the 32 MB that it has resident.
/// </summary>
/// <param name="address">Such as <c>http://*:8080/</c> or <c>http://127.0.0.1:8080/</c>.</param>
public sealed class HealthServer(string address, HealthChecks checks, Log log)
{
    private const int MaxHeadBytes = 8 << 10;

    /// <summary>Beyond these the oldest is closed: a probe takes a moment, so what is old only waits.</summary>
    private const int MaxConnections = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancel)
    {
        using var listener = Listener(address);
        listener.Start();
        log.Info("serving health and metrics", ("address", address));
        var open = new Queue<TcpClient>();
        try
        {
            while (true)
            {
                TcpClient connection;
                try
                {
                    connection = await listener.AcceptTcpClientAsync(cancel).ConfigureAwait(false);
                }
                catch (SocketException e)
                {
                    log.Debug("a probe went away", ("error", e.Message));
                    continue;
                }
                while (open.TryPeek(out var oldest) && (open.Count >= MaxConnections || !oldest.Connected))
                    open.Dequeue().Dispose();
                open.Enqueue(connection);
                _ = ServeAsync(connection, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            while (open.TryDequeue(out var connection))
                connection.Dispose();
        }
    }

    private static TcpListener Listener(string address)
    {
        var uri = new Uri(address.Replace("//*:", "//[::]:", StringComparison.Ordinal));
        if (!IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip))
            throw new ArgumentException(
                $"{address} names no address to listen on, such as http://*:8080/",
                nameof(address)
            );
        if (!ip.Equals(IPAddress.IPv6Any))
            return new TcpListener(ip, uri.Port);
        return Socket.OSSupportsIPv6 ? TcpListener.Create(uri.Port) : new TcpListener(IPAddress.Any, uri.Port);
    }

    private async Task ServeAsync(TcpClient connection, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxHeadBytes);
        try
        {
            using (connection)
            {
                var stream = connection.GetStream();
                var length = await ReadHeadAsync(stream, buffer, patience.Token).ConfigureAwait(false);
                if (length < 0)
                    return;
                var answer = Answer(Encoding.ASCII.GetString(buffer, 0, length));
                await stream.WriteAsync(answer, patience.Token).ConfigureAwait(false);
                connection.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e)
            when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            log.Debug("a probe went away", ("error", e.Message));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>The bytes up to the empty line, or all that there is place for; -1 when the other side left before.</returns>
    private static async Task<int> ReadHeadAsync(NetworkStream stream, byte[] buffer, CancellationToken cancel)
    {
        var length = 0;
        while (length < MaxHeadBytes)
        {
            var read = await stream
                .ReadAsync(buffer.AsMemory(length, MaxHeadBytes - length), cancel)
                .ConfigureAwait(false);
            if (read == 0)
                return -1;
            length += read;
            if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
                break;
        }
        return length;
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
