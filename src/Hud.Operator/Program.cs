using System.Runtime.InteropServices;
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
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var telemetry = new Telemetry(Environment.GetEnvironmentVariable);
        log.Info(
            "hud-operator starts",
            ("version", typeof(Program).Assembly.GetName().Version),
            ("server", cluster.Host),
            ("namespace", options.Namespace)
        );
        var code = await new OperatorHost(cluster, options, log).RunAsync(stop.Token).ConfigureAwait(false);
        log.Info("hud-operator ends", ("code", code));
        return code;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true; // the lease is given back and running writes end before the process does
            stop.Cancel();
        }
    }
}
