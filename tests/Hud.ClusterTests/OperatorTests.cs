using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>What concerns the node or the operator as a whole.</summary>
[Collection(Alone.Name)]
[Trait("runs", "alone")]
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
    public async Task A_node_whose_kubelet_does_not_answer_is_named_and_the_session_goes_on_when_it_does()
    {
        var kubelet = (await File.ReadAllTextAsync(Path.Combine(cluster.RequireOwn(), "kubelet.pid"))).Trim();
        await using var world = await World.WithSleeperAsync(cluster);
        (await Command.RunAsync("kill", ["-STOP", kubelet])).Ok();
        try
        {
            await world.SessionAsync("s", Good);
            await World.UntilAsync(
                "word on the node",
                60,
                async () =>
                    World.Condition(await world.GetSessionAsync("s"), "AgentsScheduled")?.Reason == "NodeNotReady",
                () => world.DescribeAsync("s")
            );
        }
        finally
        {
            (await Command.RunAsync("kill", ["-CONT", kubelet])).Ok();
        }
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("s")));
        Assert.Contains("NodeNotReady", await world.EventsAsync("s"));
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Agents_of_sessions_that_went_while_no_operator_ran_are_removed()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("deleted", Good.Replace("2s", "10m", StringComparison.Ordinal));
        await world.PhaseAsync("deleted", "Profiling");
        (await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=0")).Ok();
        try
        {
            await cluster.NoOperatorAsync();
            (await world.KubectlAsync("delete", "hps", "deleted", "--timeout=60s")).Ok();
            Assert.Single(await cluster.AgentsOfAsync(world.Name));
        }
        finally
        {
            (await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=1")).Ok();
            await cluster.OperatorReadyAsync();
        }
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task The_administrators_ceilings_hold()
    {
        await using var a = await World.WithSleeperAsync(cluster);
        await using var b = await World.WithSleeperAsync(cluster);
        await using var c = await World.WithSleeperAsync(cluster);
        await using var outside = await World.WithSleeperAsync(cluster);
        await a.PodAsync("q", "/bin/sleep 3600");
        await a.PodsReadyAsync();
        await PolicyAsync(
            "HUD_MAX_DURATION=20s",
            "HUD_MAX_PODS_PER_SESSION=1",
            "HUD_MAX_SESSIONS_PER_NODE=2",
            "HUD_MAX_SESSIONS_PER_NAMESPACE=1",
            $"HUD_ALLOWED_NAMESPACES={a.Name},{b.Name},{c.Name}"
        );
        try
        {
            const string twenty =
                "target: {podSelector: {matchExpressions: [{key: set, operator: Exists}]}, processName: play-good}\nduration: 20s";
            await a.SessionAsync("long", Good.Replace("2s", "21s", StringComparison.Ordinal));
            await outside.SessionAsync("s", Good);
            var tooLong = await a.FinishedAsync("long");
            Assert.Equal("Failed DurationTooLong", World.Outcome(tooLong));
            Assert.Equal(
                "duration may be at most 20s here, as set by the administrator; shorten it",
                World.Condition(tooLong, "Accepted")?.Message
            );
            Assert.Equal("NotPermitted", World.Condition(tooLong, "Stalled")?.Reason);
            var foreign = await outside.FinishedAsync("s");
            Assert.Equal("Failed NamespaceNotAllowed", World.Outcome(foreign));
            Assert.Contains(
                outside.Name,
                World.Condition(foreign, "Accepted")!.Value.Message,
                StringComparison.Ordinal
            );

            await a.SessionAsync("first", twenty);
            await a.PhaseAsync("first", "Profiling");
            await a.SessionAsync("second", Good);
            await b.SessionAsync("first", twenty);
            await b.PhaseAsync("first", "Profiling");
            await c.SessionAsync("first", Good);
            await WaitsAsync(a, "second", "1 sessions of this namespace are in progress");
            await WaitsAsync(c, "first", "2 sessions are in progress on ");

            var first = await a.FinishedAsync("first");
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(first));
            Assert.Equal(
                (2, 1),
                (
                    first["status"]!["targetCounts"]!["matched"]!.GetValue<int>(),
                    first["status"]!["targetCounts"]!["selected"]!.GetValue<int>()
                )
            );
            // each its turn
            foreach (var (world, name) in new[] { (a, "second"), (b, "first"), (c, "first") })
                Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync(name)));
        }
        finally
        {
            // as the harness installed it
            await PolicyAsync(
                "HUD_MAX_DURATION=30m",
                "HUD_MAX_PODS_PER_SESSION=20",
                "HUD_MAX_SESSIONS_PER_NODE=60",
                "HUD_MAX_SESSIONS_PER_NAMESPACE=20",
                "HUD_ALLOWED_NAMESPACES="
            );
        }
    }

    private async Task PolicyAsync(params string[] values)
    {
        (await cluster.KubectlAsync(["-n", Cluster.System, "set", "env", "deployment/hud-operator", .. values])).Ok();
        await cluster.OperatorReadyAsync();
    }

    private static async Task WaitsAsync(World world, string session, string why)
    {
        await World.UntilAsync(
            $"session {session} to wait",
            60,
            async () =>
                World.Condition(await world.GetSessionAsync(session), "Accepted") is ("False", "TooManySessions", _),
            () => world.DescribeAsync(session)
        );
        Assert.StartsWith(
            why,
            World.Condition(await world.GetSessionAsync(session), "Accepted")!.Value.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Metrics_health_and_logs_are_there_and_the_memory_is_small()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", Good);
        await world.FinishedAsync("s");
        var pod = (await cluster.ListAsync("pods", Cluster.System, Cluster.OperatorPods)).First(p =>
            p!["metadata"]!["deletionTimestamp"] is null
        )!;
        var name = pod["metadata"]!["name"]!.GetValue<string>();
        var proxy = $"/api/v1/namespaces/{Cluster.System}/pods/{name}:8080/proxy";
        Assert.Equal("ok\n", (await cluster.KubectlAsync("get", "--raw", proxy + "/healthz")).Ok());
        Assert.Equal("ok\n", (await cluster.KubectlAsync("get", "--raw", proxy + "/readyz")).Ok());
        var metrics = (await cluster.KubectlAsync("get", "--raw", proxy + "/metrics")).Ok();
        foreach (
            var metric in (string[])
                [
                    "controller_runtime_reconcile_total",
                    "workqueue_depth",
                    "workqueue_adds_total",
                    "hud_sessions_total",
                    "hud_first_sample_seconds_bucket",
                    "hud_completion_seconds_bucket",
                    "hud_stream_missing_lines_total",
                    "workqueue_longest_running_processor_seconds",
                    "controller_runtime_max_concurrent_reconciles",
                ]
        )
            Assert.Contains(metric, metrics, StringComparison.Ordinal);
        var log = (await cluster.KubectlAsync("-n", Cluster.System, "logs", name, "--tail=20")).Ok();
        Assert.All(
            log.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.NotNull(JsonNode.Parse(line)!["msg"])
        );
        if (cluster.Work is not null)
            Assert.InRange(Node.Pids(pod).Max(Node.PeakKib), 1, 120 << 10);
    }
}
