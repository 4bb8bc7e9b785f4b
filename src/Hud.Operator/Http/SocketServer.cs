using System.Net;
using System.Net.Sockets;

namespace Hud.Operator.Http;

/// <summary>
/// Serves one request a connection, on sockets. Anybody in the cluster may connect: what comes in has bounds of size, time and number, and holds
/// up no other connection. Neither server of .NET keeps that promise: HttpListener throws from Start when a connection comes in that very moment
/// (dotnet/corefx#35191), so whoever reaches the port could keep the operator from starting; Kestrel at its MaxConcurrentConnections refuses the newest
/// connection, so those who say nothing keep the probe out. Kestrel alone, without routing, would also add 2.8 MB to the native operator's 20 MB and
/// 7 MB to the 32 MB that it has resident.
/// </summary>
/// <param name="address">Such as <c>http://*:8080/</c> or <c>http://127.0.0.1:8080/</c>.</param>
/// <param name="maxConnections">Beyond these the oldest is closed: a request takes a moment, so what is old only waits.</param>
/// <param name="patience">For a whole request with its answer.</param>
internal sealed class SocketServer(string address, int maxConnections, TimeSpan patience, Log log)
{
    /// <param name="what">Said in the log once it listens.</param>
    /// <param name="serve">Reads a request and writes the answer; the connection is closed when it is done.</param>
    public async Task RunAsync(string what, Func<TcpClient, CancellationToken, Task> serve, CancellationToken cancel)
    {
        using var listener = Listener(address);
        listener.Start();
        log.Info(what, ("address", address));
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
                    log.Debug("a client went away", ("error", e.Message));
                    continue;
                }
                while (open.TryPeek(out var oldest) && (open.Count >= maxConnections || !oldest.Connected))
                    open.Dequeue().Dispose();
                open.Enqueue(connection);
                _ = ServeAsync(connection, serve, cancel);
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

    /// <exception cref="ArgumentException">The address names none to listen on.</exception>
    public static TcpListener Listener(string address)
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

    private async Task ServeAsync(
        TcpClient connection,
        Func<TcpClient, CancellationToken, Task> serve,
        CancellationToken cancel
    )
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(patience);
        try
        {
            using (connection)
                await serve(connection, bound.Token).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            log.Debug("a client went away", ("error", e.Message));
        }
    }
}
