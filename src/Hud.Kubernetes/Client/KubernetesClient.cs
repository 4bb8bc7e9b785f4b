using System.Net;
using System.Net.Http.Headers;
using k8s;

namespace Hud.Kubernetes;

public sealed record KubernetesClientOptions
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public double RequestsPerSecond { get; init; } = 50;

    public int Burst { get; init; } = 100;

    public TimeSpan RequestTimeout { get; init; } = Limits.RequestTimeout;

    public TimeSpan WatchSilence { get; init; } = Limits.WatchSilence;

    public TimeSpan WatchDuration { get; init; } = Limits.WatchDuration;

    /// <summary>Asked before each write; false makes it a <see cref="NotLeaderException"/>. This is how a lost lease stops a busy reconcile.</summary>
    public Func<bool>? MayWrite { get; init; }

    public string UserAgent { get; init; } = "hud";
}

/// <summary>
/// Requests to one API server. This part sends and turns answers into objects or typed errors; the verbs are in the other files.
/// HTTP/1.1 on purpose: every watch and every followed log has its own connection, so a slow one holds up no other.
/// </summary>
public sealed partial class KubernetesClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private readonly RequestHandler _requests;
    private readonly HttpClient _http;
    private readonly KubernetesClientOptions _options;

    public KubernetesClient(KubernetesClientConfiguration config, KubernetesClientOptions? options = null)
    {
        _options = options ?? new KubernetesClientOptions();
        _requests = new RequestHandler(config, _options, Wire(config));
        _http = new HttpClient(_requests)
        {
            // a server behind a path keeps it: what is asked for is relative
            BaseAddress = new Uri(config.Host.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(_options.UserAgent);
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Returns once half a burst of requests could be sent without a wait: work that is begun then is not slowed midway.</summary>
    public Task RoomAsync(CancellationToken cancel) => _requests.RoomAsync(cancel);

    /// <summary>A path of the server as text, e.g. <c>/readyz</c> or <c>/version</c>.</summary>
    public async Task<string> GetRawAsync(string path, CancellationToken cancel) =>
        System.Text.Encoding.UTF8.GetString(
            await SendAsync(HttpMethod.Get, path, body: null, contentType: null, cancel).ConfigureAwait(false)
        );

    /// <summary>
    /// Our own handler and not that of the library's client: that client brings the code to read and write all kinds of Kubernetes, 9 MB of
    /// it in a native program.
    /// </summary>
    private static SocketsHttpHandler Wire(KubernetesClientConfiguration config)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false, // one of the environment between an operator and its API server would read its secrets
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            AutomaticDecompression = DecompressionMethods.GZip,
        };
        ServerTrust.Apply(handler.SslOptions, config);
        config.FirstMessageHandlerSetup?.Invoke(handler);
        return handler;
    }

    /// <summary>Sends, waits out throttling, and returns the whole answer; every failure is a typed exception.</summary>
    private async Task<byte[]> SendAsync(
        HttpMethod method,
        string path,
        byte[]? body,
        string? contentType,
        CancellationToken cancel,
        int maxBytes = Limits.MaxResponseBytes
    )
    {
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        var operation = method.Method + " " + path.Split('?')[0];
        try
        {
            using var response = await OpenAsync(method, path, body, contentType, both.Token).ConfigureAwait(false);
            await using var stream = await response.Content.ReadAsStreamAsync(both.Token).ConfigureAwait(false);
            return await stream.ReadBoundedAsync(maxBytes, operation, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new TransportException(
                operation,
                timeout.IsCancellationRequested
                    ? $"no answer within {_options.RequestTimeout.TotalSeconds:0} s"
                    : $"no connection within {ConnectTimeout.TotalSeconds:0} s",
                e
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TransportException(operation, e.InnerException?.Message ?? e.Message, e);
        }
    }

    /// <summary>Returns once the headers of a success are there.</summary>
    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method,
        string path,
        byte[]? body,
        string? contentType,
        CancellationToken cancel
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(path.TrimStart('/'), UriKind.Relative));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType ?? "application/json");
        }
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
    }
}
