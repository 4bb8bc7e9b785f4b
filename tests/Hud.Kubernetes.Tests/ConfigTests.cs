using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Kubernetes.Tests;

public sealed class ConfigTests
{
    private static (string Certificate, string Key) Pair()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static async Task<string?> Token(KubernetesClientConfiguration config) =>
        (await config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None)).Parameter;

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text));

    private static string Kube(string user, string cluster = "") =>
        $$$"""
            apiVersion: v1
            kind: Config
            current-context: two
            clusters:
            - {name: c1, cluster: {server: "https://wrong:1"}}
            - {name: c2, cluster: {server: "https://right:6443"{{{cluster}}}}}
            users:
            - {name: u1, user: {token: wrong}}
            - name: u2
              user: {{{user}}}
            contexts:
            - {name: one, context: {cluster: c1, user: u1}}
            - {name: two, context: {cluster: c2, user: u2, namespace: shop}}
            """;

    [Fact]
    public void The_current_context_chooses_cluster_user_and_namespace()
    {
        var config = Kubeconfig.Parse(Kube("{token: abc}"), "/", "test");
        Assert.Equal("https://right:6443", config.Host);
        Assert.Equal("abc", config.AccessToken);
        Assert.Equal("shop", config.Namespace);
        Assert.Null(ServerTrust.ClientCertificate(config));
    }

    [Fact]
    public void Certificates_are_read_inline()
    {
        var (certificate, key) = Pair();
        var text = Kube(
            $"{{client-certificate-data: {Base64(certificate)}, client-key-data: {Base64(key)}}}",
            $", certificate-authority-data: {Base64(certificate)}"
        );
        var config = Kubeconfig.Parse(text, "/", "test");
        Assert.True(ServerTrust.ClientCertificate(config)?.HasPrivateKey);
        Assert.Equal("CN=test", config.SslCaCerts?.Single().Subject);
    }

    [Fact]
    public void Certificates_are_read_from_files_beside_the_kubeconfig()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (certificate, key) = Pair();
            File.WriteAllText(Path.Combine(folder.FullName, "c.pem"), certificate);
            File.WriteAllText(Path.Combine(folder.FullName, "k.pem"), key);
            File.WriteAllText(
                Path.Combine(folder.FullName, "config"),
                Kube("{client-certificate: c.pem, client-key: k.pem}", ", certificate-authority: c.pem")
            );
            var config = Kubeconfig.Load(Path.Combine(folder.FullName, "config"));
            Assert.True(ServerTrust.ClientCertificate(config)?.HasPrivateKey);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a: [", "not valid YAML")]
    [InlineData("clusters: []", "no current-context")]
    [InlineData("current-context: x", "no context x")]
    public void What_cannot_be_used_is_said_with_the_name_of_the_file(string text, string expected)
    {
        var error = Assert.Throws<KubeconfigException>(() => Kubeconfig.Parse(text, "/", "some-file"));
        Assert.Contains("some-file", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{auth-provider: {name: gcp}}", "login plugin")]
    [InlineData("{token: t, as: admin}", "acts as admin")]
    [InlineData("{exec: {command: /not/there, apiVersion: client.authentication.k8s.io/v1}}", "external exec failed")]
    [InlineData("{client-certificate-data: '!!', client-key-data: '!!'}", "some-file")]
    public void Users_that_cannot_be_used_are_refused(string user, string expected)
    {
        var error = Assert.Throws<KubeconfigException>(() => Kubeconfig.Parse(Kube(user), "/", "some-file"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_without_a_certificate_is_refused()
    {
        var text = Kube("{token: t}", $", certificate-authority-data: {Base64("no certificate")}");
        var error = Assert.Throws<KubeconfigException>(() => Kubeconfig.Parse(text, "/", "some-file"));
        Assert.Contains("some-file: the certificate authority", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pods_own_account_is_found_and_its_token_is_read_again_after_a_minute()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "token"), "first\n");
            File.WriteAllText(Path.Combine(folder.FullName, "ca.crt"), Pair().Certificate);
            File.WriteAllText(Path.Combine(folder.FullName, "namespace"), "hud-system");
            var clock = new FakeTimeProvider();
            var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["KUBERNETES_SERVICE_HOST"] = "fd00::1",
                ["KUBERNETES_SERVICE_PORT"] = "443",
            };
            var config = InClusterConfig.TryLoad(folder.FullName, environment.GetValueOrDefault, clock)!;
            Assert.Equal("https://[fd00::1]:443", config.Host);
            Assert.Equal("hud-system", config.Namespace);
            Assert.Equal("first", await Token(config));

            File.WriteAllText(Path.Combine(folder.FullName, "token"), "second\n");
            Assert.Equal("first", await Token(config));
            clock.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal("second", await Token(config));

            // a token that vanishes for a moment does not take the operator down
            File.Delete(Path.Combine(folder.FullName, "token"));
            clock.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal("second", await Token(config));
            Assert.Null(InClusterConfig.TryLoad(folder.FullName, _ => null, clock));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Selectors_become_the_text_of_a_query()
    {
        var selector = new V1LabelSelector
        {
            MatchLabels = new Dictionary<string, string>() { ["app"] = "shop" },
            MatchExpressions =
            [
                new V1LabelSelectorRequirement
                {
                    Key = "tier",
                    OperatorProperty = "In",
                    Values = ["a", "b"],
                },
                new V1LabelSelectorRequirement { Key = "old", OperatorProperty = "DoesNotExist" },
                new V1LabelSelectorRequirement
                {
                    Key = "zone",
                    OperatorProperty = "NotIn",
                    Values = ["x"],
                },
                new V1LabelSelectorRequirement { Key = "live", OperatorProperty = "Exists" },
            ],
        };
        Assert.Equal("app=shop,tier in (a,b),!old,zone notin (x),live", selector.ToQuery());
    }
}
