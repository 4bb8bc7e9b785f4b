using System.Text.Json;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>A user who may write the status of a session, on a real API server: no agent follows from what they write.</summary>
public sealed class ForgeryTests(Cluster cluster)
{
    [Theory]
    [InlineData("p")] // of that name, one's own namespace has a pod too: with another UID
    [InlineData("victim")] // and here none
    public async Task A_pod_of_another_namespace_that_a_status_names_is_not_profiled(string name)
    {
        await using var own = await World.WithSleeperAsync(cluster);
        await using var other = await World.WithSleeperAsync(cluster);
        if (name != "p")
        {
            await other.PodAsync(name, "/bin/sleep 3600");
            await other.PodsReadyAsync();
        }
        var pod = (await cluster.GetAsync("pods", name, other.Name))!;
        // it waits for a pod that never comes, so nothing but the forged status can give it a target
        await own.SessionAsync("s", "target: {podName: never, processName: play-good}\nduration: 2s");
        await own.PhaseAsync("s", "Pending");
        var forged = JsonSerializer.Serialize(
            new
            {
                status = new
                {
                    startTime = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
                    targets = new[]
                    {
                        new
                        {
                            pod = name,
                            podUID = pod["metadata"]!["uid"]!.GetValue<string>(),
                            node = pod["spec"]!["nodeName"]!.GetValue<string>(),
                            container = pod["spec"]!["containers"]![0]!["name"]!.GetValue<string>(),
                            containerID = pod["status"]!["containerStatuses"]![0]!["containerID"]!.GetValue<string>(),
                            state = "Pending",
                        },
                    },
                },
            }
        );
        (await own.KubectlAsync("patch", "hps", "s", "--subresource=status", "--type=merge", "-p", forged)).Ok();

        var session = await own.FinishedAsync("s");
        Assert.Equal("Failed TargetGone", World.Outcome(session));
        Assert.Empty(await cluster.AgentsOfAsync(own.Name));
    }
}
