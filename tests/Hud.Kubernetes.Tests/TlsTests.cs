using Hud.Kubernetes.Tests.Scripted;

namespace Hud.Kubernetes.Tests;

/// <summary>Against a listener with real TLS: who is believed, and who never gets to see the token.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new("mine");
    private readonly TestAuthority _other = new("other");

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    private static Task Fine(ScriptedRequest request, Answer answer) => answer.JsonAsync("{}");

    private static KubernetesClient Client(ScriptedServer server, string cluster)
    {
        var text = $$$"""
            current-context: x
            clusters: [{name: c, cluster: {server: "{{{server.Address}}}"{{{cluster}}}}}]
            users: [{name: u, user: {token: secret}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            """;
        return new KubernetesClient(Kubeconfig.Parse(text, "/", "test"));
    }

    private static string Trusting(params string[] pems) =>
        ", certificate-authority-data: "
        + Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(string.Join('\n', pems)));

    private static async Task AssertRefusedAsync(ScriptedServer server, string cluster)
    {
        using var client = Client(server, cluster);
        await Assert.ThrowsAsync<TransportException>(() => client.GetRawAsync("/version", CancellationToken.None));
        Assert.Empty(server.Requests);
    }

    private static async Task AssertTakenAsync(ScriptedServer server, string cluster)
    {
        using var client = Client(server, cluster);
        await client.GetRawAsync("/version", CancellationToken.None);
        Assert.Equal("Bearer secret", server.Requests.Single().Headers["Authorization"]);
    }

    [Fact]
    public async Task A_server_with_a_certificate_for_its_address_is_believed()
    {
        await using var server = new ScriptedServer(Fine, _authority.Issue("127.0.0.1"));
        await AssertTakenAsync(server, Trusting(_authority.Pem));
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused_before_the_token_is_sent()
    {
        await using var server = new ScriptedServer(Fine, _authority.Issue("elsewhere.example"));
        await AssertRefusedAsync(server, Trusting(_authority.Pem));
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority_is_refused_before_the_token_is_sent()
    {
        await using var server = new ScriptedServer(Fine, _other.Issue("127.0.0.1"));
        await AssertRefusedAsync(server, Trusting(_authority.Pem));
    }

    [Fact]
    public async Task Without_an_authority_those_of_the_machine_count()
    {
        await using var server = new ScriptedServer(Fine, _authority.Issue("127.0.0.1"));
        await AssertRefusedAsync(server, "");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_authority_of_a_bundle_counts(bool first)
    {
        await using var server = new ScriptedServer(Fine, (first ? _authority : _other).Issue("127.0.0.1"));
        await AssertTakenAsync(server, Trusting(_authority.Pem, _other.Pem));
    }

    [Fact]
    public async Task The_name_of_tls_server_name_is_asked_for_and_checked()
    {
        await using var server = new ScriptedServer(Fine, _authority.Issue("kube.example"));
        await AssertTakenAsync(server, ", tls-server-name: kube.example" + Trusting(_authority.Pem));
        Assert.Equal(["kube.example"], server.Names);
    }

    [Fact]
    public async Task Another_name_than_that_of_tls_server_name_is_refused()
    {
        await using var server = new ScriptedServer(Fine, _authority.Issue("127.0.0.1"));
        await AssertRefusedAsync(server, ", tls-server-name: kube.example" + Trusting(_authority.Pem));
    }

    [Fact]
    public async Task Whoever_asks_for_no_check_gets_none()
    {
        await using var server = new ScriptedServer(Fine, _other.Issue("elsewhere.example"));
        await AssertTakenAsync(server, ", insecure-skip-tls-verify: true");
    }
}
