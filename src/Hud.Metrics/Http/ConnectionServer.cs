using System.Net;
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
/// <param name="maxConnections">
/// Beyond these the oldest of the address that has most is closed: a request takes a moment, so what is old only waits, and whoever opens many closes
/// none but his own.
/// </param>
/// <param name="patience">For a whole request with its answer.</param>
/// <param name="onLost">Told why a connection came to nothing.</param>
public sealed class ConnectionServer(
    Func<Socket, CancellationToken, Task> serve,
    int maxConnections,
    TimeSpan patience,
    Action<string>? onLost = null
)
{
    private readonly Lock _gate = new();

    /// <summary>The oldest first.</summary>
    private readonly List<Connection> _open = [];

    /// <param name="Bound">Cancelled when it is closed: who waits for its turn has no socket to notice it by.</param>
    private sealed record Connection(Socket Socket, IPAddress From, CancellationTokenSource Bound);

    /// <summary>Until it is cancelled.</summary>
    /// <param name="listener">Listens already; it is not closed here.</param>
    public async Task RunAsync(Socket listener, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(listener);
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

                _ = ServeAsync(connection, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            lock (_gate)
            {
                while (_open.Count > 0)
                    Close(_open[0]);
            }
        }
    }

    /// <summary>Of one that is gone already it is nobody's.</summary>
    internal static IPAddress AddressOf(Socket connection)
    {
        try
        {
            return (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return IPAddress.None;
        }
    }

    /// <param name="from">Where the connections come from, the oldest first.</param>
    /// <returns>Which of them is to be closed: the oldest of the address that has most.</returns>
    internal static int Victim(IEnumerable<IPAddress> from) =>
        from.Index().GroupBy(c => c.Item).MaxBy(c => c.Count())!.First().Index;

    private void Admit(Connection connection)
    {
        lock (_gate)
        {
            _open.Add(connection);
            while (_open.Count > maxConnections)
                Close(_open[Victim(_open.Select(c => c.From))]);
        }
    }

    private void Close(Connection connection)
    {
        _open.Remove(connection);
        _ = connection.Bound.CancelAsync();
        connection.Socket.Dispose();
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(patience);
        var connection = new Connection(socket, AddressOf(socket), bound);
        Admit(connection);
        try
        {
            using (socket)
                await serve(socket, bound.Token).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            onLost?.Invoke(e.Message);
        }
        finally
        {
            lock (_gate)
                _open.Remove(connection);
        }
    }
}
