using System.Text.Json.Nodes;
using Hud.Kubernetes;

namespace Hud.ClusterTests.Harness;

/// <summary>Up, with everything installed, and down again.</summary>
public sealed partial class Cluster
{
    public async ValueTask InitializeAsync()
    {
        var existing = Environment.GetEnvironmentVariable("HUD_E2E_KUBECONFIG");
        if (string.IsNullOrEmpty(existing) && await Run("tests/cluster/check.sh", [], 60) is { Code: not 0 } check)
        {
            _why = check.All.Trim();
            return;
        }
        Tools = (await Run("tests/cluster/tools.sh", [], 300)).Ok("tools.sh").Trim().Split('\n')[^1];
        if (string.IsNullOrEmpty(existing))
            await StartOwnAsync();
        else
            Kubeconfig = existing;
        _client = new KubernetesClient(
            Hud.Kubernetes.Kubeconfig.Load(Kubeconfig),
            new KubernetesClientOptions { UserAgent = "hud-tests" }
        );
        var minor = JsonNode.Parse(await Client.GetRawAsync("/version", CancellationToken.None))![
            "minor"
        ]!.GetValue<string>();
        Minor = int.Parse(new string([.. minor.TakeWhile(char.IsAsciiDigit)]));
        if (Work is not null && Minor < 22)
            _lostPods = LostPods.WatchAsync(this, _over.Token);
        await InstallAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _lostPods;
        _over.Dispose();
        _client?.Dispose();
        Otlp?.Dispose();
        if (Work is not null && Kept.Length == 0)
            await Run("tests/cluster/down.sh", [Work], 120);
        _kubectls.Dispose();
    }

    /// <summary>A kubelet of 1.20 that finds the container gone before it ended it tries again after a minute or two.</summary>
    private const int PodGoneSeconds = 180;

    public Task NoOperatorAsync() =>
        World.UntilAsync(
            "no operator",
            PodGoneSeconds,
            async () => (await ListAsync("pods", System, OperatorPods)).Count == 0
        );

    /// <summary>The rollout is over and the operator of before is gone: until its process has ended, it may still lead, and
    /// answers a session with the settings of before.</summary>
    public async Task OperatorReadyAsync()
    {
        (await KubectlAsync("-n", System, "rollout", "status", "deployment/hud-operator", "--timeout=120s")).Ok(
            "the operator's rollout"
        );
        await World.UntilAsync(
            "end of the operator of before",
            PodGoneSeconds,
            async () =>
                (await ListAsync("pods", System, OperatorPods)).All(p => p?["metadata"]?["deletionTimestamp"] is null)
        );
    }

    /// <summary>Folder of an own cluster that goes on running after the tests, and serves the next ones.</summary>
    private static string Kept => Environment.GetEnvironmentVariable("HUD_CLUSTER") ?? "";

    private async Task StartOwnAsync()
    {
        Work = Kept.Length > 0 ? Kept : Path.Combine(Path.GetTempPath(), "hud-cluster-" + Environment.ProcessId);
        var images = Path.Combine(Path.GetTempPath(), "hud-images-" + Environment.ProcessId);
        Dockerfile = await Run("tests/cluster/dockerfile.sh", [Dockerfiles], 1800);
        string[] from = Dockerfile.Code == 0 ? ["--from", Dockerfiles] : [];
        try
        {
            // the first run builds Kubernetes
            string[] owner = Kept.Length > 0 ? [] : [Environment.ProcessId.ToString()];
            var up = File.Exists(Path.Combine(Work, "kubelet.pid"))
                ? Task.FromResult(new CommandResult(0, "", ""))
                : Run("tests/cluster/up.sh", [Work, .. owner], 2400);
            (await Run("tests/cluster/images.sh", [images, .. from], 900)).Ok("images.sh");
            (await up).Ok("up.sh");
            (await Run("tests/cluster/load-image.sh", [Work, .. Directory.GetFiles(images, "*.tar")], 300)).Ok(
                "load-image.sh"
            );
        }
        finally
        {
            if (Directory.Exists(images))
                Directory.Delete(images, recursive: true);
        }
        Kubeconfig = Path.Combine(Work, "admin.kubeconfig");
    }

    /// <summary>As often as wanted: a test may have taken it all away.</summary>
    public async Task InstallAsync()
    {
        // both ways that the documentation names, one over the other: a test shows that they install the same
        var overlay = Directory.CreateTempSubdirectory("hud-overlay-").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(overlay, "kustomization.yaml"),
            $$"""
            resources: [{{Path.GetRelativePath(overlay, Path.Combine(Repository.Root, "config/default"))}}]
            images: [{name: registry.invalid/hud-operator, newName: localhost/hud-operator, newTag: test}]
            """
        );
        // a server before 1.25 does not know CEL rules, and kubectl and helm of today refuse what the server does not know
        string[] validate = HasCel ? [] : ["--validate=false"];
        (await KubectlAsync(["apply", .. validate, "-k", overlay])).Ok("kubectl apply -k");
        Directory.Delete(overlay, recursive: true);
        (
            await KubectlAsync(
                "wait",
                "--for=condition=Established",
                "--timeout=60s",
                "crd/profilingsessions.hud.dev",
                "crd/profilingpolicies.hud.dev"
            )
        ).Ok("the CRDs");
        await OperatorReadyAsync();
        // more sessions at once on the one node than a real one should have
        (
            await HelmAsync([
                "upgrade",
                "--install",
                "hud",
                "charts/hud",
                "-n",
                System,
                "--skip-crds",
                "--take-ownership",
                "--force-conflicts",
                "--set",
                "image.repository=localhost/hud-operator,image.tag=test,policy.maxSessionsPerNode=60",
                "--set",
                $"agent.image.repository={Agent.Split(':')[0]},agent.image.tag={Agent.Split(':')[1]}",
                .. Telemetry(),
            ])
        ).Ok("helm");
        await OperatorReadyAsync();
    }

    /// <summary>Pods reach this machine at the address of the bridge they hang on.</summary>
    private string[] Telemetry()
    {
        if (Work is null)
            return [];
        var slot = int.Parse(File.ReadAllText(Path.Combine(Work, "slot")));
        Otlp ??= new OtlpListener($"http://10.244.{slot}.1:{21019 + (slot * 20)}");
        return
        [
            "--set",
            $"otel.endpoint={Otlp.Address}",
            "--set",
            "operator.extraEnv[0].name=OTEL_EXPORTER_OTLP_PROTOCOL,operator.extraEnv[0].value=http/protobuf",
            "--set-string",
            "operator.extraEnv[1].name=OTEL_METRIC_EXPORT_INTERVAL,operator.extraEnv[1].value=5000",
        ];
    }

    private static Task<CommandResult> Run(string script, string[] arguments, int seconds) =>
        Command.RunAsync(Path.Combine(Repository.Root, script), arguments, seconds: seconds);
}
