using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Authentication;

namespace Hud.Kubernetes.Tests.Scripted;

/// <param name="Target">Path and query, decoded.</param>
public sealed record ScriptedRequest(
    string Method,
    string Target,
    IReadOnlyDictionary<string, string> Headers,
    string Body
);

/// <summary>
/// An HTTP server in this process that answers exactly as a test says, down to the bytes: cut lines, slow bytes and answers that no real
/// server gives on demand. One answer per connection, so that a test sees each request on its own.
/// </summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ScriptedRequest, Answer, Task> _script;
    private readonly Task _accepting;
    private readonly List<ScriptedRequest> _requests = [];
    private readonly List<string> _names = [];

    private readonly X509Certificate2? _certificate;

    /// <param name="certificate">With one it speaks TLS.</param>
    public ScriptedServer(Func<ScriptedRequest, Answer, Task> script, X509Certificate2? certificate = null)
    {
        _script = script;
        _certificate = certificate;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address =>
        new($"{(_certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public IReadOnlyList<ScriptedRequest> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    /// <summary>What clients called this server in their handshakes, as far as those came to an end.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_requests)
                return [.. _names];
        }
    }

    public KubernetesClient Client(KubernetesClientOptions? options = null, ITokenProvider? token = null) =>
        new(new KubernetesClientConfiguration { Host = Address.ToString(), TokenProvider = token }, options);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        // the last is what a listener says that was stopped between two connections
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient tcp)
    {
        using (tcp)
        {
            try
            {
                await using var stream = await SecuredAsync(tcp.GetStream());
                var request = await ReadAsync(stream);
                if (request is null)
                    return;
                lock (_requests)
                    _requests.Add(request);
                await _script(request, new Answer(stream, _stop.Token));
            }
            catch (Exception e)
                when (e is IOException or OperationCanceledException or SocketException or AuthenticationException)
            {
                // the client went away or does not trust us, or the test is over
            }
        }
    }

    private async Task<Stream> SecuredAsync(NetworkStream plain)
    {
        if (_certificate is null)
            return plain;
        var secured = new SslStream(plain);
        await secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = _certificate },
            _stop.Token
        );
        lock (_requests)
            _names.Add(secured.TargetHostName);
        return secured;
    }

    private async Task<ScriptedRequest?> ReadAsync(Stream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (head.Count < 4 || head[^1] != '\n' || head[^2] != '\r' || head[^3] != '\n')
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
                return null;
            head.Add(one[0]);
        }
        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines
            .Skip(1)
            .Select(l => l.Split(": ", 2))
            .ToDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"))];
        await stream.ReadExactlyAsync(body, _stop.Token);
        var first = lines[0].Split(' ');
        return new ScriptedRequest(first[0], Uri.UnescapeDataString(first[1]), headers, Encoding.UTF8.GetString(body));
    }
}

/// <summary>The pen for one answer.</summary>
public sealed class Answer(Stream stream, CancellationToken stop)
{
    public Task JsonAsync(string json, int code = 200, string extraHeaders = "") =>
        RawAsync(
            $"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n{extraHeaders}\r\n{json}"
        );

    public Task ErrorAsync(int code, string reason, string message, string extraHeaders = "") =>
        JsonAsync(
            $$"""{"kind":"Status","reason":"{{reason}}","message":"{{message}}","code":{{code}}}""",
            code,
            extraHeaders
        );

    /// <summary>Begins an answer whose length is the connection's.</summary>
    public Task StreamAsync() =>
        RawAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n");

    public async Task RawAsync(string text)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), stop);
        await stream.FlushAsync(stop);
    }

    /// <summary>Keeps the connection open and says nothing until the test ends.</summary>
    public Task SilenceAsync() => Task.Delay(Timeout.Infinite, stop);
}
