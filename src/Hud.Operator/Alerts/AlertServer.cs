using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hud.Metrics.Http;
using Hud.Operator.Http;

namespace Hud.Operator.Alerts;

/// <summary>
/// Takes alerts as Alertmanager's webhook sends them: <c>POST /alerts</c>. Anybody in the cluster may connect, and who has the token may send; what comes
/// in has bounds of size, time and number. Alertmanager sends again what is answered with a 5xx, or not at all, and drops what is answered with a 4xx
/// (<c>notify.Retrier</c>), 429 included; so whatever may pass another time is 503. It makes a new connection for that, because each is closed after its
/// answer: behind a Service it reaches the leader after a few.
/// </summary>
public sealed class AlertServer(string address, AlertToken token, AlertInbox inbox, Log log)
{
    private const int MaxConnections = 64;

    /// <summary>Bodies that are read at the same time.</summary>
    internal const int MaxBodies = 2;

    /// <summary>What is left of a request that was answered before its end is taken for this long, so that the answer is not lost with it.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <summary>For a whole request with its answer. Alertmanager sends what took longer again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _bodies = new(MaxBodies);
    private readonly Lock _reading = new();

    public async Task RunAsync(CancellationToken cancel)
    {
        using var listener = Listeners.On(address);
        listener.Start();
        log.Info("receiving alerts", ("address", address));
        var server = new ConnectionServer(
            ServeAsync,
            MaxConnections,
            Patience,
            error => log.Debug("a client went away", ("error", error))
        );
        await server.RunAsync(listener.Server, cancel).ConfigureAwait(false);
    }

    private sealed record Reply(int Code, string Text, string Header = "");

    private async Task ServeAsync(Socket connection, CancellationToken cancel)
    {
        using var head = new RequestHead();
        using var stream = new NetworkStream(connection);
        if (!await head.ReadAsync(stream, cancel).ConfigureAwait(false))
            return;
        var reply = Refuse(head, out var request);
        if (reply is null)
        {
            if (request!["Expect"]?.Equals("100-continue", StringComparison.OrdinalIgnoreCase) == true)
                await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancel).ConfigureAwait(false);
            reply = await ReceiveAsync(stream, head, (int)request.ContentLength!.Value, cancel).ConfigureAwait(false);
        }
        OperatorMeter.AlertRequests.Add(1, new KeyValuePair<string, object?>("code", reply.Code));
        if (reply.Code >= 400)
            log.Debug("alerts refused", ("code", reply.Code), ("why", reply.Text));
        await stream.WriteAsync(Bytes(reply), cancel).ConfigureAwait(false);
        connection.Shutdown(SocketShutdown.Send);
        await DrainAsync(stream, cancel).ConfigureAwait(false);
    }

    /// <summary>What can be said before the body is read; null when it is to be read.</summary>
    private Reply? Refuse(RequestHead head, out RequestFields? request)
    {
        request = null;
        if (!head.IsWhole)
            return new Reply(431, "the head of the request is too large");
        request = RequestFields.TryParse(head.Text);
        if (request is null)
            return new Reply(400, "this isn't an HTTP request");
        if (request.Path != "/alerts")
            return new Reply(404, "not here: /alerts");
        if (request.Method != "POST")
            return new Reply(405, "only POST", "Allow: POST\r\n");
        switch (token.Check(request["Authorization"]))
        {
            case TokenCheck.Unreadable:
                return new Reply(503, "the operator has no token to compare with; its log says why");
            case TokenCheck.Missing:
                return new Reply(401, "a bearer token is needed", "WWW-Authenticate: Bearer\r\n");
            case TokenCheck.Wrong:
                return new Reply(403, "the bearer token is another one");
            default:
                break;
        }
        if (
            request["Content-Type"]?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase)
            != true
        )
            return new Reply(415, "only application/json");
        if (request.ContentLength is not { } length)
            return new Reply(411, "a Content-Length is needed");
        if (length > AlertPayload.MaxBytes)
            return new Reply(413, $"at most {AlertPayload.MaxBytes} bytes; set max_alerts of the webhook");
        return inbox.IsOpen ? null : NotLeading;
    }

    private static readonly Reply NotLeading = new(503, "this replica doesn't lead; try again");

    private async Task<Reply> ReceiveAsync(NetworkStream stream, RequestHead head, int length, CancellationToken cancel)
    {
        await _bodies.WaitAsync(cancel).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var begun = head.Rest[..Math.Min(length, head.Rest.Length)];
            begun.CopyTo(buffer);
            await stream
                .ReadExactlyAsync(buffer.AsMemory(begun.Length, length - begun.Length), cancel)
                .ConfigureAwait(false);
            // one at a time: what a body becomes is several times as large
            lock (_reading)
                return Take(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _bodies.Release();
        }
    }

    private Reply Take(ReadOnlySpan<byte> body)
    {
        if (AlertPayload.TryRead(body, out var error) is not { } batch)
            return new Reply(400, error);
        Count("firing", batch.Firing.Count);
        Count("resolved", batch.Resolved);
        Count("malformed", batch.Malformed);
        if (batch.Malformed > 0)
            log.Warn("alerts were left out, a part of each is missing or too long", ("alerts", batch.Malformed));
        var receipt = inbox.Offer(batch.Firing);
        log.Info(
            "alerts received",
            ("firing", batch.Firing.Count),
            ("resolved", batch.Resolved),
            ("matched", receipt.Matched),
            ("policies", receipt.Policies),
            ("answer", receipt.Answer)
        );
        return receipt.Answer switch
        {
            AlertAnswer.Accepted => new Reply(
                200,
                $"{batch.Firing.Count} firing, {receipt.Matched} of them for {receipt.Policies} policies"
            ),
            AlertAnswer.Full => new Reply(503, "too many alerts wait; try again"),
            _ => NotLeading,
        };
    }

    private static void Count(string status, int alerts)
    {
        if (alerts > 0)
            OperatorMeter.AlertsReceived.Add(alerts, new KeyValuePair<string, object?>("status", status));
    }

    private static byte[] Bytes(Reply reply) =>
        Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"HTTP/1.1 {reply.Code} {(reply.Code == 200 ? "OK" : "Error")}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(reply.Text) + 1}\r\n{reply.Header}Connection: close\r\n\r\n{reply.Text}\n"
            )
        );

    /// <summary>Until the other side is done. A socket that is closed with bytes unread resets the connection, and the answer may be thrown away there.</summary>
    private static async Task DrainAsync(NetworkStream stream, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(Linger);
        var buffer = ArrayPool<byte>.Shared.Rent(RequestHead.MaxBytes);
        try
        {
            while (await stream.ReadAsync(buffer, bound.Token).ConfigureAwait(false) > 0) { }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
