using Hud.Kubernetes.Tests.Scripted;
using k8s;
using k8s.Models;
using static Hud.Kubernetes.Tests.Scripted.Objects;

namespace Hud.Kubernetes.Tests;

/// <summary>What the library does not know of kubeconfigs, or does in another way than kubectl.</summary>
public sealed class KubeconfigTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Config(string server, string user, string cluster = "", string name = "x") =>
        $$$"""
            current-context: {{{name}}}
            clusters: [{name: c-{{{name}}}, cluster: {server: "{{{server}}}"{{{cluster}}}}}]
            users: [{name: u-{{{name}}}, user: {{{user}}}}]
            contexts: [{name: {{{name}}}, context: {cluster: c-{{{name}}}, user: u-{{{name}}}}}]
            """;

    private static async Task<string?> Token(KubernetesClientConfiguration config) =>
        (await config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None)).Parameter;

    [Fact]
    public async Task A_token_file_is_read_beside_the_kubeconfig_and_wins_over_a_token()
    {
        Write("secrets/token", "of-the-file\n");
        var path = Write("config", Config("https://a", "{token: inline, tokenFile: secrets/token}"));
        var config = Kubeconfig.Load(path);
        Assert.Equal("of-the-file", await Token(config));
        Assert.Null(config.AccessToken);
    }

    [Fact]
    public async Task A_token_file_alone_is_a_login()
    {
        Write("token", "of-the-file\n");
        Assert.Equal(
            "of-the-file",
            await Token(Kubeconfig.Load(Write("config", Config("https://a", "{tokenFile: token}"))))
        );
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_user_without_anything_is_anonymous(string user)
    {
        var config = Kubeconfig.Parse(Config("https://a", user), "/", "test");
        Assert.Null(config.TokenProvider);
        Assert.Null(config.AccessToken);
    }

    [Fact]
    public void Names_that_differ_in_case_are_different()
    {
        var error = Assert.Throws<KubeconfigException>(() =>
            Kubeconfig.Parse(Config("https://a", "{token: t}"), "/", "test", context: "X")
        );
        Assert.Contains("no context X", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_files_the_first_entry_of_a_name_counts_whole_and_files_are_relative_to_their_own_folder()
    {
        var first = Write("one/config", "clusters: [{name: c-x, cluster: {server: 'https://first'}}]");
        Write("two/token", "second\n");
        var second = Write(
            "two/config",
            Config("https://second", "{tokenFile: token}", ", tls-server-name: not-this-one")
        );
        var third = Write("three/config", Config("https://third", "{token: third}", name: "z"));
        var config = Kubeconfig.LoadMerged([Path.Combine(_folder.FullName, "missing"), first, second, third]);
        Assert.Equal("https://first", config.Host);
        Assert.Null(config.TlsServerName);
        Assert.IsType<FileToken>(config.TokenProvider);
        Assert.Equal("third", Kubeconfig.LoadMerged([first, second, third], "z").AccessToken);
    }

    [Fact]
    public async Task A_token_file_of_a_later_file_is_found_in_its_folder()
    {
        var first = Write("one/config", "current-context: x");
        Write("two/token", "second\n");
        var second = Write("two/config", Config("https://second", "{tokenFile: token}"));
        Assert.Equal("second", await Token(Kubeconfig.LoadMerged([first, second])));
    }

    [Fact]
    public void Files_none_of_which_exists_are_an_error_that_names_them()
    {
        var error = Assert.Throws<KubeconfigException>(() => Kubeconfig.LoadMerged(["/not/one", "/not/two"]));
        Assert.Contains("/not/one, /not/two does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_plugin_gets_its_arguments_whole_and_is_run_again_when_its_token_is_refused()
    {
        Write("tokens", "old");
        var plugin = Write(
            "plugin.sh",
            """
            #!/bin/sh
            printf '%s|' "$@" >> "$(dirname "$0")/arguments"
            printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat "$(dirname "$0")/tokens")"
            """
        );
        File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var server = new ScriptedServer(
            (r, a) =>
            {
                if (r.Headers["Authorization"] == "Bearer new")
                    return a.JsonAsync("{}");
                Write("tokens", "new");
                return a.ErrorAsync(401, "Unauthorized", "expired");
            }
        );
        const string User = """
            {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, args: ["two words", 'a"b\\', "c:\\d e"], interactiveMode: Never}}
            """;
        var config = Kubeconfig.Load(Write("config", Config(server.Address.ToString(), User.Trim())));
        using var client = new KubernetesClient(config);
        await client.GetRawAsync("/version", CancellationToken.None);
        Assert.Equal(["Bearer old", "Bearer new"], server.Requests.Select(r => r.Headers["Authorization"]));
        var arguments = await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "arguments"));
        Assert.StartsWith("""two words|a"b\\|c:\d e|""", arguments, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_plugin_that_stops_working_is_a_failed_request()
    {
        var plugin = Write(
            "plugin.sh",
            """
            #!/bin/sh
            printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
            """
        );
        File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        const string User = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh}}";
        await using var server = new ScriptedServer((_, a) => a.JsonAsync("{}"));
        var config = Kubeconfig.Load(Write("config", Config(server.Address.ToString(), User)));
        File.Delete(plugin);
        using var client = new KubernetesClient(config);
        await Assert.ThrowsAsync<TransportException>(() => client.GetRawAsync("/version", CancellationToken.None));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Requests_go_through_the_proxy_of_proxy_url()
    {
        await using var proxy = new ScriptedServer((_, a) => a.JsonAsync("{}"));
        var text = Config("http://kube.example:6443", "{token: t}", $", proxy-url: '{proxy.Address}'");
        using var client = new KubernetesClient(Kubeconfig.Parse(text, "/", "test"));
        await client.GetRawAsync("/version", CancellationToken.None);
        Assert.Equal("http://kube.example:6443/version", proxy.Requests.Single().Target);
    }

    [Theory]
    [InlineData("ftp://proxy.example")]
    [InlineData("proxy.example")]
    public void A_proxy_url_that_is_none_is_refused(string url)
    {
        var text = Config("https://kube.example", "{token: t}", $", proxy-url: '{url}'");
        var error = Assert.Throws<KubeconfigException>(() => Kubeconfig.Parse(text, "/", "some-file"));
        Assert.Contains($"some-file: proxy-url {url} of cluster c-x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_behind_a_path_keeps_it()
    {
        await using var server = new ScriptedServer((_, a) => a.JsonAsync("{}"));
        var text = Config(server.Address + "k8s/clusters/c-1", "{token: t}");
        using var client = new KubernetesClient(Kubeconfig.Parse(text, "/", "test"));
        await client.GetRawAsync("/version", CancellationToken.None);
        Assert.Equal("/k8s/clusters/c-1/version", server.Requests.Single().Target);
    }

    [Fact]
    public async Task A_user_with_name_and_password_sends_them()
    {
        await using var server = new ScriptedServer((_, a) => a.JsonAsync("{}"));
        var text = Config(server.Address.ToString(), "{username: me, password: pass}");
        using var client = new KubernetesClient(Kubeconfig.Parse(text, "/", "test"));
        await client.GetRawAsync("/version", CancellationToken.None);
        Assert.Equal("Basic bWU6cGFzcw==", server.Requests.Single().Headers["Authorization"]);
    }

    [Fact]
    public async Task A_token_that_rotates_in_mid_watch_costs_neither_events_nor_a_list()
    {
        var file = Write("token", "old\n");
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                var current = (await File.ReadAllTextAsync(file)).Trim();
                if (r.Headers["Authorization"] != "Bearer " + current)
                {
                    await a.ErrorAsync(401, "Unauthorized", "expired");
                    return;
                }
                if (!r.IsWatch())
                {
                    await a.JsonAsync(List(5, ""));
                    return;
                }
                await a.StreamAsync();
                if (current == "old")
                {
                    await a.RawAsync(Event("ADDED", Pod("before", 6)));
                    await File.WriteAllTextAsync(file, "new\n");
                    return;
                }
                await a.RawAsync(Event("ADDED", Pod("after", 7)));
                await a.SilenceAsync();
            }
        );
        using var client = server.Client(token: new FileToken(file, TimeProvider.System));
        using var stop = new CancellationTokenSource();
        var errors = new List<Exception>();
        var informer = new Informer<V1Pod>(client, EntityTypes.Pods, new InformerOptions { OnError = errors.Add });
        var running = informer.RunAsync(stop.Token);
        await UntilAsync(() => informer.Store.Count == 2, "both pods are in the store");
        await stop.CancelAsync();
        await running;
        Assert.Equal(1, informer.Lists);
        Assert.Empty(errors);
    }
}
