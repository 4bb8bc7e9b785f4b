using System.Security.Cryptography.X509Certificates;
using k8s;

namespace Hud.Kubernetes;

/// <summary>
/// The account a pod gets from its kubelet. The library's own reading of it is bound to one folder, and its token has no answer to a 401
/// and to a file that is being swapped.
/// </summary>
public static class InClusterConfig
{
    public const string AccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <returns>Null where this is not a pod, or a pod without an account.</returns>
    public static KubernetesClientConfiguration? TryLoad(
        string folder,
        Func<string, string?> environment,
        TimeProvider time
    )
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        var tokenFile = Path.Combine(folder, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(tokenFile))
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(folder, "ca.crt"));
        var namespaceFile = Path.Combine(folder, "namespace");
        return new KubernetesClientConfiguration
        {
            Host = host.Contains(':') ? $"https://[{host}]:{port}" : $"https://{host}:{port}",
            SslCaCerts = authorities,
            TokenProvider = new FileToken(tokenFile, time),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : "default",
        };
    }
}
