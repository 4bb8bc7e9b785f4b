using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.CrdTests.Harness;

/// <summary>What the server said: its HTTP status, and the object or the Status it sent.</summary>
internal sealed record Answer(HttpStatusCode Code, JsonNode Body, IReadOnlyList<string> Warnings)
{
    public bool IsOk => (int)Code is >= 200 and < 300;

    /// <summary>Why it refused: for each cause the path of the field and what is wrong with it.</summary>
    public IReadOnlyList<(string Field, string Message)> Causes =>
        [
            .. Body["details"]
                ?["causes"]?.AsArray()
                .Select(c => (c!["field"]?.GetValue<string>() ?? "", c["message"]?.GetValue<string>() ?? ""))
                ?? [],
        ];

    public JsonNode Ok(string what = "") =>
        IsOk ? Body : throw new Xunit.Sdk.XunitException($"{what}: {Code} {Body.ToJsonString()}");
}

/// <summary>
/// The server of the current Kubernetes that serves custom resources, with our CRD installed; over plain HTTPS, so that nothing stands
/// between a test and the server's words.
/// </summary>
public sealed class CrdServer : IAsyncLifetime
{
    private const string Definitions = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Sessions = "apis/hud.dev/v1alpha1/namespaces/default/profilingsessions";
    private const string Policies = "apis/hud.dev/v1alpha1/namespaces/default/profilingpolicies";

    private static readonly string[] Files =
    [
        .. ((string[])["profilingsessions", "profilingpolicies"]).Select(plural =>
            Path.Combine(Repository.Root, $"config/crd/hud.dev_{plural}.yaml")
        ),
    ];

    private string? _why;
    private string _work = "";
    private Process? _process;
    private HttpClient? _http;
    private X509Certificate2? _authority;

    public async ValueTask InitializeAsync()
    {
        // the first run builds the server
        var built = await Command.RunAsync(
            Path.Combine(Repository.Root, "tests/cluster/build-crd-server.sh"),
            [],
            seconds: 2400
        );
        if (built.Code != 0)
        {
            _why = built.All.Trim();
            return;
        }
        _work = Directory.CreateTempSubdirectory("hud-crd-").FullName;
        _process = Process.Start(
            new ProcessStartInfo(Path.Combine(Repository.Root, "tests/cluster/crd-server.sh"), [_work])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        var address = await _process.StandardOutput.ReadLineAsync();
        if (address is null)
            throw new InvalidOperationException($"crd-server.sh did not start; see {_work}");
        Connect(address);
        await ReadyAsync();
        foreach (var file in Files)
            (await InstallAsync(await File.ReadAllTextAsync(file))).Ok(file);
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        _authority?.Dispose();
        if (_process is null)
            return;
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_work, recursive: true);
    }

    /// <summary>Skips the test, or fails it where everything is required, when the server cannot be built here.</summary>
    internal void Require()
    {
        if (_why is null)
            return;
        if (Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1")
            Assert.Fail(_why);
        Assert.Skip(_why);
    }

    /// <param name="spec">The lines below spec, unindented.</param>
    /// <param name="dryRun">Judged and answered, but not kept.</param>
    internal Task<Answer> CreateAsync(string name, string spec, bool dryRun = false) =>
        SendAsync(HttpMethod.Post, Sessions + (dryRun ? "?dryRun=All" : ""), Manifest.Session(name, spec));

    internal Task<Answer> CreatePolicyAsync(string name, string spec, bool dryRun = false) =>
        SendAsync(
            HttpMethod.Post,
            Policies + (dryRun ? "?dryRun=All" : ""),
            Manifest.Of("ProfilingPolicy", name, spec)
        );

    /// <param name="part">E.g. <c>/status</c>.</param>
    internal Task<Answer> MergePolicyAsync(string name, string json, string part = "") =>
        SendAsync(HttpMethod.Patch, $"{Policies}/{name}{part}", json, "application/merge-patch+json");

    /// <summary>The rows of a table as kubectl asks for it.</summary>
    internal Task<Answer> PolicyTableAsync() =>
        SendAsync(HttpMethod.Get, Policies, accept: "application/json;as=Table;v=v1;g=meta.k8s.io");

    internal Task<Answer> GetAsync(string name) => SendAsync(HttpMethod.Get, $"{Sessions}/{name}");

    internal Task<Answer> DeleteAsync(string name) => SendAsync(HttpMethod.Delete, $"{Sessions}/{name}");

    /// <param name="part">E.g. <c>/status</c>.</param>
    internal Task<Answer> MergeAsync(string name, string json, string part = "") =>
        SendAsync(HttpMethod.Patch, $"{Sessions}/{name}{part}", json, "application/merge-patch+json");

    /// <summary>Server-side apply.</summary>
    internal Task<Answer> ApplyAsync(string name, string manifest, string manager, string part = "") =>
        SendAsync(
            HttpMethod.Patch,
            $"{Sessions}/{name}{part}?fieldManager={manager}&fieldValidation=Strict",
            manifest,
            "application/apply-patch+yaml"
        );

    /// <summary>Judges a whole definition without keeping it.</summary>
    internal Task<Answer> JudgeDefinitionAsync(string yaml) =>
        SendAsync(HttpMethod.Post, Definitions + "?dryRun=All&fieldValidation=Strict", yaml);

    internal Task<Answer> DefinitionAsync(string plural = "profilingsessions") =>
        SendAsync(HttpMethod.Get, $"{Definitions}/{plural}.hud.dev");

    /// <summary>Puts a definition in the place of what there is, and waits until the server judges by it.</summary>
    internal async Task<Answer> InstallAsync(string yaml)
    {
        var name = Yaml.Load(yaml)["metadata"]["name"].ToString();
        var applied = await SendAsync(
            HttpMethod.Patch,
            $"{Definitions}/{name}?fieldManager=tests&force=true",
            yaml,
            "application/apply-patch+yaml"
        );
        var version = Yaml.Load(yaml)["spec"]["versions"][0]["name"].ToString();
        var path = $"apis/{name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]}/{version}/{name.Split('.')[0]}";
        for (var i = 0; applied.IsOk && i < 150; i++)
        {
            var definition = await SendAsync(HttpMethod.Get, $"{Definitions}/{name}");
            var established = definition
                .Body["status"]
                ?["conditions"]?.AsArray()
                .Any(c => c!["type"]!.GetValue<string>() == "Established" && c["status"]!.GetValue<string>() == "True");
            if (established == true && (await SendAsync(HttpMethod.Get, path)).IsOk)
                return definition;
            await Task.Delay(200);
        }
        return applied;
    }

    internal Task<Answer> CreateAtAsync(string path, string yaml) => SendAsync(HttpMethod.Post, path, yaml);

    /// <summary>Of a group that is not served yet it is text: "404 page not found".</summary>
    private static async Task<JsonNode> BodyAsync(HttpContent content)
    {
        var text = await content.ReadAsStringAsync();
        return content.Headers.ContentType?.MediaType == "application/json"
            ? JsonNode.Parse(text)!
            : new JsonObject { ["message"] = text };
    }

    private async Task<Answer> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string type = "application/yaml",
        string? accept = null
    )
    {
        using var request = new HttpRequestMessage(method, path);
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var response = await _http!.SendAsync(request);
        return new Answer(
            response.StatusCode,
            await BodyAsync(response.Content),
            response.Headers.TryGetValues("Warning", out var warnings) ? [.. warnings] : []
        );
    }

    private void Connect(string address)
    {
        var keys = Path.Combine(_work, "pki");
        var authority = _authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(keys, "ca.crt"));
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 4 };
        handler.SslOptions.ClientCertificates =
        [
            X509Certificate2.CreateFromPemFile(Path.Combine(keys, "admin.crt"), Path.Combine(keys, "admin.key")),
        ];
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(address) };
    }

    private async Task ReadyAsync()
    {
        for (var i = 0; ; i++)
        {
            try
            {
                if ((await _http!.GetAsync(Definitions)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (i < 600 && !_process!.HasExited)
            {
                // not listening yet
            }
            if (i >= 600)
                throw new InvalidOperationException($"the CRD server does not answer; see {_work}");
            await Task.Delay(200);
        }
    }
}
