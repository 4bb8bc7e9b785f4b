using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>What concerns the node or the operator as a whole.</summary>
[Collection(Alone.Name)]
public sealed class OperatorTests(Cluster cluster)
{
    private const string Good = "target: {podName: p, processName: play-good}\nduration: 2s";

    [Fact]
    public async Task A_tainted_node_is_profiled_all_the_same()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        var node = (await cluster.GetAsync("pods", "p", world.Name))!["spec"]!["nodeName"]!.GetValue<string>();
        (await cluster.KubectlAsync("taint", "node", node, "hud-test=yes:NoSchedule", "--overwrite")).Ok();
        try
        {
            await world.SessionAsync("s", Good);
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("s")));
        }
        finally
        {
            (await cluster.KubectlAsync("taint", "node", node, "hud-test-")).Ok();
        }
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_named_and_ends_at_the_deadline()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        (await cluster.KubectlAsync("-n", Cluster.System, "set", "env", "deployment/hud-operator", "HUD_AGENT_IMAGE=localhost/there-is-no-such-image:1")).Ok();
        try
        {
            await cluster.OperatorReadyAsync();
            await world.SessionAsync("s", Good + "\nstartDeadline: 12s");
            var session = await world.FinishedAsync("s");
            Assert.Equal("Failed ImagePull", World.Outcome(session));
            Assert.Equal("ImagePull", World.Condition(session, "AgentsScheduled")?.Reason);
            Assert.Equal("DeadlineExceeded", World.Condition(session, "Stalled")?.Reason);
            Assert.Contains("localhost/there-is-no-such-image:1", World.Condition(session, "Failed")!.Value.Message, StringComparison.Ordinal);
            await world.NoAgentsAsync();
        }
        finally
        {
            (await cluster.KubectlAsync("-n", Cluster.System, "set", "env", "deployment/hud-operator", $"HUD_AGENT_IMAGE={Cluster.Agent}")).Ok();
            await cluster.OperatorReadyAsync();
        }
    }

    [Fact]
    public async Task Metrics_health_and_logs_are_there_and_the_memory_is_small()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", Good);
        await world.FinishedAsync("s");
        var pod = (await cluster.ListAsync("pods", Cluster.System, Cluster.OperatorPods)).First(p => p!["metadata"]!["deletionTimestamp"] is null)!;
        var name = pod["metadata"]!["name"]!.GetValue<string>();
        var proxy = $"/api/v1/namespaces/{Cluster.System}/pods/{name}:8080/proxy";
        Assert.Equal("ok\n", (await cluster.KubectlAsync("get", "--raw", proxy + "/healthz")).Ok());
        Assert.Equal("ok\n", (await cluster.KubectlAsync("get", "--raw", proxy + "/readyz")).Ok());
        var metrics = (await cluster.KubectlAsync("get", "--raw", proxy + "/metrics")).Ok();
        foreach (var metric in (string[])["controller_runtime_reconcile_total", "workqueue_depth", "workqueue_adds_total", "hud_sessions_total", "hud_first_sample_seconds_bucket", "hud_completion_seconds_bucket", "hud_stream_missing_lines_total", "workqueue_longest_running_processor_seconds", "controller_runtime_max_concurrent_reconciles"])
            Assert.Contains(metric, metrics, StringComparison.Ordinal);
        var log = (await cluster.KubectlAsync("-n", Cluster.System, "logs", name, "--tail=20")).Ok();
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.NotNull(JsonNode.Parse(line)!["msg"]));
        if (cluster.Work is not null)
            Assert.InRange(Node.Pids(pod).Max(Node.PeakKib), 1, 120 << 10);
    }
}
