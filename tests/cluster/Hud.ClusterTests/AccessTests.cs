using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>What a user with the built-in role edit in one namespace can do through Hud, and what not; what agent pods can do.</summary>
public sealed class AccessTests(Cluster cluster)
{
    private const string User = "--as=alice";

    private async Task<(World Own, World Other)> WorldsAsync()
    {
        var own = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        var other = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        (await own.KubectlAsync("create", "rolebinding", "alice", "--clusterrole=edit", "--user=alice")).Ok();
        // the controller manager aggregates roles in its own time
        await World.UntilAsync("the aggregated role", 60, async () => (await own.KubectlAsync("auth", "can-i", "create", "profilingsessions.hud.dev", User)).Output.Trim() == "yes");
        return (own, other);
    }

    private static string Session(string ns, string more = "") =>
        $"apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nmetadata: {{name: s, namespace: {ns}}}\nspec:\n  target: {{podName: p}}\n  duration: 2s\n{more}";

    [Fact]
    public async Task Edit_in_one_namespace_profiles_that_one_and_no_other()
    {
        var (own, other) = await WorldsAsync();
        await using (own)
        await using (other)
        {
            await own.PodAsync("p", "/bin/sleep 3600");
            await own.PodsReadyAsync();
            (await cluster.KubectlWithAsync(Session(own.Name), "apply", "-f", "-", User)).Ok();
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await own.FinishedAsync("s")));
            var refused = await cluster.KubectlWithAsync(Session(other.Name), "apply", "-f", "-", User);
            Assert.NotEqual(0, refused.Code);
            Assert.Contains("forbidden", refused.Error, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("get", "pods")]
    [InlineData("get", "pods/log")]
    [InlineData("create", "pods")]
    [InlineData("create", "pods/exec")]
    [InlineData("get", "secrets")]
    [InlineData("get", "leases")]
    public async Task Agent_pods_are_out_of_reach(string verb, string resource)
    {
        var (own, other) = await WorldsAsync();
        await using (own)
        await using (other)
            Assert.Equal("no", (await cluster.KubectlAsync("-n", Cluster.System, "auth", "can-i", verb, resource, User)).Output.Trim());
    }

    [Fact]
    public async Task Status_is_written_by_the_operator_only()
    {
        var (own, other) = await WorldsAsync();
        await using (own)
        await using (other)
        {
            Assert.Equal("no", (await own.KubectlAsync("auth", "can-i", "update", "profilingsessions.hud.dev", "--subresource=status", User)).Output.Trim());
            Assert.Equal("no", (await own.KubectlAsync("auth", "can-i", "patch", "profilingsessions.hud.dev", "--subresource=status", User)).Output.Trim());
        }
    }

    [Theory]
    [InlineData("  image: evil", "image")]
    [InlineData("  command: [sh]", "command")]
    [InlineData("  nodeName: master", "nodeName")]
    [InlineData("  securityContext: {privileged: true}", "securityContext")]
    [InlineData("  capabilities: [SYS_ADMIN]", "capabilities")]
    [InlineData("  hostPath: /", "hostPath")]
    [InlineData("  namespace: kube-system", "namespace")]
    public async Task Nothing_in_a_spec_reaches_the_agents_pod(string line, string field)
    {
        var (own, other) = await WorldsAsync();
        await using (own)
        await using (other)
        {
            var refused = await cluster.KubectlWithAsync(Session(own.Name, line), "apply", "-f", "-", User);
            Assert.NotEqual(0, refused.Code);
            Assert.Contains(field, refused.Error, StringComparison.Ordinal);
            // past kubectl's own check the server drops the field: it never comes to exist
            (await cluster.KubectlWithAsync(Session(own.Name, line + "\n  suspend: true"), "apply", "--validate=false", "-f", "-", User)).Ok();
            Assert.Null((await cluster.GetAsync("hps", "s", own.Name))!["spec"]![field]);
        }
    }

    [Fact]
    public async Task An_agent_pod_has_no_token_no_host_path_no_host_network_and_few_capabilities()
    {
        await using var world = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        await world.PodAsync("p", "/bin/sleep 3600");
        await world.PodsReadyAsync();
        await world.SessionAsync("s", "target: {podName: p}\nduration: 10m");
        await world.PhaseAsync("s", "Profiling");
        var pod = (await cluster.ListAsync("pods", Cluster.System, "app.kubernetes.io/component=agent")).Single()!;
        var spec = pod["spec"]!;
        Assert.Null(spec["volumes"]);
        Assert.Null(spec["hostNetwork"]);
        Assert.False(spec["automountServiceAccountToken"]!.GetValue<bool>());
        var container = spec["containers"]!.AsArray().Single()!;
        Assert.Null(container["volumeMounts"]);
        var security = container["securityContext"]!;
        Assert.Equal(["ALL"], Texts(security["capabilities"]!["drop"]));
        Assert.Equal(["BPF", "PERFMON", "SYS_PTRACE", "DAC_READ_SEARCH", "CHECKPOINT_RESTORE"], Texts(security["capabilities"]!["add"]));
        Assert.True(security["readOnlyRootFilesystem"]!.GetValue<bool>());
        var policy = (await cluster.GetAsync("networkpolicy", "hud-agent", Cluster.System))!["spec"]!;
        Assert.Equal(["Ingress", "Egress"], Texts(policy["policyTypes"]));
        Assert.Null(policy["egress"]);
        Assert.Null(policy["ingress"]);
        Assert.Equal("agent", policy["podSelector"]!["matchLabels"]!["app.kubernetes.io/component"]!.GetValue<string>());
    }

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(n => n!.GetValue<string>());
}
