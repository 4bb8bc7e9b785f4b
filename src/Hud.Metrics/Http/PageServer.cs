using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Hud.Metrics.Http;

/// <param name="Path">Without its query.</param>
/// <param name="Accept">The header's value; empty without one.</param>
public readonly record struct PageRequest(string Path, string Accept);

/// <param name="Body">
/// In pieces, each of which holds until the next is asked for: a page may be larger than what one wants to keep of it. What it is made of is not
/// kept either before the first is asked for: the page may have to wait.
/// </param>
public sealed record Page(int Code, string ContentType, IEnumerable<ReadOnlyMemory<byte>> Body)
{
    public static Page Text(int code, string text) =>
        Whole(code, Format.TextFormat.PlainType, Encoding.UTF8.GetBytes(text));

    public static Page Whole(int code, string contentType, byte[] body) =>
        new(code, contentType, [body]) { Length = body.Length };

    /// <summary>Of the whole body, where it is known.</summary>
    public int? Length { get; init; }
}

/// <summary>A few pages, see <see cref="ConnectionServer"/>. What comes in has a bound of size as well.</summary>
/// <param name="answer">What a GET or HEAD gets; called from any thread.</param>
/// <param name="onLost">Told why a connection came to nothing.</param>
public sealed class PageServer(Func<PageRequest, Page> answer, Action<string>? onLost = null)
{
    private const int MaxHeadBytes = 8 << 10;
    private const int MaxConnections = 64;

    /// <summary>Pages whose length is not known, which are made while they are sent, at one time: each takes memory, and may be read slowly.</summary>
    internal const int MaxPages = 4;

    /// <summary>... for one address, so that no one keeps all others waiting.</summary>
    internal const int MaxPagesForOne = 2;

    private static readonly TimeSpan PatienceForHead = TimeSpan.FromSeconds(5);

    /// <summary>A scraper gives up after 10 s unless it was told otherwise.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Turns _turns = new(MaxPages, MaxPagesForOne);

    /// <summary>Until it is cancelled.</summary>
    /// <param name="listener">Listens already; it is not closed here.</param>
    public Task RunAsync(Socket listener, CancellationToken cancel) =>
        new ConnectionServer(ServeAsync, MaxConnections, Patience, onLost).RunAsync(listener, cancel);

    private async Task ServeAsync(Socket connection, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxHeadBytes);
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(PatienceForHead);
            var length = await ReadHeadAsync(connection, buffer, patience.Token).ConfigureAwait(false);
            if (length < 0)
                return;
            var head = Encoding.ASCII.GetString(buffer, 0, length);
            var line = head.Split("\r\n", 2)[0].Split(' ');
            var page = PageOf(head, line);
            if (page.Length is null)
                await SendInTurnAsync(connection, Answer(page, line), cancel).ConfigureAwait(false);
            else
                await SendAsync(connection, Answer(page, line), cancel).ConfigureAwait(false);
            connection.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SendInTurnAsync(
        Socket connection,
        IEnumerable<ReadOnlyMemory<byte>> answer,
        CancellationToken cancel
    )
    {
        var from = ConnectionServer.AddressOf(connection);
        await _turns.EnterAsync(from, cancel).ConfigureAwait(false);
        try
        {
            await SendAsync(connection, answer, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turns.Leave(from);
        }
    }

    private static async Task SendAsync(
        Socket connection,
        IEnumerable<ReadOnlyMemory<byte>> answer,
        CancellationToken cancel
    )
    {
        foreach (var part in answer)
        {
            for (var rest = part; rest.Length > 0; )
                rest = rest[await connection.SendAsync(rest, cancel).ConfigureAwait(false)..];
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

    private Page PageOf(string head, string[] line) =>
        !head.Contains("\r\n\r\n", StringComparison.Ordinal) ? Page.Text(431, "the head of the request is too large\n")
        : line is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"]
            ? Page.Text(400, "this isn't an HTTP request\n")
        : method is not ("GET" or "HEAD") ? Page.Text(405, "only GET and HEAD\n")
        : answer(new PageRequest(target.Split('?')[0], Header(head, "Accept")));

    private static IEnumerable<ReadOnlyMemory<byte>> Answer(Page page, string[] line)
    {
        // in chunks one that breaks off is known to be a part; HTTP/1.0 has none
        var chunked = page.Length is null && line[^1] == "HTTP/1.1";
        var length =
            page.Length is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {bytes}\r\n")
            : chunked ? "Transfer-Encoding: chunked\r\n"
            : "";
        yield return Encoding.ASCII.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"HTTP/1.1 {page.Code} {(page.Code == 200 ? "OK" : "Error")}\r\nContent-Type: {page.ContentType}\r\n{length}{(page.Code == 405 ? "Allow: GET, HEAD\r\n" : "")}Connection: close\r\n\r\n"
            )
        );
        if (line[0] == "HEAD")
            yield break;
        foreach (var part in page.Body)
        {
            if (part.Length == 0)
                continue;
            if (chunked)
                yield return Encoding.ASCII.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"{part.Length:x}\r\n")
                );
            yield return part;
            if (chunked)
                yield return "\r\n"u8.ToArray();
        }

        if (chunked)
            yield return "0\r\n\r\n"u8.ToArray();
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
