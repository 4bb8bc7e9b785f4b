using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Hud, its CRD or the namespace of a session are removed under a session in mid-run: nothing hangs, and it can be installed again at once.</summary>
[Collection(Alone.Name)]
[Trait("runs", "alone")]
public sealed class UninstallTests(Cluster cluster)
{
    private const string Endless = "target: {podName: p, processName: play-good}\nduration: 10m";
    private const string Short = "target: {podName: p, processName: play-good}\nduration: 1s";

    private async Task<World> InMidRunAsync()
    {
        cluster.RequireOwn();
        var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("finished", Short);
        await world.FinishedAsync("finished");
        await world.SessionAsync("s", Endless);
        await world.PhaseAsync("s", "Profiling");
        return world;
    }

    /// <summary>By each of the three ways that the documentation names, as it names them.</summary>
    [Theory]
    [InlineData("helm")]
    [InlineData("kustomize")]
    [InlineData("namespace")]
    public async Task Uninstalling_in_mid_run_ends_and_leaves_no_agent(string way)
    {
        await using var world = await InMidRunAsync();
        try
        {
            switch (way)
            {
                case "helm":
                    (
                        await cluster.HelmAsync("uninstall", "hud", "-n", Cluster.System, "--wait", "--timeout=120s")
                    ).Ok();
                    break;
                case "kustomize":
                    (await cluster.KubectlAsync("delete", "-k", "config/default", "--timeout=180s")).Ok();
                    break;
                case "namespace":
                    (await cluster.KubectlAsync("delete", "namespace", Cluster.System, "--timeout=180s")).Ok();
                    break;
            }
            await world.NoAgentsAsync();
            if (way == "kustomize")
                Assert.Contains(
                    "NotFound",
                    (await cluster.KubectlAsync("get", "crd", "profilingsessions.hud.dev")).Error,
                    StringComparison.Ordinal
                );
            else
                (await world.KubectlAsync("delete", "hps", "--all", "--timeout=30s")).Ok();
        }
        finally
        {
            await cluster.InstallAsync();
        }
        // installed once, it works at once
        await world.SessionAsync("again", Short);
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("again")));
    }

    [Fact]
    public async Task A_session_that_was_left_behind_in_mid_run_ends_with_the_reason_when_hud_is_back()
    {
        await using var world = await InMidRunAsync();
        try
        {
            // with an operator that still sees its agents go, the session may end before
            (
                await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=0")
            ).Ok();
            await cluster.NoOperatorAsync();
            (await cluster.HelmAsync("uninstall", "hud", "-n", Cluster.System, "--wait", "--timeout=120s")).Ok();
            await world.NoAgentsAsync();
            Assert.Equal("Profiling", World.Phase(await world.GetSessionAsync("s")));
        }
        finally
        {
            await cluster.InstallAsync();
        }
        Assert.Equal("Failed AgentCrashed", World.Outcome(await world.FinishedAsync("s")));
    }

    [Fact]
    public async Task Without_its_crd_the_operator_removes_the_agents_and_goes_on_when_it_is_back()
    {
        await using var world = await InMidRunAsync();
        try
        {
            (await cluster.KubectlAsync("delete", "crd", "profilingsessions.hud.dev", "--timeout=60s")).Ok();
            await world.NoAgentsAsync();
        }
        finally
        {
            await cluster.InstallAsync();
        }
        await world.SessionAsync("again", Short);
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("again")));
    }

    [Fact]
    public async Task The_namespace_of_a_session_in_mid_run_can_be_deleted()
    {
        await using var world = await InMidRunAsync();
        (await cluster.KubectlAsync("delete", "namespace", world.Name, "--timeout=120s")).Ok();
        await world.NoAgentsAsync();
    }

    /// <summary>What an operator of before put on sessions would keep them for ever.</summary>
    [Fact]
    public async Task The_finalizer_of_an_earlier_version_is_taken_off()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", Short);
        await world.FinishedAsync("s");
        (
            await world.KubectlAsync(
                "patch",
                "hps",
                "s",
                "--type=merge",
                "-p",
                """{"metadata":{"finalizers":["hud.dev/agents"]}}"""
            )
        ).Ok();
        (await world.KubectlAsync("delete", "hps", "s", "--timeout=60s")).Ok();
    }
}
