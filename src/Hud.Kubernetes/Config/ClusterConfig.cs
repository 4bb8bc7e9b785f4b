using k8s;

namespace Hud.Kubernetes;

/// <summary>Where the API server is and how this process proves who it is.</summary>
public static class ClusterConfig
{
    /// <summary>The way kubectl looks: <c>KUBECONFIG</c>, then the pod's own account, then <c>~/.kube/config</c>.</summary>
    /// <exception cref="KubeconfigException">Nothing usable was found; the message says what was tried.</exception>
    public static KubernetesClientConfiguration Load(TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var named = Environment.GetEnvironmentVariable("KUBECONFIG");
        if (!string.IsNullOrEmpty(named))
            return Kubeconfig.LoadMerged(
                named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
                time: time
            );
        if (InClusterConfig.TryLoad(InClusterConfig.AccountFolder, Environment.GetEnvironmentVariable, time) is { } own)
            return own;
        var home = KubernetesClientConfiguration.KubeConfigDefaultLocation;
        return File.Exists(home)
            ? Kubeconfig.Load(home)
            : throw new KubeconfigException(
                $"no cluster: KUBECONFIG is not set, this is not a pod with a service account, and {home} does not exist"
            );
    }
}
