using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The operator on a real cluster, with an agent that plays a part: everything that goes wrong around a run.</summary>
public sealed class OperatorTests(Cluster cluster)
{
    private const string Pod = "target: {podName: p}";

    private async Task<World> WorldAsync()
    {
        var world = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        await world.PodAsync("p", "/bin/sleep 3600");
        await world.PodsReadyAsync();
        return world;
    }

    [Fact]
    public async Task A_good_run_fills_status_events_and_results_and_leaves_nothing_behind()
    {
        await using var world = await WorldAsync();
        await world.SessionAsync("good", Pod + "\nduration: 3s\nexpect: {maxPoll: 50ms}");
        var session = await world.FinishedAsync("good");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.Equal(("False", "PollTooLong"), (World.Condition(session, "ExpectationsMet")?.Status, World.Condition(session, "ExpectationsMet")?.Reason));
        Assert.Null(World.Condition(session, "Reconciling"));
        Assert.Equal("bcrypt::hash", session["status"]!["hotspots"]![0]!["function"]!.GetValue<string>());
        await world.NoAgentsAsync();
        await World.UntilAsync("the finalizer's removal", 60, async () => (await cluster.GetAsync("hps", "good", world.Name))!["metadata"]!["finalizers"] is null);
        var described = (await world.KubectlAsync("describe", "hps", "good")).Ok();
        foreach (var reason in (string[])["Resolved", "Running", "AllTargetsProfiled", "PollTooLong"])
            Assert.Contains(reason, described, StringComparison.Ordinal);
        var events = await cluster.ListAsync("events", world.Name);
        Assert.All(events.Where(e => e!["involvedObject"]!["name"]!.GetValue<string>() == "good"), e => Assert.Equal(1, e!["count"]!.GetValue<int>()));
        Assert.NotNull(await cluster.GetAsync("configmap", "good-report", world.Name));
        (await world.KubectlAsync("delete", "hps", "good", "--timeout=60s")).Ok();
        await World.UntilAsync("the results to go with their session", 90, async () => await cluster.GetAsync("configmap", "good-report", world.Name) is null);
    }

    [Theory]
    [InlineData("no-tokio", "Failed NoTokioRuntime", null)]
    [InlineData("crash", "Failed AgentCrashed", null)]
    [InlineData("bad-hash", "Failed AgentCrashed", null)]
    [InlineData("gap", "Complete AllTargetsProfiled", "EventsLost")]
    [InlineData("silent-end", "Complete AllTargetsProfiled", "EventsLost")]
    public async Task An_agent_that_misbehaves_ends_the_session_with_its_reason(string part, string outcome, string? losses)
    {
        await using var world = await WorldAsync();
        await world.SessionAsync("s", $"target: {{podName: p, processName: {part}}}\nduration: 4s");
        var session = await world.FinishedAsync("s");
        Assert.Equal(outcome, World.Outcome(session));
        if (losses is not null)
            Assert.Equal(("False", losses), (World.Condition(session, "ResultsComplete")?.Status, World.Condition(session, "ResultsComplete")?.Reason));
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Sessions_that_find_nothing_to_profile_say_so_and_end_at_their_deadline()
    {
        await using var world = await WorldAsync();
        await cluster.ApplyAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: double}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - {name: one, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/bin/sleep, "3600"]}
              - {name: two, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/bin/sleep, "3600"]}
            """, world.Name);
        await world.PodsReadyAsync();
        await world.SessionAsync("none", "target: {podSelector: {matchLabels: {app: nobody}}}\nduration: 2s\nstartDeadline: 10s");
        await world.SessionAsync("workload", "target: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: nothing}}\nduration: 2s\nstartDeadline: 10s");
        await world.SessionAsync("which", "target: {podName: double}\nduration: 2s");
        await world.SessionAsync("named", "target: {podName: double, containerName: two}\nduration: 2s");
        await world.SessionAsync("deaf", "target: {podName: p, processName: deaf}\nduration: 2s\nstartDeadline: 10s");
        Assert.Equal("Failed ContainerAmbiguous", World.Outcome(await world.FinishedAsync("which")));
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("named")));
        Assert.Equal("Failed NoMatchingPods", World.Outcome(await world.FinishedAsync("none")));
        Assert.Equal("Failed NoMatchingPods", World.Outcome(await world.FinishedAsync("workload")));
        var deaf = await world.FinishedAsync("deaf");
        Assert.Equal("Failed Timeout", World.Outcome(deaf));
        Assert.Equal("DeadlineExceeded", World.Condition(deaf, "Stalled")?.Reason);
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task A_statefulset_is_profiled_through_its_workload_and_a_tainted_node_is_no_obstacle()
    {
        await using var world = await WorldAsync();
        await cluster.ApplyAsync("""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              serviceName: db
              replicas: 2
              podManagementPolicy: Parallel
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/bin/sleep, "3600"]}
            """, world.Name);
        (await world.KubectlAsync("rollout", "status", "statefulset/db", "--timeout=120s")).Ok();
        var node = (await cluster.KubectlAsync("get", "nodes", "-o", "name")).Ok().Trim();
        (await cluster.KubectlAsync("taint", node, "hud-test=yes:NoSchedule", "--overwrite")).Ok();
        try
        {
            await world.SessionAsync("db", "target: {workloadRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}}\nduration: 2s");
            var session = await world.FinishedAsync("db");
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
            Assert.Equal("2/2", session["status"]!["targetsReady"]!.GetValue<string>());
        }
        finally
        {
            await cluster.KubectlAsync("taint", node, "hud-test-");
        }
    }

    [Fact]
    public async Task Suspend_waits_before_the_start_and_keeps_what_there_is_in_mid_run()
    {
        await using var world = await WorldAsync();
        await world.SessionAsync("s", Pod + "\nduration: 10m\nsuspend: true");
        await world.PhaseAsync("s", "Pending");
        Assert.Equal("Suspended", World.Condition(await cluster.GetAsync("hps", "s", world.Name), "Reconciling")?.Reason);
        await world.NoAgentsAsync();
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
        await using var world = await WorldAsync();
        await world.SessionAsync("s", Pod + "\nduration: 10m");
        await world.PhaseAsync("s", "Profiling");
        (await world.KubectlAsync("delete", "hps", "s", "--timeout=100s")).Ok();
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_named_and_ends_at_the_deadline()
    {
        await using var world = await WorldAsync();
        await cluster.UseAgentAsync("localhost/there-is-no-such-image:1");
        await world.SessionAsync("s", Pod + "\nduration: 2s\nstartDeadline: 12s");
        var session = await world.FinishedAsync("s");
        Assert.Equal("Failed ImagePull", World.Outcome(session));
        Assert.Equal("ImagePull", World.Condition(session, "AgentsScheduled")?.Reason);
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Twenty_sessions_at_once_all_complete_and_the_operator_stays_small()
    {
        await using var world = await WorldAsync();
        await cluster.ApplyAsync(string.Join("---\n", Enumerable.Range(0, 20).Select(i =>
            $"apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nmetadata: {{name: s{i}}}\nspec: {{target: {{podName: p}}, duration: 2s}}\n")), world.Name);
        for (var i = 0; i < 20; i++)
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync($"s{i}", 300)));
        await world.NoAgentsAsync();
        if (cluster.Work is not null)
        {
            // VmHWM is the most it ever had
            var pid = (await Command.RunAsync("pgrep", ["-u", "65532", "-x", "hud-operator"])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach (var line in pid.Select(p => File.ReadLines($"/proc/{p}/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal))))
                Assert.InRange(int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]), 1, 120 << 10);
        }
    }

    [Fact]
    public async Task Results_with_a_ttl_go_and_the_session_stays()
    {
        await using var world = await WorldAsync();
        await world.SessionAsync("s", Pod + "\nduration: 1s\nresultsTTL: 1m");
        await world.FinishedAsync("s");
        Assert.NotNull(await cluster.GetAsync("configmap", "s-report", world.Name));
        await World.UntilAsync("the end of the results", 150, async () => await cluster.GetAsync("configmap", "s-report", world.Name) is null);
        await World.UntilAsync("word of it", 30, async () => World.Condition(await cluster.GetAsync("hps", "s", world.Name), "ResultsComplete")?.Reason == "Expired");
    }

    [Fact]
    public async Task Metrics_health_and_logs_are_there()
    {
        await using var world = await WorldAsync();
        await world.SessionAsync("s", Pod + "\nduration: 1s");
        await world.FinishedAsync("s");
        var pods = await cluster.ListAsync("pods", Cluster.System, "app.kubernetes.io/component=operator");
        var name = pods.First(p => p!["metadata"]!["deletionTimestamp"] is null)!["metadata"]!["name"]!.GetValue<string>();
        var proxy = $"/api/v1/namespaces/{Cluster.System}/pods/{name}:8080/proxy";
        Assert.Equal("ok\n", (await cluster.KubectlAsync("get", "--raw", proxy + "/healthz")).Ok());
        Assert.Equal("ok\n", (await cluster.KubectlAsync("get", "--raw", proxy + "/readyz")).Ok());
        var metrics = (await cluster.KubectlAsync("get", "--raw", proxy + "/metrics")).Ok();
        foreach (var metric in (string[])["controller_runtime_reconcile_total", "workqueue_depth", "workqueue_adds_total", "hud_sessions_total", "hud_first_sample_seconds_bucket"])
            Assert.Contains(metric, metrics, StringComparison.Ordinal);
        var log = (await cluster.KubectlAsync("-n", Cluster.System, "logs", name, "--tail=20")).Ok();
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.NotNull(JsonNode.Parse(line)!["msg"]));
    }
}
