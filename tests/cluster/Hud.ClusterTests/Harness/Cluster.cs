using System.Text.Json.Nodes;

namespace Hud.ClusterTests.Harness;

/// <summary>
/// A real Kubernetes with the chart installed, made once for all tests: our own one-node cluster, or the one of <c>HUD_E2E_KUBECONFIG</c>
/// (whose nodes must have the images of <c>tests/cluster/images.sh</c>).
/// </summary>
public sealed class Cluster : IAsyncLifetime
{
    public const string System = "hud-system";
    public const string RealAgent = "localhost/hud-agent:test";
    public const string ScriptedAgent = "localhost/scripted-agent:test";

    private string? _why;
    private string _agent = RealAgent;

    /// <summary>Null on an existing cluster.</summary>
    public string? Work { get; private set; }

    public string Kubeconfig { get; private set; } = "";

    public string Tools { get; private set; } = "";

    public int Minor { get; private set; }

    /// <summary>CEL in custom resources is there from 1.25 on.</summary>
    public bool HasCel => Minor >= 25;

    public async ValueTask InitializeAsync()
    {
        var existing = Environment.GetEnvironmentVariable("HUD_E2E_KUBECONFIG");
        _why = string.IsNullOrEmpty(existing) ? Machine.WhyNoCluster() : null;
        if (_why is not null)
            return;
        Tools = (await Run("tests/cluster/tools.sh", [], 300)).Ok("tools.sh").Trim().Split('\n')[^1];
        if (string.IsNullOrEmpty(existing))
            await StartOwnAsync();
        else
            Kubeconfig = existing;
        Minor = int.Parse(new string([.. Json(await KubectlAsync("version", "-o", "json"))["serverVersion"]!["minor"]!.GetValue<string>().TakeWhile(char.IsAsciiDigit)]));
        await InstallAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Work is not null && Environment.GetEnvironmentVariable("HUD_KEEP") != "1")
            await Run("tests/cluster/down.sh", [Work], 120);
    }

    /// <summary>Skips the test, or fails it where everything is required, when there is no cluster.</summary>
    public void Require()
    {
        if (_why is not null)
            Machine.Missing(_why);
    }

    /// <summary>Makes the operator use an agent image, unless it does already.</summary>
    public async Task UseAgentAsync(string image)
    {
        Require();
        if (_agent == image)
            return;
        (await KubectlAsync("-n", System, "set", "env", "deployment/hud-operator", $"HUD_AGENT_IMAGE={image}")).Ok();
        _agent = image;
        await OperatorReadyAsync();
    }

    public async Task OperatorReadyAsync() =>
        (await KubectlAsync("-n", System, "rollout", "status", "deployment/hud-operator", "--timeout=120s")).Ok("the operator's rollout");

    public Task<CommandResult> KubectlAsync(params string[] arguments) => KubectlWithAsync(input: null, arguments);

    /// <param name="input">What <c>-f -</c> reads.</param>
    public Task<CommandResult> KubectlWithAsync(string? input, params string[] arguments) =>
        Command.RunAsync(Path.Combine(Tools, "kubectl"), ["--kubeconfig", Kubeconfig, .. arguments], input, 240);

    public Task<CommandResult> HelmAsync(params string[] arguments) =>
        Command.RunAsync(Path.Combine(Tools, "helm"), ["--kubeconfig", Kubeconfig, .. arguments], seconds: 240);

    public async Task ApplyAsync(string yaml, string? ns = null) =>
        (await KubectlWithAsync(yaml, [.. ns is null ? Array.Empty<string>() : ["-n", ns], "apply", "-f", "-"])).Ok("kubectl apply");

    /// <summary>An object as JSON; null when it is not there.</summary>
    public async Task<JsonNode?> GetAsync(string kind, string name, string ns)
    {
        var result = await KubectlAsync("-n", ns, "get", kind, name, "-o", "json", "--ignore-not-found");
        return result.Code == 0 && result.Output.Length > 0 ? JsonNode.Parse(result.Output) : null;
    }

    public async Task<JsonArray> ListAsync(string kind, string ns, string selector = "") =>
        Json(await KubectlAsync("-n", ns, "get", kind, "-o", "json", "-l", selector))["items"]!.AsArray();

    public static JsonNode Json(CommandResult result) => JsonNode.Parse(result.Ok("kubectl"))!;

    private async Task StartOwnAsync()
    {
        Work = Path.Combine(Path.GetTempPath(), "hud-cluster-" + Environment.ProcessId);
        // the first run builds Kubernetes
        (await Run("tests/cluster/up.sh", [Work, Environment.ProcessId.ToString()], 1800)).Ok("up.sh");
        Kubeconfig = Path.Combine(Work, "admin.kubeconfig");
        var images = Path.Combine(Work, "images");
        (await Run("tests/cluster/images.sh", [images], 900)).Ok("images.sh");
        (await Run("tests/cluster/load-image.sh", [Work, .. Directory.GetFiles(images, "*.tar")], 300)).Ok("load-image.sh");
    }

    private async Task InstallAsync()
    {
        // a server before 1.25 does not know CEL rules, and kubectl and helm of today refuse what the server does not know
        string[] validate = Minor < 25 ? ["--validate=false"] : [];
        (await KubectlAsync(["apply", .. validate, "-f", "config/crd/hud.dev_profilingsessions.yaml"])).Ok("the CRD");
        (await KubectlAsync("wait", "--for=condition=Established", "--timeout=60s", "crd/profilingsessions.hud.dev")).Ok("the CRD");
        (await HelmAsync(
            "upgrade", "--install", "hud", "charts/hud", "-n", System, "--create-namespace", "--skip-crds",
            "--set", "image.repository=localhost/hud-operator,image.tag=test,agent.image.repository=localhost/hud-agent,agent.image.tag=test")).Ok("helm");
        (await KubectlAsync("label", "namespace", System, "pod-security.kubernetes.io/enforce=privileged", "--overwrite")).Ok();
        await OperatorReadyAsync();
    }

    private static Task<CommandResult> Run(string script, string[] arguments, int seconds) =>
        Command.RunAsync(Path.Combine(Repository.Root, script), arguments, seconds: seconds);
}

internal static class Machine
{
    /// <returns>Null when our own cluster can run here.</returns>
    public static string? WhyNoCluster()
    {
        if (!Environment.IsPrivilegedProcess)
            return "a cluster needs root";
        string[] programs = ["etcd", "containerd", "runc", "iptables", "conntrack", "openssl", "ip", "kubectl", "python3", "npm"];
        var missing = programs.Where(p => !(Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Any(f => File.Exists(Path.Combine(f, p)))).ToList();
        if (missing.Count > 0)
            return $"missing: {string.Join(", ", missing)}; run scripts/install.sh cluster";
        return File.Exists(Path.Combine(Repository.Root, "out", "hud-operator")) ? null : "out/hud-operator is missing; run ./build.sh";
    }

    public static void Missing(string why)
    {
        if (Environment.GetEnvironmentVariable("HUD_REQUIRE_ALL") == "1")
            Assert.Fail(why);
        Assert.Skip(why);
    }
}
