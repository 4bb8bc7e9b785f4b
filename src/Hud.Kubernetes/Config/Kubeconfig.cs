using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;
using YamlDotNet.Core;

namespace Hud.Kubernetes;

/// <summary>A kubeconfig that cannot be used; the message names the file, the entry and what to do.</summary>
public sealed class KubeconfigException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Kubeconfigs by the library, with what it lacks: bundles of authorities, token files, proxies, names that differ in case alone, several files
/// of several folders, and errors that name the file.
/// </summary>
public static class Kubeconfig
{
    public static KubernetesClientConfiguration Load(string path, string? context = null) =>
        LoadMerged([path], context);

    /// <summary>The files of a <c>KUBECONFIG</c> as one. Those that do not exist are passed over, unless none does.</summary>
    public static KubernetesClientConfiguration LoadMerged(
        IReadOnlyList<string> paths,
        string? context = null,
        TimeProvider? time = null
    )
    {
        var there = paths.Select(p => new FileInfo(p)).Where(f => f.Exists).ToList();
        if (there.Count == 0)
            throw new KubeconfigException($"{string.Join(", ", paths)} does not exist");
        var files = there.Select(f => Guard(f.ToString(), () => KubeconfigFile.Parse(Text(f), f.DirectoryName ?? "/")));
        return Build([.. files], string.Join(", ", there), context, time);
    }

    /// <param name="folder">What relative file names in the text are relative to.</param>
    /// <param name="name">How to call the text in messages.</param>
    public static KubernetesClientConfiguration Parse(
        string text,
        string folder,
        string name,
        string? context = null
    ) => Build([Guard(name, () => KubeconfigFile.Parse(text, folder))], name, context, time: null);

    private static string Text(FileInfo file) =>
        file.Length <= Limits.MaxKubeconfigBytes
            ? File.ReadAllText(file.FullName)
            : throw new KubeconfigException($"{file} is larger than {Limits.MaxKubeconfigBytes} bytes");

    private static KubernetesClientConfiguration Build(
        IReadOnlyList<KubeconfigFile> files,
        string name,
        string? context,
        TimeProvider? time
    )
    {
        if (files.All(f => f.IsEmpty))
            throw new KubeconfigException($"{name} is empty");
        var file = KubeconfigFile.Merge(files);
        var known = file.Known;
        if (string.IsNullOrEmpty(context))
            context = known.CurrentContext;
        if (string.IsNullOrEmpty(context))
            throw new KubeconfigException($"{name} has no current-context: run kubectl config use-context");
        var chosen =
            known.Contexts.Find(c => c.Name == context)?.ContextDetails
            ?? throw new KubeconfigException($"{name} has no context {context}");
        var cluster =
            known.Clusters.Find(c => c.Name == chosen.Cluster)
            ?? throw new KubeconfigException($"{name} has no cluster {chosen.Cluster}");
        var user = string.IsNullOrEmpty(chosen.User)
            ? null
            : known.Users.Find(u => u.Name == chosen.User)
                ?? throw new KubeconfigException($"{name} has no user {chosen.User}");
        var config = Guard(name, () => Build(context, chosen, cluster, user, file, time ?? TimeProvider.System));
        config.FirstMessageHandlerSetup = file.Proxies.TryGetValue(cluster, out var proxy)
            ? Through(Proxy(proxy, name, cluster.Name))
            : null;
        return config;
    }

    private static KubernetesClientConfiguration Build(
        string context,
        ContextDetails chosen,
        Cluster cluster,
        User? user,
        KubeconfigFile file,
        TimeProvider time
    )
    {
        var tokenFile = user is null ? null : file.TokenFiles.GetValueOrDefault(user);
        var login = user is null ? null : Login(user, tokenFile is not null);
        var config = KubernetesClientConfiguration.BuildConfigFromConfigObject(
            Reduced(context, chosen, cluster, user?.Name, login)
        );
        config.Namespace ??= "default";
        config.SslCaCerts = Authorities(cluster.ClusterEndpoint);
        if (tokenFile is not null)
            (config.AccessToken, config.TokenProvider) = (null, new FileToken(tokenFile, time));
        else if (config.TokenProvider is not null && login?.ExternalExecution is { } plugin)
            config.TokenProvider = new PluginToken(plugin);
        ServerTrust.ClientCertificate(config)?.Dispose(); // what cannot be read is to be said now
        return config;
    }

    /// <summary>What the library can make of a user; null for one without anything, which it refuses and servers call anonymous.</summary>
    private static UserCredentials? Login(User user, bool hasTokenFile)
    {
        var login = user.UserCredentials ?? new UserCredentials();
        if (login.AuthProvider is not null)
            throw new KubeConfigException(
                $"user {user.Name} needs a login plugin of a kind that kubectl does not have any more: use exec, a token or a certificate"
            );
        // the library acts as the user itself, who may do more
        if (!string.IsNullOrEmpty(login.Impersonate))
            throw new KubeConfigException($"user {user.Name} acts as {login.Impersonate}, which is not supported");
        if (login.ExternalExecution is { Arguments: { } arguments } plugin)
            plugin.Arguments = [.. arguments.Select(Quoted)];
        if (hasTokenFile)
            (login.Token, login.ExternalExecution) = ("that of the file comes in its place", null);
        return IsEmpty(login) ? null : login;
    }

    /// <summary>One context with what belongs to it: the library takes names that differ in case for the same.</summary>
    private static K8SConfiguration Reduced(
        string context,
        ContextDetails chosen,
        Cluster cluster,
        string? user,
        UserCredentials? login
    ) =>
        new()
        {
            CurrentContext = context,
            Contexts =
            [
                new Context
                {
                    Name = context,
                    ContextDetails = new ContextDetails
                    {
                        Cluster = cluster.Name,
                        User = login is null ? null : user,
                        Namespace = chosen.Namespace,
                    },
                },
            ],
            Clusters =
            [
                new Cluster
                {
                    Name = cluster.Name,
                    ClusterEndpoint = new ClusterEndpoint
                    {
                        Server = cluster.ClusterEndpoint?.Server,
                        TlsServerName = cluster.ClusterEndpoint?.TlsServerName,
                        SkipTlsVerify = cluster.ClusterEndpoint?.SkipTlsVerify ?? false,
                    },
                },
            ],
            Users = login is null ? [] : [new User { Name = user, UserCredentials = login }],
        };

    private static bool IsEmpty(UserCredentials login) =>
        login
            is {
                Token: null or "",
                UserName: null or "",
                ClientCertificate: null or "",
                ClientCertificateData: null or "",
                ExternalExecution: null,
            };

    /// <summary>All of them: the library takes the first of a bundle, which is the old one in mid-rotation.</summary>
    private static X509Certificate2Collection? Authorities(ClusterEndpoint? cluster)
    {
        var pem =
            !string.IsNullOrEmpty(cluster?.CertificateAuthorityData)
                ? Encoding.ASCII.GetString(Convert.FromBase64String(cluster.CertificateAuthorityData))
            : !string.IsNullOrEmpty(cluster?.CertificateAuthority) ? File.ReadAllText(cluster.CertificateAuthority)
            : null;
        if (pem is null)
            return null;
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        return all.Count > 0
            ? all
            : throw new KubeConfigException("the certificate authority is not a PEM certificate");
    }

    private static Uri Proxy(string text, string name, string cluster) =>
        Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? proxy
            : throw new KubeconfigException(
                $"{name}: proxy-url {text} of cluster {cluster} is none: use http://, https:// or socks5://"
            );

    private static Action<SocketsHttpHandler> Through(Uri proxy) =>
        handler => (handler.UseProxy, handler.Proxy) = (true, new WebProxy(proxy));

    /// <summary>The library joins arguments with spaces, and the runtime takes them apart again: backslashes count only before quotes.</summary>
    private static string Quoted(string argument)
    {
        var text = new StringBuilder("\"");
        var slashes = 0;
        foreach (var c in argument)
        {
            if (c == '"')
                text.Append('\\', slashes + 1);
            slashes = c == '\\' ? slashes + 1 : 0;
            text.Append(c);
        }
        return text.Append('\\', slashes).Append('"').ToString();
    }

    private static T Guard<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (YamlException e)
        {
            throw new KubeconfigException($"{name} is not valid YAML: {e.Message}", e);
        }
        catch (Exception e)
            when (e
                    is KubeConfigException
                        or CryptographicException
                        or FormatException
                        or IOException
                        or UnauthorizedAccessException
                        or InvalidOperationException
            )
        {
            // of a plugin that fails the library's message goes on with a stack trace
            throw new KubeconfigException($"{name}: {e.Message.Split('\n')[0]}", e);
        }
    }
}
