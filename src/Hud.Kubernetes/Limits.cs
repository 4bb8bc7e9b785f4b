namespace Hud.Kubernetes;

/// <summary>Every bound on what the API server, or something that answers in its place, can make this process hold or wait for.</summary>
public static class Limits
{
    /// <summary>One response that is read whole. A page of 500 pods is about 5 MB.</summary>
    public const int MaxResponseBytes = 64 << 20;

    /// <summary>One watch event. etcd refuses objects past 1.5 MiB; the JSON form with managed fields is below twice that.</summary>
    public const int MaxWatchLineBytes = 4 << 20;

    /// <summary>The error body that is looked at for a Status object.</summary>
    public const int MaxErrorBytes = 256 << 10;

    /// <summary>Objects asked for in one page of a list.</summary>
    public const int ListPageSize = 500;

    /// <summary>Pages of one list, so that a server that always hands out a continue token cannot hold us for ever.</summary>
    public const int MaxListPages = 2_000;

    /// <summary>A request that is not a watch or a followed log, headers and body together.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A watch that says nothing for so long is taken for dead: bookmarks come about once a minute.</summary>
    public static readonly TimeSpan WatchSilence = TimeSpan.FromSeconds(150);

    /// <summary>The server is asked to end a watch after so long, so that load moves when servers are added.</summary>
    public static readonly TimeSpan WatchDuration = TimeSpan.FromMinutes(8);

    /// <summary>The longest Retry-After that is waited for inside a request; a longer one is the caller's affair.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>Tries of one request that is answered with 429 or 503 and a Retry-After.</summary>
    public const int MaxThrottledTries = 4;

    /// <summary>A kubeconfig file.</summary>
    public const int MaxKubeconfigBytes = 1 << 20;
}
