using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Agents that watch all the time, with the real agent: from a policy to metrics of pods that come and go.</summary>
public sealed class ContinuousTests(Cluster cluster)
{
    private const string Selector = "app.kubernetes.io/component=continuous-agent";

    private static string Deployment(int replicas) =>
        $$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: hog}
            spec:
              replicas: {{{replicas}}}
              selector: {matchLabels: {app: hog}}
              template:
                metadata: {labels: {app: hog}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [{{{World.Words(
                "/cpu_hog --seconds 1800 --block-ms 30 --every-ms 200"
            )}}}], resources: {requests: {cpu: 50m} } }

            """;

    [Fact]
    public async Task A_policy_watches_pods_that_come_and_go_and_takes_its_agent_along()
    {
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(Deployment(1));
        await world.ApplyAsync(
            World.PolicyYaml(
                "always",
                """
                continuous: {}
                lookBack: 1m
                session:
                  target: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: hog}, maxPods: 10}
                  duration: 5s
                  threshold: 10ms
                """
            )
        );
        async Task<JsonNode?> AgentAsync() =>
            (await cluster.ListAsync("pods", Cluster.System, Selector)).FirstOrDefault(p =>
                p!["metadata"]!["annotations"]!["hud.dev/policy"]!.GetValue<string>() == world.Name + "/always"
            );
        async Task<string> DetailsAsync() =>
            (await world.KubectlAsync("get", "hpp,pods,events", "-o", "wide")).All
            + (await world.KubectlAsync("get", "hpp", "always", "-o", "yaml")).All
            + (await AgentAsync())?.ToJsonString()
            + (
                await cluster.KubectlAsync(
                    "-n",
                    Cluster.System,
                    "logs",
                    "-l",
                    Selector,
                    "--all-containers",
                    "--tail=20"
                )
            ).All
            + await world.DescribeAsync("always");

        await World.UntilAsync(
            "the agent to watch",
            240,
            async () => World.Condition(await world.GetPolicyAsync("always"), "Watching")?.Status == "True",
            DetailsAsync
        );
        var agent = (await AgentAsync())!;
        var name = agent["metadata"]!["name"]!.GetValue<string>();
        var uid = agent["metadata"]!["uid"]!.GetValue<string>();
        // metrics of the agent, over the network of pods, from the container beside it
        async Task<HashSet<string>> MeasuredAsync(int up)
        {
            var page = await cluster.KubectlAsync(
                "get",
                "--raw",
                $"/api/v1/namespaces/{Cluster.System}/pods/{name}:9464/proxy/metrics"
            );
            return
            [
                .. page
                    .Output.Split('\n')
                    .Where(l =>
                        l.StartsWith("hud_target_up{", StringComparison.Ordinal)
                        && l.EndsWith("} " + up, StringComparison.Ordinal)
                        && l.Contains($"namespace=\"{world.Name}\"", StringComparison.Ordinal)
                    )
                    .Select(l => l.Split("pod=\"")[1].Split('"')[0]),
            ];
        }
        async Task<HashSet<string>> PodsAsync() =>
            [
                .. (await cluster.ListAsync("pods", world.Name, "app=hog"))
                    .Where(p => p!["metadata"]!["deletionTimestamp"] is null)
                    .Select(p => p!["metadata"]!["name"]!.GetValue<string>()),
            ];
        async Task WatchedAsync(int count) =>
            await World.UntilAsync(
                $"{count} pods to be measured",
                240,
                async () =>
                    await PodsAsync() is var pods
                    && pods.Count == count
                    && (await MeasuredAsync(1)).SetEquals(pods)
                    && (await world.GetPolicyAsync("always"))!["status"]!["continuous"]!["targets"]!.GetValue<int>()
                        == count,
                async () => string.Join(' ', await MeasuredAsync(1)) + await DetailsAsync()
            );
        await WatchedAsync(1);
        var first = await PodsAsync();

        await world.ApplyAsync(Deployment(3));
        await WatchedAsync(3);
        // a pod that is deleted: another takes its place, and its own row ends
        (await world.KubectlAsync("delete", "pod", first.Single(), "--wait=false")).Ok();
        await World.UntilAsync(
            "the end of the deleted pod's row",
            240,
            async () => (await MeasuredAsync(0)).IsSupersetOf(first) || !(await MeasuredAsync(1)).Overlaps(first),
            DetailsAsync
        );
        await WatchedAsync(3);
        // all by one agent, which was told by a file
        agent = (await AgentAsync())!;
        Assert.Equal(uid, agent["metadata"]!["uid"]!.GetValue<string>());
        Assert.All(
            agent["status"]!["containerStatuses"]!.AsArray(),
            c => Assert.Equal(0, c!["restartCount"]!.GetValue<int>())
        );
        Assert.Equal(
            3,
            JsonNode.Parse(agent["metadata"]!["annotations"]!["hud.dev/targets"]!.GetValue<string>())!.AsArray().Count
        );
        Assert.Matches(@"(?s)WATCHED.*\b3\b", (await world.KubectlAsync("get", "hpp", "-o", "wide")).Ok());

        (await world.KubectlAsync("delete", "hpp", "always", "--timeout=60s")).Ok();
        await World.UntilAsync(
            "the agent to go with its policy",
            240,
            async () => await AgentAsync() is null,
            DetailsAsync
        );
    }
}
