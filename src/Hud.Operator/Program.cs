using Hud.Kubernetes;
using k8s;

namespace Hud.Operator;

internal static class Program
{
    private static async Task<int> Main()
    {
        var log = new Log(
            Console.Error,
            Log.Parse(Environment.GetEnvironmentVariable("HUD_LOG_LEVEL") ?? ""),
            TimeProvider.System
        );
        OperatorOptions options;
        KubernetesClientConfiguration cluster;
        try
        {
            options = OperatorOptions.FromEnvironment(Environment.GetEnvironmentVariable);
            cluster = ClusterConfig.Load();
        }
        catch (Exception e) when (e is FormatException or KubeconfigException)
        {
            log.Error(e.Message);
            return 2;
        }
        using var telemetry = new Telemetry(Environment.GetEnvironmentVariable);
        log.Info(
            "hud-operator starts",
            ("version", typeof(Program).Assembly.GetName().Version),
            ("server", cluster.Host),
            ("namespace", options.Namespace)
        );
        // SIGTERM and SIGINT stop it in order: running writes end and the lease is given back before the process ends
        using var host = OperatorHost.Build(cluster, options, log);
        var code = await OperatorHost.RunAsync(host, log).ConfigureAwait(false);
        log.Info("hud-operator ends", ("code", code));
        return code;
    }
}
