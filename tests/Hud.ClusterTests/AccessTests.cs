using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>What a user with the role edit in one namespace can do through Hud, and what not; what agent pods can do.</summary>
public sealed class AccessTests(Cluster cluster, EditUser alice) : IClassFixture<EditUser>
{
    private const string Quick = "target: {podName: p, processName: play-good}\nduration: 1s";

    private static void Forbidden(CommandResult result)
    {
        Assert.NotEqual(0, result.Code);
        Assert.Contains("forbidden", result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Edit_in_one_namespace_profiles_that_one_and_no_other()
    {
        cluster.Require();
        (await alice.ApplyAsync(alice.Own, World.SessionYaml("s", Quick))).Ok();
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await alice.Own.FinishedAsync("s")));
        Assert.Contains(
            "s",
            (await alice.KubectlAsync("-n", alice.Own.Name, "describe", "hps", "s")).Ok(),
            StringComparison.Ordinal
        );
        Forbidden(await alice.ApplyAsync(alice.Other, World.SessionYaml("s", Quick)));
        Forbidden(await alice.KubectlAsync("-n", alice.Other.Name, "get", "hps"));
        Forbidden(
            await alice.ApplyAsync(
                alice.Own,
                World
                    .SessionYaml("s", Quick)
                    .Replace("{name: s}", $"{{name: s, namespace: {Cluster.System}}}", StringComparison.Ordinal),
                "--namespace",
                Cluster.System
            )
        );
    }

    [Theory]
    [InlineData("get", "pods")]
    [InlineData("logs", "AGENT")]
    [InlineData("exec", "AGENT", "--", "/bin/sh")]
    [InlineData("attach", "AGENT")]
    [InlineData("debug", "AGENT", "--image=evil", "--", "sh")]
    [InlineData("delete", "pod", "AGENT")]
    [InlineData("patch", "pod", "AGENT", "-p", """{"spec":{"activeDeadlineSeconds":1}}""")]
    [InlineData("run", "mine", "--image=evil")]
    [InlineData("get", "secrets")]
    [InlineData("get", "leases")]
    [InlineData("set", "env", "deployment/hud-operator", "HUD_AGENT_IMAGE=evil")]
    [InlineData("create", "token", "hud-operator")]
    public async Task The_operators_namespace_is_out_of_reach(params string[] arguments)
    {
        cluster.Require();
        List<string> words = [.. arguments.Select(a => a == "AGENT" ? alice.AgentPod : a)];
        // options of kubectl itself come before the command that exec is to run
        words.InsertRange(1, ["-n", Cluster.System, "--as=alice"]);
        Forbidden(await cluster.KubectlAsync([.. words]));
    }

    [Theory]
    [InlineData("""{"status":{"phase":"Completed"}}""", "--subresource=status")]
    public async Task Status_is_written_by_the_operator_only(string patch, string option)
    {
        cluster.Require();
        Forbidden(
            await alice.KubectlAsync(
                "-n",
                alice.Own.Name,
                "patch",
                "hps",
                "running",
                "--type=merge",
                "-p",
                patch,
                option
            )
        );
        // and without the subresource the server ignores it
        (await alice.KubectlAsync("-n", alice.Own.Name, "patch", "hps", "running", "--type=merge", "-p", patch)).Ok();
        Assert.Equal("Profiling", World.Phase(await alice.Own.GetSessionAsync("running")));
    }

    [Theory]
    [InlineData("image: evil", "image")]
    [InlineData("command: [sh]", "command")]
    [InlineData("args: [-c, id]", "args")]
    [InlineData("env: [{name: LD_PRELOAD, value: /evil.so}]", "env")]
    [InlineData("nodeName: master", "nodeName")]
    [InlineData("nodeSelector: {role: master}", "nodeSelector")]
    [InlineData("securityContext: {privileged: true}", "securityContext")]
    [InlineData("capabilities: [SYS_ADMIN]", "capabilities")]
    [InlineData("hostPath: /", "hostPath")]
    [InlineData("volumes: [{name: x, hostPath: {path: /}}]", "volumes")]
    [InlineData("serviceAccountName: hud-operator", "serviceAccountName")]
    [InlineData("namespace: kube-system", "namespace")]
    public async Task Nothing_in_a_spec_reaches_the_agents_pod(string line, string field)
    {
        cluster.Require();
        var name = "x-" + field.ToLowerInvariant();
        var refused = await alice.ApplyAsync(alice.Own, World.SessionYaml(name, Quick + "\n" + line));
        Assert.NotEqual(0, refused.Code);
        Assert.Contains(field, refused.Error, StringComparison.Ordinal);
        // past kubectl's own check the server drops the field: it never comes to exist
        (
            await alice.ApplyAsync(
                alice.Own,
                World.SessionYaml(name, Quick + "\nsuspend: true\n" + line),
                "--validate=false"
            )
        ).Ok();
        Assert.Null((await alice.Own.GetSessionAsync(name))!["spec"]![field]);
    }

    [Fact]
    public async Task Names_that_try_to_be_more_than_names_stay_names()
    {
        cluster.Require();
        // processName is the one free text that reaches the agent; it arrives as a value of JSON in one variable
        (
            await alice.ApplyAsync(
                alice.Own,
                World.SessionYaml("text", "target: {podName: p, processName: 'x\"},\"node\":\"evil'}\nduration: 1s")
            )
        ).Ok();
        var session = await alice.Own.FinishedAsync("text");
        Assert.Equal("Failed ProcessAmbiguous", World.Outcome(session));
        Assert.Contains("evil", World.Condition(session, "Failed")!.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_pod_has_no_token_no_host_path_no_host_network_and_few_capabilities()
    {
        cluster.Require();
        var spec = (await cluster.GetAsync("pods", alice.AgentPod, Cluster.System))!["spec"]!;
        Assert.Null(spec["volumes"]);
        Assert.Null(spec["hostNetwork"]);
        Assert.Null(spec["hostIPC"]);
        Assert.False(spec["automountServiceAccountToken"]!.GetValue<bool>());
        var container = spec["containers"]!.AsArray().Single()!;
        Assert.Null(container["volumeMounts"]);
        Assert.Null(container["ports"]);
        Assert.Equal(Cluster.Agent, container["image"]!.GetValue<string>());
        Assert.Equal("HUD_AGENT_TASK", container["env"]!.AsArray().Single()!["name"]!.GetValue<string>());
        var security = container["securityContext"]!;
        Assert.Null(security["privileged"]);
        Assert.Equal(["ALL"], Texts(security["capabilities"]!["drop"]));
        Assert.Equal(
            ["BPF", "PERFMON", "SYS_PTRACE", "DAC_READ_SEARCH", "CHECKPOINT_RESTORE"],
            Texts(security["capabilities"]!["add"])
        );
        Assert.True(security["readOnlyRootFilesystem"]!.GetValue<bool>());
        Assert.False(security["allowPrivilegeEscalation"]!.GetValue<bool>());
        var policy = (await cluster.GetAsync("networking.k8s.io/v1/networkpolicies", "hud-agent", Cluster.System))![
            "spec"
        ]!;
        Assert.Equal(["Ingress", "Egress"], Texts(policy["policyTypes"]));
        Assert.Null(policy["egress"]);
        Assert.Null(policy["ingress"]);
        Assert.Equal(
            "agent",
            policy["podSelector"]!["matchLabels"]!["app.kubernetes.io/component"]!.GetValue<string>()
        );
    }

    [Fact]
    public async Task An_agents_processes_hold_no_more_than_their_pod_says()
    {
        cluster.RequireOwn();
        var pid = Node.Pids((await cluster.GetAsync("pods", alice.AgentPod, Cluster.System))!).Min();
        var status = (await File.ReadAllLinesAsync($"/proc/{pid}/status"))
            .Select(l => l.Split('\t'))
            .Where(w => w.Length == 2)
            .ToDictionary(w => w[0], w => w[1], StringComparer.Ordinal);
        // bits of linux/capability.h: DAC_READ_SEARCH 2, SYS_PTRACE 19, PERFMON 38, BPF 39, CHECKPOINT_RESTORE 40
        const ulong allowed = 1UL << 2 | 1UL << 19 | 1UL << 38 | 1UL << 39 | 1UL << 40;
        foreach (var set in (string[])["CapEff:", "CapPrm:", "CapBnd:"])
            Assert.Equal(0UL, Convert.ToUInt64(status[set], 16) & ~allowed);
        Assert.Equal("1", status["NoNewPrivs:"]);
        Assert.Equal("2", status["Seccomp:"]);
        Assert.False(File.Exists($"/proc/{pid}/root/var/run/secrets/kubernetes.io/serviceaccount/token"));
    }

    [Fact]
    public async Task The_agent_of_a_pod_gives_up_its_network_whatever_the_cluster_enforces()
    {
        cluster.RequireOwn();
        await using var world = await World.CreateAsync(cluster);
        await world.PodAsync("busy", "/cpu_hog --seconds 900");
        await world.PodsReadyAsync();
        await world.SessionAsync("s", "target: {podName: busy}\nduration: 10m\nthreshold: 10ms");
        await world.PhaseAsync("s", "Profiling");
        var agent = (await cluster.AgentsOfAsync(world.Name)).Single();
        static List<string> Threads(int pid) => [.. Directory.GetDirectories($"/proc/{pid}/task")];
        static bool IsHelper(int pid) =>
            File.ReadAllText($"/proc/{pid}/cmdline").Contains("--symbolizer", StringComparison.Ordinal);
        // the runtime's filter, and its own over it
        var own = Node.Pids(agent).Where(p => !IsHelper(p)).SelectMany(Threads).ToList();
        Assert.InRange(own.Count, 2, 200);
        Assert.All(own, t => Assert.Equal("2", Node.StatusField(t, "Seccomp_filters")));
        // the helper for names, when there is something to name: one more, and no capability
        var helper = 0;
        await World.UntilAsync(
            "the helper is locked in",
            60,
            () =>
                Task.FromResult(
                    (helper = Node.Pids(agent).FirstOrDefault(IsHelper)) != 0
                        && Node.StatusField($"/proc/{helper}", "Seccomp_filters") == "3"
                )
        );
        Assert.All(
            Threads(helper),
            t =>
                Assert.Equal(
                    ("3", "0000000000000000", "0000000000000000"),
                    (
                        Node.StatusField(t, "Seccomp_filters"),
                        Node.StatusField(t, "CapPrm"),
                        Node.StatusField(t, "CapEff")
                    )
                )
        );
        // the same program in the same pod tries a socket
        var doctor = (
            await cluster.KubectlAsync(
                "-n",
                Cluster.System,
                "exec",
                agent["metadata"]!["name"]!.GetValue<string>(),
                "--",
                "/hud-agent",
                "doctor"
            )
        ).Ok();
        var check = JsonNode.Parse(doctor)!["checks"]!
            .AsArray()
            .Single(c => c!["name"]!.GetValue<string>() == "confinement")!;
        Assert.True(check["ok"]!.GetValue<bool>(), check.ToJsonString());
        (await world.KubectlAsync("patch", "hps", "s", "--type=merge", "-p", """{"spec":{"suspend":true}}""")).Ok();
        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.Contains("burn", session["status"]!["hotspots"]![0]!.ToJsonString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(n => n!.GetValue<string>());
}
