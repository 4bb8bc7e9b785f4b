using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Parts of the cluster that crash under a session in mid-run, and come back.</summary>
[Collection(Alone.Name)]
[Trait("runs", "recovery")]
public sealed class RestartTests(Cluster cluster)
{
    /// <summary>The run ends while the part is away, or soon after it is back.</summary>
    [Theory]
    [InlineData("kubelet", 0)]
    [InlineData("kubelet", 15)]
    [InlineData("containerd", 0)]
    [InlineData("etcd", 3)]
    public async Task A_part_of_the_cluster_that_crashes_in_mid_run_costs_nothing(string part, int away)
    {
        var work = cluster.RequireOwn();
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", "target: {podName: p, processName: play-good}\nduration: 10s");
        await world.PhaseAsync("s", "Profiling");
        (
            await Command.RunAsync(
                "bash",
                [Path.Combine(Repository.Root, "tests/cluster/restart.sh"), work, part, $"{away}"],
                seconds: 60
            )
        ).Ok("restart.sh");
        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.Equal("True", World.Condition(session, "ResultsComplete")?.Status);
        await world.NoAgentsAsync();
        // and the next one as well
        await world.SessionAsync("next", "target: {podName: p, processName: play-good}\nduration: 1s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("next")));
    }
}
