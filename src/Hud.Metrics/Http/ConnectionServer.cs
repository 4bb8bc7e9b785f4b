using System.Net.Sockets;

namespace Hud.Metrics.Http;

/// <summary>
/// Serves one request a connection, on sockets. Anybody who reaches the port may connect: what comes in has bounds of time and number, and holds up no
/// other connection. Neither server of .NET keeps that promise: HttpListener throws from Start when a connection comes in that very moment
/// (dotnet/corefx#35191), so whoever reaches the port could keep the program from starting; Kestrel at its MaxConcurrentConnections refuses the newest
/// connection, so those who say nothing keep the others out. Kestrel alone, without routing, would also add 2.8 MB to a native program of 20 MB and
/// 7 MB to the 32 MB that it has resident.
/// </summary>
/// <param name="serve">Reads a request and writes the answer; the connection is closed when it is done.</param>
/// <param name="maxConnections">Beyond these the oldest is closed: a request takes a moment, so what is old only waits.</param>
/// <param name="patience">For a whole request with its answer.</param>
/// <param name="onLost">Told why a connection came to nothing.</param>
public sealed class ConnectionServer(
    Func<Socket, CancellationToken, Task> serve,
    int maxConnections,
    TimeSpan patience,
    Action<string>? onLost = null
)
{
    /// <summary>Until it is cancelled.</summary>
    /// <param name="listener">Listens already; it is not closed here.</param>
    public async Task RunAsync(Socket listener, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(listener);
        var open = new Queue<Socket>();
        try
        {
            while (true)
            {
                Socket connection;
                try
                {
                    connection = await listener.AcceptAsync(cancel).ConfigureAwait(false);
                }
                catch (SocketException e)
                {
                    onLost?.Invoke(e.Message);
                    continue;
                }
                while (open.TryPeek(out var oldest) && (open.Count >= maxConnections || !oldest.Connected))
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

    private async Task ServeAsync(Socket connection, CancellationToken cancel)
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
            onLost?.Invoke(e.Message);
        }
    }
}
