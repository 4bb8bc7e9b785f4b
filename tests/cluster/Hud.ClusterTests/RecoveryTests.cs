using System.Diagnostics;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The operator killed, its leader replaced, the API server gone: nothing is lost and nothing is done twice.</summary>
public sealed class RecoveryTests(Cluster cluster)
{
    private async Task<World> WorldAsync()
    {
        var world = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        await world.PodAsync("p", "/bin/sleep 3600");
        await world.PodsReadyAsync();
        return world;
    }

    /// <summary>Not even SIGTERM: the process is gone in mid-step, and its lease with it, unreleased.</summary>
    private async Task KillOperatorAsync() =>
        (await cluster.KubectlAsync("-n", Cluster.System, "delete", "pods", "-l", "app.kubernetes.io/component=operator", "--grace-period=0", "--force")).Ok();

    private async Task OnceAsync(World world, string session)
    {
        var maps = await cluster.ListAsync("configmaps", world.Name, "app.kubernetes.io/component=result");
        Assert.Single(maps, m => m!["metadata"]!["name"]!.GetValue<string>() == session + "-report");
        var events = (await cluster.ListAsync("events", world.Name)).Where(e => e!["involvedObject"]!["name"]!.GetValue<string>() == session).Select(e => e!["reason"]!.GetValue<string>()).ToList();
        Assert.Equal(events.Distinct().Count(), events.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Scheduling")]
    [InlineData("Profiling")]
    [InlineData("end")]
    public async Task Killed_in_any_phase_the_session_completes_once(string phase)
    {
        await using var world = await WorldAsync();
        await world.SessionAsync("s", "target: {podName: p}\nduration: 6s");
        if (phase == "end")
            await World.UntilAsync("an agent that has ended", 90, async () => (await cluster.ListAsync("pods", Cluster.System, "app.kubernetes.io/component=agent")).Any(p => p!["status"]!["phase"]!.GetValue<string>() == "Succeeded") || World.Phase(await cluster.GetAsync("hps", "s", world.Name)) == "Completed");
        else if (phase == "Scheduling")
            await World.UntilAsync("targets", 60, async () => (await cluster.GetAsync("hps", "s", world.Name))?["status"]?["targets"] is JsonArray { Count: > 0 });
        else if (phase.Length > 0)
            await world.PhaseAsync("s", phase);
        await KillOperatorAsync();
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("s")));
        await OnceAsync(world, "s");
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Of_two_replicas_the_other_goes_on_when_the_leader_is_killed()
    {
        await using var world = await WorldAsync();
        (await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=2")).Ok();
        try
        {
            await cluster.OperatorReadyAsync();
            await world.SessionAsync("s", "target: {podName: p}\nduration: 8s");
            await world.PhaseAsync("s", "Profiling");
            var lease = (await cluster.GetAsync("lease", "hud-operator", Cluster.System))!;
            var leader = lease["spec"]!["holderIdentity"]!.GetValue<string>().Split('_')[0];
            (await cluster.KubectlAsync("-n", Cluster.System, "delete", "pod", leader, "--grace-period=0", "--force")).Ok();
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("s")));
            await OnceAsync(world, "s");
        }
        finally
        {
            await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=1");
            await cluster.OperatorReadyAsync();
        }
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task An_api_server_that_is_away_for_a_minute_in_mid_session_costs_nothing()
    {
        cluster.Require();
        if (cluster.Work is null)
            Assert.Skip("the API server of an existing cluster is not ours to stop");
        await using var world = await WorldAsync();
        await world.SessionAsync("s", "target: {podName: p}\nduration: 10s");
        await world.PhaseAsync("s", "Profiling");
        var file = Path.Combine(cluster.Work, "apiserver.pid");
        using (var server = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(file))))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
        var away = int.TryParse(Environment.GetEnvironmentVariable("HUD_OUTAGE_SECONDS"), out var seconds) ? seconds : 60;
        await Task.Delay(TimeSpan.FromSeconds(away));
        (await Command.RunAsync("bash", [Path.Combine(Repository.Root, "tests/cluster/start-apiserver.sh"), cluster.Work], seconds: 120)).Ok("start-apiserver.sh");
        var session = await world.FinishedAsync("s", 240);
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.Equal("True", World.Condition(session, "ResultsComplete")?.Status);
        await OnceAsync(world, "s");
        await world.NoAgentsAsync();
    }
}
