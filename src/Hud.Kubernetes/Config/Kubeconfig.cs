using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hud.Kubernetes;

/// <summary>A kubeconfig that cannot be used; the message names the file, the entry and what to do.</summary>
public sealed class KubeconfigException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The part of a kubeconfig that a program without plugins can use: certificates and tokens, inline or in files.</summary>
public static class Kubeconfig
{
    public static ClusterConfig Load(string path, string? context = null)
    {
        var info = new FileInfo(path);
        if (!info.Exists)
            throw new KubeconfigException($"{path} does not exist");
        if (info.Length > Limits.MaxKubeconfigBytes)
            throw new KubeconfigException($"{path} is larger than {Limits.MaxKubeconfigBytes} bytes");
        return Parse(File.ReadAllText(path), Path.GetDirectoryName(info.FullName) ?? "/", path, context);
    }

    /// <param name="folder">What relative file names in the text are relative to.</param>
    /// <param name="name">How to call the text in messages.</param>
    public static ClusterConfig Parse(string text, string folder, string name, string? context = null)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode root)
                throw new KubeconfigException($"{name} is empty");
            return Read(root, folder, name, context);
        }
        catch (YamlException e)
        {
            throw new KubeconfigException($"{name} is not valid YAML: {e.Message}", e);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or UriFormatException or IOException)
        {
            throw new KubeconfigException($"{name}: {e.Message}", e);
        }
    }

    private static ClusterConfig Read(YamlMappingNode root, string folder, string name, string? context)
    {
        context ??=
            Text(root, "current-context")
            ?? throw new KubeconfigException($"{name} has no current-context: run kubectl config use-context");
        var chosen =
            Named(root, "contexts", "context", context)
            ?? throw new KubeconfigException($"{name} has no context {context}");
        var clusterName = Text(chosen, "cluster") ?? "";
        var userName = Text(chosen, "user") ?? "";
        var cluster =
            Named(root, "clusters", "cluster", clusterName)
            ?? throw new KubeconfigException($"{name} has no cluster {clusterName}");
        var user = Named(root, "users", "user", userName);
        if (user is not null && (Child(user, "exec") is not null || Child(user, "auth-provider") is not null))
            throw new KubeconfigException(
                $"{name}: user {userName} needs a login plugin, which is not supported: use a token or a certificate"
            );
        return new ClusterConfig
        {
            Server = new Uri(
                Text(cluster, "server") ?? throw new KubeconfigException($"{name}: cluster {clusterName} has no server")
            ),
            CertificateAuthority = Authority(cluster, folder),
            ClientCertificate = user is null ? null : Certificate(user, folder),
            Token = user is null ? null : Token(user, folder),
            Namespace = Text(chosen, "namespace") ?? "default",
            TlsServerName = Text(cluster, "tls-server-name"),
            InsecureSkipTlsVerify = Text(cluster, "insecure-skip-tls-verify") == "true",
        };
    }

    private static X509Certificate2Collection? Authority(YamlMappingNode cluster, string folder)
    {
        if (Pem(cluster, "certificate-authority", folder) is not { } pem)
            return null;
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        return all;
    }

    private static X509Certificate2? Certificate(YamlMappingNode user, string folder)
    {
        var certificate = Pem(user, "client-certificate", folder);
        var key = Pem(user, "client-key", folder);
        if (certificate is null || key is null)
            return null;
        // through PKCS#12 and back: a key that lives only in PEM is "ephemeral", which some TLS stacks refuse
        using var pair = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), password: null);
    }

    private static ITokenSource? Token(YamlMappingNode user, string folder) =>
        Text(user, "tokenFile") is { } file ? new FileTokenSource(Path.Combine(folder, file), TimeProvider.System)
        : Text(user, "token") is { } token ? new FixedTokenSource(token)
        : null;

    private static string? Pem(YamlMappingNode node, string key, string folder) =>
        Text(node, key + "-data") is { } data ? System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(data))
        : Text(node, key) is { } file ? File.ReadAllText(Path.Combine(folder, file))
        : null;

    private static YamlNode? Child(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private static string? Text(YamlMappingNode node, string key) =>
        Child(node, key) is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;

    private static YamlMappingNode? Named(YamlMappingNode root, string list, string inner, string name)
    {
        if (Child(root, list) is not YamlSequenceNode entries)
            return null;
        foreach (var entry in entries.OfType<YamlMappingNode>())
        {
            if (Text(entry, "name") == name)
                return Child(entry, inner) as YamlMappingNode;
        }
        return null;
    }
}
