using System.Net;
using System.Text;

namespace Hud.Operator.Health;

/// <summary>What a probe is told: empty when all is well, else a sentence.</summary>
public sealed record HealthChecks(Func<string> Live, Func<string> Ready, Func<string> Metrics);

/// <summary>Three pages for kubelet and Prometheus. No web framework: it answers three fixed paths with short texts.</summary>
public sealed class HealthServer(string address, HealthChecks checks, Log log)
{
    public async Task RunAsync(CancellationToken cancel)
    {
        using var listener = new HttpListener();
        listener.Prefixes.Add(address);
        listener.Start();
        await using var stop = cancel.Register(listener.Stop).ConfigureAwait(false);
        log.Info("serving health and metrics", ("address", address));
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var context = await listener.GetContextAsync().ConfigureAwait(false);
                await AnswerAsync(context).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                if (!cancel.IsCancellationRequested)
                    log.Debug("a probe went away", ("error", e.Message));
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var (code, text) = context.Request.Url?.AbsolutePath switch
        {
            "/healthz" => Check(checks.Live()),
            "/readyz" => Check(checks.Ready()),
            "/metrics" => (200, checks.Metrics()),
            _ => (404, "not here: /healthz, /readyz, /metrics\n"),
        };
        using var response = context.Response;
        response.StatusCode = code;
        response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        var bytes = Encoding.UTF8.GetBytes(text);
        response.ContentLength64 = bytes.Length;
        await response.OutputStream.WriteAsync(bytes).ConfigureAwait(false);
    }

    private static (int, string) Check(string problem) => problem.Length == 0 ? (200, "ok\n") : (503, problem + "\n");
}
