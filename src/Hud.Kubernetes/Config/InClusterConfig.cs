using System.Security.Cryptography.X509Certificates;

namespace Hud.Kubernetes;

/// <summary>The account a pod gets from its kubelet.</summary>
public static class InClusterConfig
{
    public const string AccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <returns>Null where this is not a pod, or a pod without an account.</returns>
    public static ClusterConfig? TryLoad(string folder, Func<string, string?> environment, TimeProvider time)
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        var tokenFile = Path.Combine(folder, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(tokenFile))
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(folder, "ca.crt"));
        var namespaceFile = Path.Combine(folder, "namespace");
        return new ClusterConfig
        {
            Server = new Uri(host.Contains(':') ? $"https://[{host}]:{port}" : $"https://{host}:{port}"),
            CertificateAuthority = authorities,
            Token = new FileTokenSource(tokenFile, time),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : "default",
        };
    }
}
