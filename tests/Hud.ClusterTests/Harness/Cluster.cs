using System.Text.Json.Nodes;
using Hud.Kubernetes;

namespace Hud.ClusterTests.Harness;

/// <summary>
/// A real Kubernetes with the chart installed, made once for all tests: our own one-node cluster, or the one of <c>HUD_E2E_KUBECONFIG</c>
/// (whose nodes must have the images of <c>tests/cluster/images.sh</c>). What users do goes through kubectl; what tests only
/// look at is read through our own client, which costs the machine less than a kubectl every 300 ms.
/// </summary>
public sealed partial class Cluster : IAsyncLifetime
{
    public const string System = "hud-system";
    public const string Agent = "localhost/test-agent:test";
    public const string AgentPods = "app.kubernetes.io/component=agent";
    public const string OperatorPods = "app.kubernetes.io/component=operator";

    private readonly SemaphoreSlim _kubectls = new(3);
    private readonly CancellationTokenSource _over = new();
    private Task _lostPods = Task.CompletedTask;
    private string? _why;
    private KubernetesClient? _client;

    /// <summary>Null on an existing cluster.</summary>
    public string? Work { get; private set; }

    /// <summary>Where the operator's traces and metrics go; null on an existing cluster.</summary>
    internal OtlpListener? Otlp { get; private set; }

    /// <summary>Where the Dockerfile's images lie, from the root of the repository on.</summary>
    public const string Dockerfiles = "out/dockerfile";

    /// <summary>
    /// How building the Dockerfile's images ended: with 0, and the operator and all agents are theirs; with 2 and a reason where it cannot be
    /// done; or with the Dockerfile's failure. In these cases the images hold what <c>build.sh</c> left. Null on an existing cluster.
    /// </summary>
    public CommandResult? Dockerfile { get; private set; }

    public string Kubeconfig { get; private set; } = "";

    public string Tools { get; private set; } = "";

    public int Minor { get; private set; }

    /// <summary>CEL in custom resources is there from 1.25 on.</summary>
    public bool HasCel => Minor >= 25;

    public bool HasOpenApi3 => Minor >= 24;

    public KubernetesClient Client => _client ?? throw new InvalidOperationException("there is no cluster");

    public bool IsThere => _why is null;

    /// <summary>Skips the test, or fails it where everything is required, when there is no cluster.</summary>
    public void Require()
    {
        if (_why is null)
            return;
        if (Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1")
            Assert.Fail(_why);
        Assert.Skip(_why);
    }

    /// <summary>Skips the test on a cluster whose node and processes are not this machine's.</summary>
    public string RequireOwn()
    {
        Require();
        if (Work is null)
            Assert.Skip("needs the processes of the node, and an existing cluster's are not ours");
        return Work;
    }

    public Task<CommandResult> KubectlAsync(params string[] arguments) => KubectlWithAsync(input: null, arguments);

    /// <param name="input">What <c>-f -</c> reads.</param>
    public async Task<CommandResult> KubectlWithAsync(string? input, params string[] arguments)
    {
        // a kubectl that only waits should not keep others from working
        var waits =
            arguments.Contains("wait", StringComparer.Ordinal)
            || arguments.Contains("rollout", StringComparer.Ordinal)
            || arguments.Contains("delete", StringComparer.Ordinal);
        if (!waits)
            await _kubectls.WaitAsync();
        try
        {
            return await Command.RunAsync(
                Path.Combine(Tools, "kubectl"),
                ["--kubeconfig", Kubeconfig, .. arguments],
                input,
                300
            );
        }
        finally
        {
            if (!waits)
                _kubectls.Release();
        }
    }

    /// <summary>Where a chart is only rendered, the registry, which has to be given, is the one that the kustomization names.</summary>
    public Task<CommandResult> HelmAsync(params string[] arguments)
    {
        string[] registry = arguments[0] is "template" ? ["--set", "registry=registry.invalid"] : [];
        return Command.RunAsync(
            Path.Combine(Tools, "helm"),
            ["--kubeconfig", Kubeconfig, arguments[0], .. registry, .. arguments[1..]],
            seconds: 240
        );
    }

    public async Task ApplyAsync(string yaml, string? ns = null) =>
        (await KubectlWithAsync(yaml, [.. ns is null ? Array.Empty<string>() : ["-n", ns], "apply", "-f", "-"])).Ok(
            "kubectl apply"
        );

    /// <summary>An object as JSON; null when it is not there.</summary>
    /// <param name="path">E.g. <c>pods</c>, <c>hud.dev/v1alpha1/profilingsessions</c>.</param>
    public async Task<JsonNode?> GetAsync(string path, string name, string ns)
    {
        try
        {
            return JsonNode.Parse(await Client.GetRawAsync($"{Root(path, ns)}/{name}", CancellationToken.None));
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    public async Task<JsonArray> ListAsync(string path, string ns, string selector = "") =>
        JsonNode.Parse(
            await Client.GetRawAsync(
                $"{Root(path, ns)}?labelSelector={Uri.EscapeDataString(selector)}",
                CancellationToken.None
            )
        )!["items"]!.AsArray();

    public Task<JsonNode?> SessionAsync(string name, string ns) =>
        GetAsync("hud.dev/v1alpha1/profilingsessions", name, ns);

    /// <summary>The agent pods of the sessions of a namespace.</summary>
    public async Task<IReadOnlyList<JsonNode>> AgentsOfAsync(string ns) =>
        [
            .. (await ListAsync("pods", System, AgentPods))
                .Where(p =>
                    p!["metadata"]!["annotations"]!["hud.dev/session"]!
                        .GetValue<string>()
                        .StartsWith(ns + "/", StringComparison.Ordinal)
                )
                .Select(p => p!),
        ];

    private static string Root(string path, string ns)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0
            ? $"/api/v1/namespaces/{ns}/{path}"
            : $"/apis/{path[..slash]}/namespaces/{ns}/{path[(slash + 1)..]}";
    }
}
