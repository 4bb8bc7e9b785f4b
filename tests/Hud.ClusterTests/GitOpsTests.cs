using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The health check that the documentation gives to Argo CD, run by a real Lua on sessions as the cluster has them.</summary>
public sealed class GitOpsTests(Cluster cluster)
{
    private static string Script(string kind) =>
        Docs.Yaml("gitops.md", $"resource.customizations.health.hud.dev_{kind}: |")[
                $"resource.customizations.health.hud.dev_{kind}"
            ]
            .ToString();

    /// <param name="line">One more, above the loop.</param>
    internal static async Task<string> HealthAsync(JsonNode entity, string line = "")
    {
        var script = Script(entity["kind"]!.GetValue<string>());
        script = script.Replace("for _, c in", $"{line}\nfor _, c in", StringComparison.Ordinal);
        var program =
            $"obj = {Lua(entity)}\nlocal function check()\n{script}\nend\nlocal health = check()\nprint(health.status .. ': ' .. health.message)";
        return (await Command.RunAsync("lua5.4", ["-"], program)).Ok("lua").Trim();
    }

    [Fact]
    public async Task The_health_check_for_argo_follows_a_session_to_its_end()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.SessionYaml("good", "target: {podName: p, processName: play-good}\nduration: 1s"),
                World.SessionYaml(
                    "unmet",
                    "target: {podName: p, processName: play-good}\nduration: 1s\nexpect: {maxPoll: 50ms}"
                ),
                World.SessionYaml("failed", "target: {podName: p, processName: play-no-tokio}\nduration: 1s"),
                World.SessionYaml("waits", "target: {podName: p}\nduration: 1s\nsuspend: true")
            )
        );
        var good = await world.FinishedAsync("good");
        Assert.Equal("Healthy: " + good["status"]!["verdict"]!.GetValue<string>(), await HealthAsync(good));
        Assert.StartsWith(
            "Degraded: ",
            await HealthAsync(await world.FinishedAsync("unmet")),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "Degraded: p: ",
            await HealthAsync(await world.FinishedAsync("failed")),
            StringComparison.Ordinal
        );
        await world.PhaseAsync("waits", "Pending");
        var waits = (await world.GetSessionAsync("waits"))!;
        Assert.StartsWith("Progressing: ", await HealthAsync(waits), StringComparison.Ordinal);
        waits.AsObject().Remove("status");
        Assert.StartsWith("Progressing: ", await HealthAsync(waits), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_check_for_argo_knows_the_states_of_a_policy()
    {
        await using var world = await World.CreateAsync(cluster);
        const string Session = "session: {target: {podName: p}}\nschedule: {cron: '0 0 1 1 *', timeZone: ";
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.PolicyYaml("good", Session + "Europe/Berlin}"),
                World.PolicyYaml("held", Session + "UTC, suspend: true}"),
                World.PolicyYaml("nowhere", Session + "Europe/Nowhere}")
            )
        );
        foreach (
            var (name, health) in ((string, string)[])
                [
                    ("good", "Healthy: the next run is due at "),
                    ("held", "Suspended: suspended; "),
                    ("nowhere", "Degraded: the operator knows no time zone Europe/Nowhere"),
                ]
        )
        {
            var policy = await world.ObservedPolicyAsync(name);
            Assert.StartsWith(health, await HealthAsync(policy), StringComparison.Ordinal);
            // and as kstatus reads it: which ones are stalled
            Assert.Equal(name == "nowhere" ? "True" : null, World.Condition(policy, "Stalled")?.Status);
            policy.AsObject().Remove("status");
            Assert.StartsWith("Progressing: ", await HealthAsync(policy), StringComparison.Ordinal);
        }
        // Berlin is an hour ahead of UTC in winter
        var good = await world.GetPolicyAsync("good");
        Assert.Contains(
            "-12-31T23:00:00",
            good!["status"]!["nextScheduleTime"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
    }

    /// <summary>What needs no rule of its own is read by kstatus: Ready, Reconciling and Stalled, and the generation that was observed.</summary>
    [Fact]
    public async Task Conditions_follow_kstatus()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.SessionYaml("good", "target: {podName: p, processName: play-good}\nduration: 1s"),
                World.SessionYaml("failed", "target: {podName: p, processName: play-no-tokio}\nduration: 1s")
            )
        );
        foreach (var (name, ready, stalled) in new[] { ("good", "True", (string?)null), ("failed", "False", "True") })
        {
            var session = await world.FinishedAsync(name);
            Assert.Equal(
                session["metadata"]!["generation"]!.GetValue<long>(),
                session["status"]!["observedGeneration"]!.GetValue<long>()
            );
            Assert.Equal(ready, World.Condition(session, "Ready")?.Status);
            Assert.Equal(stalled, World.Condition(session, "Stalled")?.Status);
            Assert.Null(World.Condition(session, "Reconciling"));
        }
        (await world.KubectlAsync("wait", "--for=condition=Ready", "--timeout=10s", "hps/good")).Ok();
    }

    private static string Lua(JsonNode? node) =>
        node switch
        {
            JsonObject map => "{" + string.Join(",", map.Select(p => $"[{Text(p.Key)}]={Lua(p.Value)}")) + "}",
            JsonArray list => "{" + string.Join(",", list.Select(Lua)) + "}",
            null => "nil",
            JsonValue value when value.TryGetValue<string>(out var text) => Text(text),
            _ => node.ToJsonString(),
        };

    private static string Text(string text) =>
        "\"" + string.Concat(text.Select(c => c is '"' or '\\' || c < ' ' ? $"\\{(int)c:000}" : c.ToString())) + "\"";
}
