using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Hud.Metrics.Http;

/// <param name="Path">Without its query.</param>
/// <param name="Accept">The header's value; empty without one.</param>
public readonly record struct PageRequest(string Path, string Accept);

public sealed record Page(int Code, string ContentType, byte[] Body)
{
    public static Page Text(int code, string text) =>
        new(code, Format.TextFormat.PlainType, Encoding.UTF8.GetBytes(text));
}

/// <summary>
/// A few small pages, on sockets. Anybody who reaches the port may connect: what comes in has bounds of size, time and number, and holds
/// up no other connection. Neither server of .NET keeps that promise: HttpListener throws from Start when a connection comes in that very moment
/// (dotnet/corefx#35191), so whoever reaches the port could keep the program from starting; Kestrel at its MaxConcurrentConnections refuses the newest
/// connection, so those who say nothing keep the others out. Kestrel alone, without routing, would also add 2.8 MB to a native program of 20 MB and
/// 7 MB to the 32 MB that it has resident.
/// </summary>
/// <param name="answer">What a GET or HEAD gets; called from any thread.</param>
/// <param name="onLost">Told why a connection came to nothing.</param>
public sealed class PageServer(Func<PageRequest, Page> answer, Action<string>? onLost = null)
{
    private const int MaxHeadBytes = 8 << 10;

    /// <summary>Beyond these the oldest is closed: an answer takes a moment, so what is old only waits.</summary>
    private const int MaxConnections = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

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

    private async Task ServeAsync(Socket connection, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxHeadBytes);
        try
        {
            using (connection)
            {
                var length = await ReadHeadAsync(connection, buffer, patience.Token).ConfigureAwait(false);
                if (length < 0)
                    return;
                var bytes = Answer(Encoding.ASCII.GetString(buffer, 0, length));
                while (bytes.Length > 0)
                    bytes = bytes[await connection.SendAsync(bytes, patience.Token).ConfigureAwait(false)..];
                connection.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e)
            when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            onLost?.Invoke(e.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>The bytes up to the empty line, or all that there is place for; -1 when the other side left before.</returns>
    private static async Task<int> ReadHeadAsync(Socket connection, byte[] buffer, CancellationToken cancel)
    {
        var length = 0;
        while (length < MaxHeadBytes)
        {
            var read = await connection
                .ReceiveAsync(buffer.AsMemory(length, MaxHeadBytes - length), cancel)
                .ConfigureAwait(false);
            if (read == 0)
                return -1;
            length += read;
            if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
                break;
        }
        return length;
    }

    private ReadOnlyMemory<byte> Answer(string head)
    {
        var line = head.Split("\r\n", 2)[0].Split(' ');
        var page =
            !head.Contains("\r\n\r\n", StringComparison.Ordinal)
                ? Page.Text(431, "the head of the request is too large\n")
            : line is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"]
                ? Page.Text(400, "this isn't an HTTP request\n")
            : method is not ("GET" or "HEAD") ? Page.Text(405, "only GET and HEAD\n")
            : answer(new PageRequest(target.Split('?')[0], Header(head, "Accept")));
        var answered = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {page.Code} {(page.Code == 200 ? "OK" : "Error")}\r\nContent-Type: {page.ContentType}\r\nContent-Length: {page.Body.Length}\r\n{(page.Code == 405 ? "Allow: GET, HEAD\r\n" : "")}Connection: close\r\n\r\n"
        );
        return line[0] == "HEAD"
            ? Encoding.ASCII.GetBytes(answered)
            : (byte[])[.. Encoding.ASCII.GetBytes(answered), .. page.Body];
    }

    /// <summary>All values of a header, with commas between.</summary>
    private static string Header(string head, string name) =>
        string.Join(
            ',',
            head.Split("\r\n")
                .Skip(1)
                .Select(line => line.Split(':', 2))
                .Where(parts => parts.Length == 2 && parts[0].Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(parts => parts[1].Trim())
        );
}
