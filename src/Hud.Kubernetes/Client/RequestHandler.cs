using System.Net;
using System.Text.Json;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// What stands between every request and the wire: the rate limit, the gate before writes, the login, one more try with a newer token, waits that
/// the server asks for, and answers that say no as typed exceptions.
/// </summary>
internal sealed class RequestHandler(
    KubernetesClientConfiguration config,
    KubernetesClientOptions options,
    HttpMessageHandler wire
) : DelegatingHandler(wire)
{
    private readonly RateLimiter _limiter = new(options.RequestsPerSecond, options.Burst, options.Time);
    private readonly ServiceClientCredentials? _login = k8s.Kubernetes.CreateCredentials(config);

    /// <inheritdoc cref="RateLimiter.RoomAsync"/>
    public Task RoomAsync(CancellationToken cancel) => _limiter.RoomAsync(options.Burst / 2, cancel);

    /// <summary>Returns once the headers of a success are there. 429 and 503 with a Retry-After are waited out.</summary>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var operation = Operation(request);
        // the runtime asks for the certificate of this name, and checks it; a TargetHost of its own options it overwrites
        if (!string.IsNullOrEmpty(config.TlsServerName))
            request.Headers.Host = config.TlsServerName;
        var rejected = false;
        for (var attempt = 1; ; attempt++)
        {
            await _limiter.WaitAsync(cancel).ConfigureAwait(false);
            if (request.Method != HttpMethod.Get && options.MayWrite is { } may && !may())
                throw new NotLeaderException(operation);
            await LogInAsync(operation, request, cancel).ConfigureAwait(false);
            var response = await base.SendAsync(request, cancel).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                // a token that rotated under us is read again once; a second 401 is an answer
                if (
                    response.StatusCode == HttpStatusCode.Unauthorized
                    && !rejected
                    && config.TokenProvider is IRenewableToken token
                )
                {
                    rejected = true;
                    token.Reject();
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
                await Task.Delay(wait, options.Time, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Verb and path, without what is asked for.</summary>
    private static string Operation(HttpRequestMessage request) =>
        request.Method.Method + " " + request.RequestUri!.AbsolutePath;

    private async Task LogInAsync(string operation, HttpRequestMessage request, CancellationToken cancel)
    {
        if (_login is null)
            return;
        try
        {
            await _login.ProcessHttpRequestAsync(request, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KubeConfigException or UnauthorizedAccessException)
        {
            throw new TransportException(operation, $"no login: {e.Message.Split('\n')[0]}", e);
        }
    }

    private async Task<KubernetesException> ErrorAsync(
        string operation,
        HttpResponseMessage response,
        CancellationToken cancel
    )
    {
        V1Status? status = null;
        var text = "";
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            var bytes = await stream.ReadBoundedAsync(Limits.MaxErrorBytes, operation, cancel).ConfigureAwait(false);
            text = System.Text.Encoding.UTF8.GetString(bytes, 0, Math.Min(bytes.Length, 500));
            status = JsonSerializer.Deserialize(bytes, ModelJson.Options.Info<V1Status>());
        }
        catch (Exception e) when (e is JsonException or TransportException or IOException)
        {
            // a proxy's HTML page or a cut body: the status code alone has to do
        }
        var after = response.Headers.RetryAfter;
        TimeSpan? wait =
            after?.Delta
            ?? (after?.Date is { } date ? date - options.Time.GetUtcNow() : default(TimeSpan?))
            ?? (status?.Details?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : default(TimeSpan?));
        if (wait < TimeSpan.Zero)
            wait = TimeSpan.Zero;
        return KubernetesException.From(operation, response.StatusCode, status?.Reason, status?.Message ?? text, wait);
    }
}

internal static class BoundedStream
{
    /// <exception cref="AnswerTooLongException">There is more than <paramref name="limit"/>.</exception>
    public static async Task<byte[]> ReadBoundedAsync(
        this Stream stream,
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
                throw new AnswerTooLongException(operation, limit);
            whole.Write(buffer, 0, read);
        }
        return whole.ToArray();
    }
}
