using Hud.Metrics.Http;
using Hud.Operator.Http;

namespace Hud.Operator.Health;

/// <summary>The answer to a probe: empty when all is well, else a sentence.</summary>
public sealed record HealthChecks(Func<string> Live, Func<string> Ready, Func<string> Metrics);

/// <summary>Three pages for kubelet and Prometheus.</summary>
/// <param name="address">Such as <c>http://*:8080/</c> or <c>http://127.0.0.1:8080/</c>.</param>
public sealed class HealthServer(string address, HealthChecks checks, Log log)
{
    public async Task RunAsync(CancellationToken cancel)
    {
        using var listener = Listeners.On(address);
        listener.Start();
        log.Info("serving health and metrics", ("address", address));
        await new PageServer(request => Answer(request.Path), error => log.Debug("a probe went away", ("error", error)))
            .RunAsync(listener.Server, cancel)
            .ConfigureAwait(false);
    }

    private Page Answer(string path) =>
        path switch
        {
            "/healthz" => Check(checks.Live()),
            "/readyz" => Check(checks.Ready()),
            "/metrics" => Page.Text(200, checks.Metrics()),
            _ => Page.Text(404, "not here: /healthz, /readyz, /metrics\n"),
        };

    private static Page Check(string problem) =>
        problem.Length == 0 ? Page.Text(200, "ok\n") : Page.Text(503, problem + "\n");
}
