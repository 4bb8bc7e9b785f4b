using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Sessions by a schedule, with an agent that plays a part.</summary>
public sealed class PolicyTests(Cluster cluster)
{
    [Fact]
    public async Task A_policy_makes_a_session_each_minute_keeps_its_history_and_takes_its_sessions_along()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.ApplyAsync(
            World.PolicyYaml(
                "often",
                """
                schedule: {cron: '* * * * *', timeZone: Europe/Berlin, successfulSessionsHistoryLimit: 1}
                session:
                  target: {podName: p, processName: play-good}
                  duration: 1s
                """
            )
        );
        Task<JsonArray> SessionsAsync() =>
            cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name, "hud.dev/policy=often");
        async Task<string> DetailsAsync() =>
            (await world.KubectlAsync("get", "hpp,hps,events", "-o", "wide")).All + await world.DescribeAsync("often");

        var first = "";
        await World.UntilAsync(
            "the first session",
            120,
            async () =>
                (first = (await SessionsAsync()).FirstOrDefault()?["metadata"]!["name"]!.GetValue<string>() ?? "")
                != "",
            DetailsAsync
        );
        var session = await world.FinishedAsync(first);
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        var policy = (await world.GetPolicyAsync("often"))!;
        var owner = Assert.Single(session["metadata"]!["ownerReferences"]!.AsArray())!;
        Assert.Equal(
            (policy["metadata"]!["uid"]!.GetValue<string>(), "ProfilingPolicy", true),
            (owner["uid"]!.GetValue<string>(), owner["kind"]!.GetValue<string>(), owner["controller"]!.GetValue<bool>())
        );

        // the second takes the place of the first in the history
        await World.UntilAsync(
            "the first session to go",
            240,
            async () => await world.GetSessionAsync(first) is null,
            DetailsAsync
        );
        await World.UntilAsync(
            "word on the second",
            60,
            async () =>
                (await world.GetPolicyAsync("often"))?["status"]?["lastSession"]?["name"]?.GetValue<string>()
                    is { } last
                && last != first,
            DetailsAsync
        );
        policy = (await world.GetPolicyAsync("often"))!;
        Assert.Equal(("True", "Scheduled"), Ready(policy));
        Assert.Equal("AllTargetsProfiled", policy["status"]!["lastSession"]!["reason"]!.GetValue<string>());
        Assert.NotEmpty(policy["status"]!["lastSession"]!["verdict"]!.GetValue<string>());
        Assert.Contains("SessionCreated", await world.EventsAsync("often"));
        var table = (await world.KubectlAsync("get", "profilingpolicies")).Ok();
        foreach (var text in (string[])["SCHEDULE", "* * * * *", "Scheduled", "AllTargetsProfiled"])
            Assert.Contains(text, table, StringComparison.Ordinal);

        (await world.KubectlAsync("delete", "hpp", "often", "--timeout=60s")).Ok();
        await World.UntilAsync(
            "the sessions and their results to go with the policy",
            120,
            async () =>
                (await SessionsAsync()).Count == 0
                && (await cluster.ListAsync("configmaps", world.Name, "app.kubernetes.io/component=result")).Count == 0,
            DetailsAsync
        );
        await world.NoAgentsAsync();
    }

    private static (string Status, string Reason) Ready(JsonNode policy) =>
        World.Condition(policy, "Ready") is { } ready ? (ready.Status, ready.Reason) : default;
}
