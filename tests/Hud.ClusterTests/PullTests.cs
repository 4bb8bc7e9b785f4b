using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Agents whose image the node cannot have.</summary>
[Collection(Alone.Name)]
[Trait("runs", "recovery")]
public sealed class PullTests(Cluster cluster)
{
    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_named_and_ends_at_the_deadline()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        (
            await cluster.KubectlAsync(
                "-n",
                Cluster.System,
                "set",
                "env",
                "deployment/hud-operator",
                "HUD_AGENT_IMAGE=localhost/there-is-no-such-image:1"
            )
        ).Ok();
        try
        {
            await cluster.OperatorReadyAsync();
            await world.SessionAsync(
                "s",
                "target: {podName: p, processName: play-good}\nduration: 2s\nstartDeadline: 12s"
            );
            var session = await world.FinishedAsync("s");
            Assert.Equal("Failed ImagePull", World.Outcome(session));
            Assert.Equal("ImagePull", World.Condition(session, "AgentsScheduled")?.Reason);
            Assert.Equal("DeadlineExceeded", World.Condition(session, "Stalled")?.Reason);
            Assert.Contains(
                "localhost/there-is-no-such-image:1",
                World.Condition(session, "Failed")!.Value.Message,
                StringComparison.Ordinal
            );
            await world.NoAgentsAsync();
        }
        finally
        {
            (
                await cluster.KubectlAsync(
                    "-n",
                    Cluster.System,
                    "set",
                    "env",
                    "deployment/hud-operator",
                    $"HUD_AGENT_IMAGE={Cluster.Agent}"
                )
            ).Ok();
            await cluster.OperatorReadyAsync();
        }
    }
}
