using k8s;
using k8s.KubeConfigModels;
using YamlDotNet.RepresentationModel;

namespace Hud.Kubernetes;

/// <summary>Kubeconfig files as the library reads them, with what it leaves out: <c>tokenFile</c> and <c>proxy-url</c>.</summary>
internal sealed record KubeconfigFile(
    K8SConfiguration Known,
    IReadOnlyDictionary<User, string> TokenFiles,
    IReadOnlyDictionary<Cluster, string> Proxies,
    bool IsEmpty = false
)
{
    /// <param name="folder">What relative file names in the text are relative to.</param>
    public static KubeconfigFile Parse(string text, string folder)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        var read = KubernetesClientConfiguration.LoadKubeConfig(stream);
        var known = read ?? new K8SConfiguration();
        known.Contexts = [.. (known.Contexts ?? []).Where(c => c?.Name is not null)];
        known.Clusters = [.. (known.Clusters ?? []).Where(c => c?.Name is not null)];
        known.Users = [.. (known.Users ?? []).Where(u => u?.Name is not null)];
        foreach (var cluster in known.Clusters.Select(c => c.ClusterEndpoint).OfType<ClusterEndpoint>())
            cluster.CertificateAuthority = Absolute(folder, cluster.CertificateAuthority);
        foreach (var user in known.Users.Select(u => u.UserCredentials).OfType<UserCredentials>())
        {
            user.ClientCertificate = Absolute(folder, user.ClientCertificate);
            user.ClientKey = Absolute(folder, user.ClientKey);
            // a command without a slash is looked up on the PATH
            if (user.ExternalExecution is { Command: { } command } plugin && command.Contains('/'))
                plugin.Command = Absolute(folder, command);
        }
        var root = Root(text);
        return new KubeconfigFile(
            known,
            LeftOut(root, "users", "user", "tokenFile", known.Users, u => u.Name)
                .ToDictionary(p => p.Key, p => Absolute(folder, p.Value)!),
            LeftOut(root, "clusters", "cluster", "proxy-url", known.Clusters, c => c.Name),
            IsEmpty: read is null
        );
    }

    /// <summary>
    /// Several files as one, as kubectl has it: of entries with the same name the first counts, whole. File names were made absolute before, as
    /// each file's are relative to its own folder.
    /// </summary>
    public static KubeconfigFile Merge(IReadOnlyList<KubeconfigFile> files) =>
        new(
            new K8SConfiguration
            {
                CurrentContext = files
                    .Select(f => f.Known.CurrentContext)
                    .FirstOrDefault(c => !string.IsNullOrEmpty(c)),
                Contexts = [.. files.SelectMany(f => f.Known.Contexts).DistinctBy(c => c.Name, StringComparer.Ordinal)],
                Clusters = [.. files.SelectMany(f => f.Known.Clusters).DistinctBy(c => c.Name, StringComparer.Ordinal)],
                Users = [.. files.SelectMany(f => f.Known.Users).DistinctBy(u => u.Name, StringComparer.Ordinal)],
            },
            files.SelectMany(f => f.TokenFiles).ToDictionary(p => p.Key, p => p.Value),
            files.SelectMany(f => f.Proxies).ToDictionary(p => p.Key, p => p.Value)
        );

    private static string? Absolute(string folder, string? file) =>
        string.IsNullOrEmpty(file) ? null : Path.Combine(folder, file);

    private static YamlMappingNode Root(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode root ? root : [];
    }

    private static Dictionary<T, string> LeftOut<T>(
        YamlMappingNode root,
        string list,
        string inner,
        string key,
        IEnumerable<T> entries,
        Func<T, string> name
    )
        where T : class
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in (Child(root, list) as YamlSequenceNode ?? []).OfType<YamlMappingNode>())
        {
            if (
                Text(entry, "name") is { } named
                && Child(entry, inner) is YamlMappingNode settings
                && Text(settings, key) is { } value
            )
                values.TryAdd(named, value);
        }
        return entries
            .DistinctBy(name, StringComparer.Ordinal)
            .Where(e => values.ContainsKey(name(e)))
            .ToDictionary(e => e, e => values[name(e)]);
    }

    private static YamlNode? Child(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private static string? Text(YamlMappingNode node, string key) =>
        Child(node, key) is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;
}
