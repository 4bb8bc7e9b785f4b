using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Targets that go away while the real agent measures them, and what the kernel holds after an agent.</summary>
public sealed class MidRunTests(Cluster cluster)
{
    [Fact]
    public async Task Pods_that_are_deleted_restart_or_run_out_of_memory_in_mid_run_are_distinguished_from_the_one_that_stays()
    {
        cluster.RequireOwn();
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.PodYaml("stays", "/cpu_hog --seconds 900"),
                World.PodYaml("deleted", "/cpu_hog --seconds 900"),
                World.PodYaml("restarts", "/cpu_hog --seconds 900"),
                World.SmallPodYaml("eats", "/cpu_hog --seconds 900")
            )
        );
        await world.PodsReadyAsync();
        await world.SessionAsync(
            "s",
            "target: {podSelector: {matchLabels: {set: all}}}\nduration: 20s\nthreshold: 10ms"
        );
        await world.PhaseAsync("s", "Profiling");
        await World.UntilAsync(
            "all targets running",
            60,
            async () => World.Targets((await world.GetSessionAsync("s"))!).Values.All(t => t == "Running"),
            () => world.DescribeAsync("s")
        );
        (await world.KubectlAsync("delete", "pod", "deleted", "--grace-period=0", "--force")).Ok();
        Node.Kill(Node.Pids((await cluster.GetAsync("pods", "restarts", world.Name))!));
        // a file in memory counts as the container's; the kernel then ends what runs in it
        await world.KubectlAsync("exec", "eats", "--", "/bin/dd", "if=/dev/zero", "of=/mem/file", "bs=1M", "count=200");

        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete PartialTargets", World.Outcome(session));
        var targets = World.Targets(session);
        Assert.Equal("Succeeded", targets["stays"]);
        foreach (var gone in (string[])["deleted", "restarts", "eats"])
            Assert.Equal("Failed TargetGone", targets[gone]);
        Assert.Contains("1 of 4", World.Condition(session, "Complete")!.Value.Message, StringComparison.Ordinal);
        Assert.Contains("burn", session["status"]!["hotspots"]![0]!.ToJsonString(), StringComparison.Ordinal);
        await world.NoAgentsAsync();
    }

    [Theory]
    [InlineData("ends")]
    [InlineData("deleted")]
    [InlineData("suspended")]
    [InlineData("killed")]
    public async Task No_bpf_link_outlives_an_agent(string how)
    {
        cluster.RequireOwn();
        await using var world = await World.CreateAsync(cluster);
        await world.PodAsync("p", "/cpu_hog --seconds 900");
        await world.PodsReadyAsync();
        // long enough for a slow machine to look while it profiles
        await world.SessionAsync(
            "s",
            $"target: {{podName: p}}\nduration: {(how == "ends" ? "20s" : "10m")}\nthreshold: 10ms"
        );
        await world.PhaseAsync("s", "Profiling");
        var pids = Node.Pids((await cluster.AgentsOfAsync(world.Name)).Single());
        var held = pids.SelectMany(Node.Bpf).Distinct().ToList();
        Assert.Contains(held, h => h.Kind == "link");
        Assert.All(await StillThereAsync(held), Assert.True);
        switch (how)
        {
            case "ends":
                Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("s")));
                break;
            case "deleted":
                (await world.KubectlAsync("delete", "hps", "s", "--timeout=100s")).Ok();
                break;
            case "suspended":
                (
                    await world.KubectlAsync("patch", "hps", "s", "--type=merge", "-p", """{"spec":{"suspend":true}}""")
                ).Ok();
                Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("s")));
                break;
            case "killed":
                Node.Kill(pids);
                Assert.Equal("Failed AgentCrashed", World.Outcome(await world.FinishedAsync("s")));
                break;
        }
        await world.NoAgentsAsync();
        Assert.All(pids, p => Assert.False(Directory.Exists($"/proc/{p}")));
        Assert.All(await StillThereAsync(held), Assert.False);
        // the service was not harmed
        Assert.Equal(
            0,
            (await cluster.GetAsync("pods", "p", world.Name))!["status"]!["containerStatuses"]![0]![
                "restartCount"
            ]!.GetValue<int>()
        );
    }

    private static async Task<IReadOnlyList<bool>> StillThereAsync(List<(string Kind, int Id)> held)
    {
        var there = new List<bool>();
        foreach (var (kind, id) in held)
            there.Add((await Command.RunAsync("bpftool", [kind, "show", "id", id.ToString()])).Code == 0);
        return there;
    }
}
