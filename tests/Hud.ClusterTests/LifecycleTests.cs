using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>A session from its first event to the end of its results, with an agent that plays a part.</summary>
public sealed class LifecycleTests(Cluster cluster)
{
    private const string Good = "target: {podName: p, processName: play-good}";

    [Fact]
    public async Task A_good_run_fills_status_events_and_results_and_leaves_nothing_behind()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("good", Good + "\nduration: 3s\nexpect: {maxPoll: 50ms}");
        var session = await world.FinishedAsync("good");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.Equal(
            ("False", "PollTooLong"),
            (World.Condition(session, "ExpectationsMet")?.Status, World.Condition(session, "ExpectationsMet")?.Reason)
        );
        Assert.Null(World.Condition(session, "Reconciling"));
        Assert.Equal("bcrypt::hash", session["status"]!["hotspots"]![0]!["function"]!.GetValue<string>());
        await world.NoAgentsAsync();
        Assert.Null(session["metadata"]!["finalizers"]);
        var described = (await world.KubectlAsync("describe", "hps", "good")).Ok();
        foreach (var reason in (string[])["Resolved", "Running", "AllTargetsProfiled", "PollTooLong"])
            Assert.Contains(reason, described, StringComparison.Ordinal);
        // one event per transition, never per reconcile
        Assert.Equal(
            ["AllTargetsProfiled", "PollTooLong", "Resolved", "Running"],
            (await world.EventsAsync("good")).Order(StringComparer.Ordinal)
        );
        Assert.NotNull(await cluster.GetAsync("configmaps", "good-report", world.Name));
        (await world.KubectlAsync("delete", "hps", "good", "--timeout=60s")).Ok();
        await World.UntilAsync(
            "the results to go with their session",
            120,
            async () => await cluster.GetAsync("configmaps", "good-report", world.Name) is null
        );
    }

    [Fact]
    public async Task Suspend_waits_before_the_start_and_keeps_what_there_is_in_mid_run()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", Good + "\nduration: 10m\nsuspend: true");
        await world.PhaseAsync("s", "Pending");
        Assert.Equal("Suspended", World.Condition(await world.GetSessionAsync("s"), "Reconciling")?.Reason);
        Assert.Empty(await cluster.AgentsOfAsync(world.Name));
        (await world.KubectlAsync("patch", "hps", "s", "--type=merge", "-p", """{"spec":{"suspend":false}}""")).Ok();
        await world.PhaseAsync("s", "Profiling");
        (await world.KubectlAsync("patch", "hps", "s", "--type=merge", "-p", """{"spec":{"suspend":true}}""")).Ok();
        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.NotEmpty(session["status"]!["results"]!.AsArray());
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Deleting_a_session_in_mid_run_takes_its_agents_along()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        await world.SessionAsync("s", Good + "\nduration: 10m");
        await world.PhaseAsync("s", "Profiling");
        (await world.KubectlAsync("delete", "hps", "s", "--timeout=100s")).Ok();
        Assert.Null(await world.GetSessionAsync("s"));
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task A_session_is_finished_for_ever()
    {
        await using var world = await World.WithSleeperAsync(cluster);
        var yaml = World.SessionYaml("s", Good + "\nduration: 1s");
        await world.ApplyAsync(yaml);
        var first = await world.FinishedAsync("s");
        await world.NoAgentsAsync();
        // what a GitOps tool does every few minutes; and a touch that changes the object
        await world.ApplyAsync(yaml);
        (await world.KubectlAsync("annotate", "hps", "s", "team=checkout")).Ok();
        (await world.KubectlAsync("delete", "pod", "p", "--grace-period=0", "--force")).Ok();
        await world.SessionAsync("other", "target: {podName: none}\nduration: 1s\nstartDeadline: 10s");
        await world.FinishedAsync("other"); // by now the operator has seen the touch as well
        var again = (await world.GetSessionAsync("s"))!;
        Assert.Equal(first["status"]!.ToJsonString(), again["status"]!.ToJsonString());
        Assert.Empty(await cluster.AgentsOfAsync(world.Name));
    }
}
