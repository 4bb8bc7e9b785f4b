using System.Diagnostics;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The operator killed, its leader replaced, the API server gone: nothing is lost and nothing is done twice.</summary>
[Collection(Alone.Name)]
[Trait("runs", "recovery")]
public sealed class RecoveryTests(Cluster cluster)
{
    private static string Good(int seconds) => $"target: {{podName: p, processName: play-good}}\nduration: {seconds}s";

    private async Task<IReadOnlyList<JsonNode>> OperatorsAsync() =>
        [
            .. (await cluster.ListAsync("pods", Cluster.System, Cluster.OperatorPods))
                .Where(p => p!["metadata"]!["deletionTimestamp"] is null)
                .Select(p => p!),
        ];

    /// <summary>The process is gone in mid-step, and its lease with it, unreleased. A new pod rather than a restart: the kubelet would wait longer from kill to kill.</summary>
    private async Task KillOperatorAsync(string? pod = null)
    {
        foreach (
            var one in (await OperatorsAsync()).Where(p =>
                pod is null || p["metadata"]!["name"]!.GetValue<string>() == pod
            )
        )
        {
            if (cluster.Work is not null)
                Node.Kill(
                    Node.Pids(one)
                        .Where(p =>
                            File.ReadAllText($"/proc/{p}/comm").StartsWith("hud-operator", StringComparison.Ordinal)
                        )
                        .ToList()
                );
            (
                await cluster.KubectlAsync(
                    "-n",
                    Cluster.System,
                    "delete",
                    "pod",
                    one["metadata"]!["name"]!.GetValue<string>(),
                    "--grace-period=0",
                    "--force"
                )
            ).Ok();
        }
    }

    private async Task CompletedOnceAsync(World world, params string[] sessions)
    {
        foreach (var session in sessions)
        {
            var ended = await world.FinishedAsync(session);
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(ended));
            Assert.Equal("True", World.Condition(ended, "ResultsComplete")?.Status);
            var uid = ended["metadata"]!["uid"]!.GetValue<string>();
            Assert.Equal(
                session + "-report",
                (await cluster.ListAsync("configmaps", world.Name, $"hud.dev/session-uid={uid}")).Single()![
                    "metadata"
                ]!["name"]!.GetValue<string>()
            );
            // emitted after the status is written
            await World.UntilAsync(
                "the event of the end",
                60,
                async () => (await world.EventsAsync(session)).Contains("AllTargetsProfiled", StringComparer.Ordinal)
            );
            var events = await world.EventsAsync(session);
            Assert.Equal(events.Distinct(StringComparer.Ordinal).Count(), events.Count);
        }
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Killed_while_sessions_are_new_being_scheduled_and_profiling_each_completes_once()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("profiling", Good(12));
        await world.PhaseAsync("profiling", "Profiling");
        await world.SessionAsync("scheduling", Good(4));
        await World.UntilAsync(
            "targets",
            60,
            async () => (await world.GetSessionAsync("scheduling"))?["status"]?["targets"] is JsonArray { Count: > 0 }
        );
        await world.SessionAsync("new", Good(4));
        await KillOperatorAsync();
        await CompletedOnceAsync(world, "profiling", "scheduling", "new");
    }

    [Fact]
    public async Task Killed_while_a_report_is_being_collected_and_again_while_coming_up_it_completes_once()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", Good(3));
        await World.UntilAsync(
            "an agent that has ended",
            90,
            async () =>
                (await cluster.AgentsOfAsync(world.Name)).Any(p =>
                    p["status"]?["phase"]?.GetValue<string>() == "Succeeded"
                ) || World.Phase(await world.GetSessionAsync("s")) is "Collecting" or "Completed"
        );
        await KillOperatorAsync();
        await World.UntilAsync(
            "the next operator",
            60,
            async () => (await OperatorsAsync()).Any(p => cluster.Work is null || Node.Pids(p).Count > 0)
        );
        await KillOperatorAsync();
        await CompletedOnceAsync(world, "s");
    }

    [Fact]
    public async Task Of_two_replicas_the_other_goes_on_when_the_leader_is_killed()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        (await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=2")).Ok();
        try
        {
            await cluster.OperatorReadyAsync();
            await world.SessionAsync("s", Good(8));
            await world.PhaseAsync("s", "Profiling");
            var leader = await LeaderAsync();
            await KillOperatorAsync(leader);
            await CompletedOnceAsync(world, "s");
            Assert.NotEqual(leader, await LeaderAsync());
        }
        finally
        {
            await cluster.KubectlAsync("-n", Cluster.System, "scale", "deployment/hud-operator", "--replicas=1");
            await cluster.OperatorReadyAsync();
        }
    }

    private async Task<string> LeaderAsync() =>
        (await cluster.GetAsync("coordination.k8s.io/v1/leases", "hud-operator", Cluster.System))!["spec"]![
            "holderIdentity"
        ]!
            .GetValue<string>()
            .Split('_')[0];

    /// <summary><c>HUD_OUTAGE_SECONDS</c> makes it longer.</summary>
    [Fact]
    public async Task An_api_server_that_is_away_for_a_minute_in_mid_session_costs_nothing()
    {
        var work = cluster.RequireOwn();
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("ends-meanwhile", Good(10));
        await world.PhaseAsync("ends-meanwhile", "Profiling");
        await world.SessionAsync("begins-before", Good(5));
        await World.UntilAsync(
            "targets",
            60,
            async () =>
                (await world.GetSessionAsync("begins-before"))?["status"]?["targets"] is JsonArray { Count: > 0 }
        );
        using (
            var server = Process.GetProcessById(
                int.Parse(await File.ReadAllTextAsync(Path.Combine(work, "apiserver.pid")))
            )
        )
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
        var away = int.TryParse(Environment.GetEnvironmentVariable("HUD_OUTAGE_SECONDS"), out var seconds)
            ? seconds
            : 60;
        await Task.Delay(TimeSpan.FromSeconds(away));
        (
            await Command.RunAsync(
                "bash",
                [Path.Combine(Repository.Root, "tests/cluster/start-apiserver.sh"), work],
                seconds: 120
            )
        ).Ok("start-apiserver.sh");
        await CompletedOnceAsync(world, "ends-meanwhile", "begins-before");
    }
}
