using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

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
/// HTTP/1.1 on purpose: every watch and every followed log has its own connection, so a slow one holds up nobody.
/// </summary>
public sealed partial class KubernetesClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private readonly HttpClient _http;
    private readonly ClusterConfig _config;
    private readonly KubernetesClientOptions _options;
    private readonly RateLimiter _limiter;

    public KubernetesClient(ClusterConfig config, KubernetesClientOptions? options = null)
    {
        _config = config;
        _options = options ?? new KubernetesClientOptions();
        _limiter = new RateLimiter(_options.RequestsPerSecond, _options.Burst, _options.Time);
        _http = new HttpClient(Handler(config)) { BaseAddress = config.Server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(_options.UserAgent);
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    public ClusterConfig Config => _config;

    public void Dispose() => _http.Dispose();

    /// <summary>A path of the server as text, e.g. <c>/readyz</c> or <c>/version</c>.</summary>
    public async Task<string> GetRawAsync(string path, CancellationToken cancel) =>
        System.Text.Encoding.UTF8.GetString(
            await SendAsync(HttpMethod.Get, path, body: null, contentType: null, cancel).ConfigureAwait(false)
        );

    private static SocketsHttpHandler Handler(ClusterConfig config)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false, // a proxy between an operator and its API server would read its secrets
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            AutomaticDecompression = DecompressionMethods.GZip,
        };
        var tls = handler.SslOptions;
        if (config.TlsServerName is not null)
            tls.TargetHost = config.TlsServerName;
        if (config.ClientCertificate is { } own)
            tls.ClientCertificates = [own];
        if (config.InsecureSkipTlsVerify)
        {
#pragma warning disable CA5359, MA0039 // asked for by insecure-skip-tls-verify in the user's own kubeconfig, as kubectl does
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }
        else if (config.CertificateAuthority is { } authorities)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(authorities);
            tls.CertificateChainPolicy = policy;
        }
        return handler;
    }

    /// <summary>Sends, waits out throttling, and returns the whole answer; every failure is a typed exception.</summary>
    private async Task<byte[]> SendAsync(
        HttpMethod method,
        string path,
        byte[]? body,
        string? contentType,
        CancellationToken cancel
    )
    {
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        var operation = Operation(method, path);
        try
        {
            using var response = await OpenAsync(method, path, body, contentType, both.Token).ConfigureAwait(false);
            await using var stream = await response.Content.ReadAsStreamAsync(both.Token).ConfigureAwait(false);
            return await ReadBoundedAsync(stream, Limits.MaxResponseBytes, operation, both.Token).ConfigureAwait(false);
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

    /// <summary>Sends and returns once the headers of a success are there. 429 and 503 with a Retry-After are waited out.</summary>
    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method,
        string path,
        byte[]? body,
        string? contentType,
        CancellationToken cancel
    )
    {
        var operation = Operation(method, path);
        var rejected = false;
        for (var attempt = 1; ; attempt++)
        {
            await _limiter.WaitAsync(cancel).ConfigureAwait(false);
            if (method != HttpMethod.Get && _options.MayWrite is { } may && !may())
                throw new NotLeaderException(operation);
            using var request = new HttpRequestMessage(method, path);
            if (_config.Token?.Current() is { } token)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType ?? "application/json");
            }
            var response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel)
                .ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                // a token that rotated under us is read again once; a second 401 is an answer
                if (response.StatusCode == HttpStatusCode.Unauthorized && !rejected && _config.Token is { } source)
                {
                    rejected = true;
                    source.Reject();
                    continue;
                }
                var error = await ErrorAsync(operation, response, cancel).ConfigureAwait(false);
                var throttled =
                    response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
                if (
                    !throttled
                    || error.RetryAfter is not { } wait
                    || wait > Limits.MaxRetryAfter
                    || attempt >= Limits.MaxThrottledTries
                )
                    throw error;
                await Task.Delay(wait, _options.Time, cancel).ConfigureAwait(false);
            }
        }
    }

    private async Task<KubernetesException> ErrorAsync(
        string operation,
        HttpResponseMessage response,
        CancellationToken cancel
    )
    {
        Status? status = null;
        var text = "";
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            var bytes = await ReadBoundedAsync(stream, Limits.MaxErrorBytes, operation, cancel).ConfigureAwait(false);
            text = System.Text.Encoding.UTF8.GetString(bytes, 0, Math.Min(bytes.Length, 500));
            status = JsonSerializer.Deserialize(bytes, KubernetesJson.Default.Status);
        }
        catch (Exception e) when (e is JsonException or TransportException or IOException)
        {
            // a proxy's HTML page or a cut body: the status code alone has to do
        }
        var after = response.Headers.RetryAfter;
        TimeSpan? wait =
            after?.Delta
            ?? (after?.Date is { } date ? date - _options.Time.GetUtcNow() : default(TimeSpan?))
            ?? (status?.Details?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : default(TimeSpan?));
        if (wait < TimeSpan.Zero)
            wait = TimeSpan.Zero;
        return KubernetesException.From(operation, response.StatusCode, status?.Reason, status?.Message ?? text, wait);
    }

    private static async Task<byte[]> ReadBoundedAsync(
        Stream stream,
        int limit,
        string operation,
        CancellationToken cancel
    )
    {
        using var whole = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            if (whole.Length + read > limit)
                throw new TransportException(operation, $"the answer is longer than {limit} bytes");
            whole.Write(buffer, 0, read);
        }
        return whole.ToArray();
    }

    private static string Operation(HttpMethod method, string path)
    {
        var query = path.IndexOf('?');
        return method.Method + " " + (query < 0 ? path : path[..query]);
    }
}
