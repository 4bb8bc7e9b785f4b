using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>A minute is the shortest time that results can have, so this waits beside all others.</summary>
public sealed class ExpiryTests(Cluster cluster)
{
    [Fact]
    public async Task Results_with_a_ttl_go_and_the_session_stays()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", "target: {podName: p, processName: play-good}\nduration: 1s\nresultsTTL: 1m");
        var session = await world.FinishedAsync("s");
        Assert.NotEmpty(session["status"]!["results"]!.AsArray());
        await World.UntilAsync(
            "the end of the results",
            180,
            async () => World.Condition(await world.GetSessionAsync("s"), "ResultsComplete")?.Reason == "Expired"
        );
        await World.UntilAsync(
            "the end of the ConfigMap",
            60,
            async () => await cluster.GetAsync("configmaps", "s-report", world.Name) is null
        );
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome((await world.GetSessionAsync("s"))!));
    }
}
