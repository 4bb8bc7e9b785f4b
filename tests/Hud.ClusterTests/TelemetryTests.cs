using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

public sealed class TelemetryTests(Cluster cluster)
{
    [Fact]
    public async Task Traces_and_metrics_arrive_at_the_collector_that_the_chart_names()
    {
        cluster.RequireOwn();
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("traced", "target: {podName: p, processName: play-good}\nduration: 1s");
        await world.FinishedAsync("traced");
        // the session's own name is an attribute of the spans of its reconciles
        await World.UntilAsync(
            "its trace",
            60,
            () =>
                Task.FromResult(
                    cluster.Otlp!.Has("/v1/traces", $"{world.Name}/traced")
                        && cluster.Otlp.Has("/v1/traces", "reconcile")
                )
        );
        foreach (
            var metric in (string[])
                ["hud_sessions_total", "hud_first_sample_seconds", "controller_runtime_reconcile_total", "hud-operator"]
        )
            await World.UntilAsync(metric, 60, () => Task.FromResult(cluster.Otlp!.Has("/v1/metrics", metric)));
    }
}
