using System.Security.Cryptography.X509Certificates;

namespace Hud.Kubernetes;

/// <summary>Where the API server is and how this process proves who it is.</summary>
public sealed class ClusterConfig
{
    public required Uri Server { get; init; }

    /// <summary>The authorities that may sign the server's certificate; null: those of the machine.</summary>
    public X509Certificate2Collection? CertificateAuthority { get; init; }

    public X509Certificate2? ClientCertificate { get; init; }

    public ITokenSource? Token { get; init; }

    /// <summary>The namespace meant where none is said.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The name the server's certificate must carry, where it is not the host of <see cref="Server"/>.</summary>
    public string? TlsServerName { get; init; }

    public bool InsecureSkipTlsVerify { get; init; }

    /// <summary>The way kubectl looks: <c>KUBECONFIG</c>, then the pod's own account, then <c>~/.kube/config</c>.</summary>
    /// <exception cref="KubeconfigException">Nothing usable was found; the message says what was tried.</exception>
    public static ClusterConfig Load(TimeProvider? time = null)
    {
        var named = Environment.GetEnvironmentVariable("KUBECONFIG");
        if (!string.IsNullOrEmpty(named))
            return Kubeconfig.Load(named.Split(':', StringSplitOptions.RemoveEmptyEntries)[0]);
        if (
            InClusterConfig.TryLoad(
                InClusterConfig.AccountFolder,
                Environment.GetEnvironmentVariable,
                time ?? TimeProvider.System
            ) is
            { } own
        )
            return own;
        var home = Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".kube", "config");
        return File.Exists(home)
            ? Kubeconfig.Load(home)
            : throw new KubeconfigException(
                $"no cluster: KUBECONFIG is not set, this is not a pod with a service account, and {home} does not exist"
            );
    }
}
