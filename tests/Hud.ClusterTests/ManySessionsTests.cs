using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

public sealed class ManySessionsTests(Cluster cluster)
{
    /// <summary>20 is what the chart allows one namespace at a time, so of 22 two wait their turn.</summary>
    [Fact]
    public async Task Twenty_sessions_at_once_all_complete_and_more_wait_their_turn()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.ApplyAsync(
            string.Join(
                "---\n",
                Enumerable
                    .Range(0, 22)
                    .Select(i =>
                        World.SessionYaml(
                            $"s{i}",
                            $"target: {{podName: p, processName: play-good}}\nduration: {(i < 20 ? 15 : 1)}s"
                        )
                    )
            )
        );
        for (var i = 0; i < 22; i++)
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync($"s{i}", 300)));
        // 20 were in progress at one moment: the last of their starts is before the first of their ends
        var sessions = (await cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name))
            .OrderBy(s => World.Time(s!, "startTime"))
            .ToList();
        Assert.True(
            World.Time(sessions[19]!, "startTime") <= sessions.Take(20).Min(s => World.Time(s!, "completionTime")),
            "twenty were never in progress at once"
        );
        Assert.All(
            sessions.Skip(20),
            s =>
                Assert.True(
                    World.Time(s!, "startTime") >= sessions.Take(20).Min(f => World.Time(f!, "completionTime")),
                    "more than twenty were in progress"
                )
        );
        await world.NoAgentsAsync();
    }

    /// <summary>
    /// One request deletes them all, or as many as the server gets done in its time; how it is written is in the documentation.
    /// Of the operator nothing is asked for it, and it is not held up by it. HUD_SCALE is how many (200: making a thousand takes
    /// minutes, and deleting them is what is tested).
    /// </summary>
    [Fact]
    public async Task Finished_sessions_are_deleted_without_a_request_for_each()
    {
        int many = int.Parse(
            Environment.GetEnvironmentVariable("HUD_SCALE") ?? "200",
            System.Globalization.CultureInfo.InvariantCulture
        );
        await using var world = await World.WithSleeperAsync(cluster);
        foreach (var part in Enumerable.Range(0, many).Chunk(250))
            await world.ApplyAsync(
                string.Join(
                    "---\n",
                    part.Select(i => World.SessionYaml($"s{i}", "target: {podName: p, containerName: there-is-none}"))
                )
            );
        foreach (var i in (int[])[0, many / 2, many - 1])
            // most of them are beyond what may wait in one namespace
            Assert.Contains(
                World.Outcome(await world.FinishedAsync($"s{i}", 300)),
                (string[])["Failed ContainerAmbiguous", "Failed TooManyWaiting"]
            );
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var requests = 0;
        CommandResult deleted;
        do
        {
            // the server gives up a request after its 34 s, which a slow disk may need for fewer than a thousand; the next one goes on from there
            deleted = await cluster.KubectlAsync(
                "delete",
                "--raw",
                $"/apis/hud.dev/v1alpha1/namespaces/{world.Name}/profilingsessions"
            );
        } while (++requests < 4 && deleted.Code != 0 && deleted.Error.Contains("(Timeout)"));
        deleted.Ok();
        await World.UntilAsync(
            "no session",
            120,
            async () => (await cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name)).Count == 0
        );
        var took = watch.Elapsed;
        TestContext.Current.SendDiagnosticMessage(
            $"{many} sessions deleted by {requests} requests in {took.TotalSeconds:0.0} s"
        );
        await world.SessionAsync("next", "target: {podName: p, processName: play-good}\nduration: 1s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("next", 60)));
    }
}
