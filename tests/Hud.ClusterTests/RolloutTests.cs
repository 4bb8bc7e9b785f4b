using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>A real Deployment whose new version blocks, and goes back again: by the real controllers, pods and agents.</summary>
public sealed class RolloutTests(Cluster cluster)
{
    private const string Policy = "releases";

    private const string ArgoLine =
        "for _, c in ipairs(obj.status.conditions) do if c.type == \"RegressionFound\" and c.status == \"True\" then return {status = \"Degraded\", message = c.message} end end";

    private static string Deployment(int blockMs) =>
        $$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: checkout}
            spec:
              replicas: 2
              selector: {matchLabels: {app: checkout}}
              template:
                metadata: {labels: {app: checkout}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/cpu_hog, --seconds, "1800", --block-ms, "{{{blockMs}}}", --every-ms, "100"], resources: {requests: {cpu: 50m} } }
            """;

    [Fact]
    public async Task A_version_that_blocks_is_found_by_its_rollout_and_the_way_back_is_found_better()
    {
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(Deployment(1));
        await world.ApplyAsync(
            World.PolicyYaml(
                Policy,
                """
                triggers: {rollout: {settle: 2s}}
                session:
                  target: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}}
                  duration: 8s
                  threshold: 10ms
                """
            )
        );
        var first = await AnsweredAsync(world, "Unknown", "NoBaseline");
        var baseline = await SessionAsync(world, first);
        await OnlyPodsOfAsync(world, baseline, first);
        // what the API server keeps says the same to a second look
        Assert.Equal("AwaitingRollouts", World.Condition(first, "Ready")?.Reason);

        await world.ApplyAsync(Deployment(30));
        (await world.KubectlAsync("rollout", "status", "deployment/checkout", "--timeout=180s")).Ok();
        var second = await AnsweredAsync(world, "True", "Regression");
        var session = await SessionAsync(world, second);
        await OnlyPodsOfAsync(world, session, second);
        Assert.Equal(Name(baseline), second["status"]!["rollout"]!["baseline"]!.GetValue<string>());
        var message = World.Condition(second, "RegressionFound")!.Value.Message;
        foreach (var part in (string[])["worse: ", Name(session), Name(baseline), "the worst is new: ", "cpu_hog"])
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("Regression", await world.EventsAsync(Policy));
        (
            await world.KubectlAsync("wait", "hpp/" + Policy, "--for=condition=RegressionFound=True", "--timeout=5s")
        ).Ok();
        Assert.Contains("REGRESSION", (await world.KubectlAsync("get", "hpp")).Ok(), StringComparison.Ordinal);

        // by the line that the documentation gives to Argo CD, and without it
        var argo = Docs.Block("gitops.md", ArgoLine);
        Assert.Equal("Degraded: " + message, await GitOpsTests.HealthAsync(second, argo));
        Assert.StartsWith("Healthy: ", await GitOpsTests.HealthAsync(second), StringComparison.Ordinal);

        (await world.KubectlAsync("rollout", "undo", "deployment/checkout")).Ok();
        var third = await AnsweredAsync(world, "False", "NoRegression");
        Assert.StartsWith(
            "better: ",
            World.Condition(third, "RegressionFound")!.Value.Message,
            StringComparison.Ordinal
        );
        var back = third["status"]!["rollout"]!;
        Assert.Equal(
            (first["status"]!["rollout"]!["revision"]!.GetValue<string>(), Name(session)),
            (back["revision"]!.GetValue<string>(), back["baseline"]!.GetValue<string>())
        );
        Assert.NotEqual(Name(baseline), back["session"]!.GetValue<string>());

        // more pods are no rollout
        (await world.KubectlAsync("scale", "deployment/checkout", "--replicas=3")).Ok();
        (await world.KubectlAsync("rollout", "status", "deployment/checkout", "--timeout=180s")).Ok();
        var generation = (await cluster.GetAsync("apps/v1/deployments", "checkout", world.Name))!["metadata"]![
            "generation"
        ]!.GetValue<long>();
        await World.UntilAsync(
            "a look at the deployment that was scaled",
            120,
            async () =>
                (await world.GetPolicyAsync(Policy))?["status"]?["rollout"]?["workloadGeneration"]?.GetValue<long>()
                == generation,
            () => DetailsAsync(world)
        );
        Assert.Equal(3, (await cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name)).Count);
        Assert.Equal("False", World.Condition(await world.GetPolicyAsync(Policy), "RegressionFound")?.Status);
        await world.NoAgentsAsync();
    }

    private static string Name(JsonNode entity) => entity["metadata"]!["name"]!.GetValue<string>();

    private static async Task<string> DetailsAsync(World world) =>
        (await world.KubectlAsync("get", "hpp,hps,deployments,replicasets,pods,events", "-o", "wide")).All
        + await world.DescribeAsync(Policy);

    private static async Task<JsonNode> AnsweredAsync(World world, string status, string reason)
    {
        JsonNode? policy = null;
        await World.UntilAsync(
            $"RegressionFound to be {status} by {reason}",
            300,
            async () =>
                World.Condition(policy = await world.GetPolicyAsync(Policy), "RegressionFound") is { } found
                && (found.Status, found.Reason) == (status, reason),
            () => DetailsAsync(world)
        );
        return policy!;
    }

    private static async Task<JsonNode> SessionAsync(World world, JsonNode policy)
    {
        var session = (await world.GetSessionAsync(policy["status"]!["rollout"]!["session"]!.GetValue<string>()))!;
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        return session;
    }

    /// <summary>The session looked at all pods of its revision, and at none of another.</summary>
    private async Task OnlyPodsOfAsync(World world, JsonNode session, JsonNode policy)
    {
        var revision = policy["status"]!["rollout"]!["revision"]!.GetValue<string>();
        var pods = (await cluster.ListAsync("pods", world.Name, "pod-template-hash=" + revision)).Select(p => Name(p!));
        Assert.Equal(pods.Order(StringComparer.Ordinal), World.Targets(session).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, World.Targets(session).Count);
    }
}
