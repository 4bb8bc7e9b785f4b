using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace Hud.Kubernetes;

/// <summary>
/// Who the server must be, and who we are. The runtime's own check, not the library's: that one takes a certificate of a known authority for
/// any host name, and would send the token there.
/// </summary>
internal static class ServerTrust
{
    public static void Apply(SslClientAuthenticationOptions tls, KubernetesClientConfiguration config)
    {
        if (ClientCertificate(config) is { } own)
            tls.ClientCertificates = [own];
        if (config.SkipTlsVerify)
        {
#pragma warning disable CA5359, MA0039 // asked for by insecure-skip-tls-verify in the user's own kubeconfig, as kubectl does
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }
        else if (config.SslCaCerts is { } authorities)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(authorities);
            tls.CertificateChainPolicy = policy;
        }
    }

    public static X509Certificate2? ClientCertificate(KubernetesClientConfiguration config)
    {
        var certificate = Pem(config.ClientCertificateData, config.ClientCertificateFilePath);
        var key = Pem(config.ClientCertificateKeyData, config.ClientKeyFilePath);
        if (certificate is null || key is null)
            return null;
        // through PKCS#12 and back: a key that lives only in PEM is "ephemeral", which some TLS stacks refuse
        using var pair = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), password: null);
    }

    private static string? Pem(string? data, string? file) =>
        !string.IsNullOrEmpty(data) ? Encoding.ASCII.GetString(Convert.FromBase64String(data))
        : !string.IsNullOrEmpty(file) ? File.ReadAllText(file)
        : null;
}
