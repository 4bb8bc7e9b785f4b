using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>What a session can mean by its target, with the real agent: each ends in the documented condition and reason.</summary>
public sealed class TargetTests(Cluster cluster)
{
    [Fact]
    public async Task An_idle_service_a_program_without_tokio_and_two_processes_each_have_their_answer()
    {
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.PodYaml("idle", "/idle --seconds 900"),
                World.PodYaml("plain", "/bin/sleep 900"),
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: two, labels: {app: two}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/bin/sh, -c, "/cpu_hog --seconds 900 & /idle --seconds 900 & wait"], resources: {requests: {cpu: 50m} } }
                  - {name: other, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/gzip, --seconds, "900"], resources: {requests: {cpu: 50m} } }

                """
            )
        );
        await world.PodsReadyAsync();
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.SessionYaml("idle", "target: {podName: idle}\nduration: 3s"),
                World.SessionYaml("plain", "target: {podName: plain}\nduration: 3s"),
                World.SessionYaml("which-container", "target: {podName: two}\nduration: 3s"),
                World.SessionYaml("which-process", "target: {podName: two, containerName: app}\nduration: 3s"),
                World.SessionYaml(
                    "this-process",
                    "target: {podName: two, containerName: app, processName: cpu_hog}\nduration: 10s\nthreshold: 10ms"
                ),
                World.SessionYaml("other-container", "target: {podName: two, containerName: other}\nduration: 10s")
            )
        );

        var idle = await world.FinishedAsync("idle");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(idle));
        Assert.Contains(World.Targets(idle)["idle"], (string[])["Succeeded Idle", "Succeeded BelowThreshold"]);
        var plain = await world.FinishedAsync("plain");
        Assert.Equal("Failed NoTokioRuntime", World.Outcome(plain));
        Assert.Equal("Failed NoTokioRuntime", World.Targets(plain)["plain"]);

        var container = await world.FinishedAsync("which-container");
        Assert.Equal("Failed ContainerAmbiguous", World.Outcome(container));
        Assert.Contains(
            "target.containerName to one of app, other",
            World.Condition(container, "Failed")!.Value.Message,
            StringComparison.Ordinal
        );
        var process = await world.FinishedAsync("which-process");
        Assert.Equal("Failed ProcessAmbiguous", World.Outcome(process));
        Assert.Contains(
            "target.processName",
            World.Condition(process, "Failed")!.Value.Message,
            StringComparison.Ordinal
        );
        foreach (var (name, function) in new[] { ("this-process", "burn"), ("other-container", "gzip") })
        {
            var session = await world.FinishedAsync(name);
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
            var hotspots = session["status"]!["hotspots"]?.AsArray();
            Assert.True(
                hotspots is [{ } first, ..] && first.ToJsonString().Contains(function, StringComparison.Ordinal),
                session["status"]!.ToJsonString()
            );
        }
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task A_stateful_set_a_selector_and_two_sessions_on_one_pod_at_once()
    {
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(
            """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              serviceName: db
              replicas: 3
              podManagementPolicy: Parallel
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/cpu_hog, --seconds, "900"], resources: {requests: {cpu: 50m} } }
            """
        );
        (await world.KubectlAsync("rollout", "status", "statefulset/db", "--timeout=120s")).Ok();
        await world.ApplyAsync(
            string.Join(
                "---\n",
                World.SessionYaml(
                    "all",
                    "target: {workloadRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}}\nduration: 5s\nthreshold: 10ms"
                ),
                World.SessionYaml(
                    "some",
                    "target: {podSelector: {matchExpressions: [{key: app, operator: In, values: [db, cache]}]}, maxPods: 2}\nduration: 5s\nthreshold: 10ms"
                ),
                World.SessionYaml(
                    "nobody",
                    "target: {podSelector: {matchLabels: {app: nobody}}}\nduration: 2s\nstartDeadline: 10s"
                ),
                World.SessionYaml(
                    "nothing",
                    "target: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: nothing}}\nduration: 2s\nstartDeadline: 10s"
                )
            )
        );

        var all = await world.FinishedAsync("all");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(all));
        Assert.Equal("3/3", all["status"]!["targetsReady"]!.GetValue<string>());
        Assert.Equal(["db-0", "db-1", "db-2"], World.Targets(all).Keys.Order(StringComparer.Ordinal));
        // on the same pods at the same time
        var some = await world.FinishedAsync("some");
        Assert.True(
            World.Time(all, "startTime") <= World.Time(some, "completionTime")
                && World.Time(some, "startTime") <= World.Time(all, "completionTime")
        );
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(some));
        Assert.Equal("2/2", some["status"]!["targetsReady"]!.GetValue<string>());
        Assert.Equal(3, some["status"]!["targetCounts"]!["matched"]!.GetValue<int>());
        foreach (var session in new[] { all, some })
            Assert.True(
                session["status"]!["hotspots"]!
                    .AsArray()
                    .Any(h => h!.ToJsonString().Contains("burn", StringComparison.Ordinal)),
                session.ToJsonString()
            );

        Assert.Equal("Failed NoMatchingPods", World.Outcome(await world.FinishedAsync("nobody")));
        var nothing = await world.FinishedAsync("nothing");
        Assert.Equal("Failed NoMatchingPods", World.Outcome(nothing));
        Assert.Equal("DeadlineExceeded", World.Condition(nothing, "Stalled")?.Reason);
        await world.NoAgentsAsync();
    }

    [Theory]
    [InlineData("apps/v1", "DaemonSet", 1, "")]
    [InlineData("apps/v1", "ReplicaSet", 2, "replicas: 2")]
    [InlineData("apps/v1", "Deployment", 2, "replicas: 2")]
    [InlineData("batch/v1", "Job", 2, "parallelism: 2")]
    public async Task Every_kind_of_workload_names_its_pods(string version, string kind, int pods, string more)
    {
        await using var world = await World.CreateAsync(cluster);
        var job = kind == "Job";
        await world.ApplyAsync(
            $$$"""
            apiVersion: {{{version}}}
            kind: {{{kind}}}
            metadata: {name: work}
            spec:
              {{{(job ? "completions: 2" : "selector: {matchLabels: {app: work}}")}}}
              {{{more}}}
              template:
                metadata: {labels: {app: work}}
                spec:
                  terminationGracePeriodSeconds: 0
                  restartPolicy: {{{(job ? "Never" : "Always")}}}
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/sleep, --seconds, "900"], resources: {requests: {cpu: 50m} } }
            """
        );
        await World.UntilAsync(
            "the pods",
            120,
            async () =>
                (await cluster.ListAsync("pods", world.Name, "app=work")).Count(p =>
                    p!["status"]?["phase"]?.GetValue<string>() == "Running"
                ) == pods
        );
        await world.SessionAsync(
            "s",
            $"target: {{workloadRef: {{apiVersion: {version}, kind: {kind}, name: work}}}}\nduration: 5s"
        );
        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.Equal($"{pods}/{pods}", session["status"]!["targetsReady"]!.GetValue<string>());
        Assert.All(World.Targets(session).Keys, pod => Assert.StartsWith("work-", pod, StringComparison.Ordinal));
        Assert.Contains(
            session["status"]!["hotspots"]!.AsArray(),
            h => h!.ToJsonString().Contains("sleep::", StringComparison.Ordinal)
        );
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task A_cron_job_means_the_pods_of_the_job_that_it_runs()
    {
        cluster.Require();
        if (cluster.Minor < 21)
            Assert.Skip("CronJobs of batch/v1 are there from 1.21 on");
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(
            """
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: work}
            spec:
              schedule: "* * * * *"
              jobTemplate:
                spec:
                  template:
                    spec:
                      terminationGracePeriodSeconds: 0
                      restartPolicy: Never
                      containers:
                      - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/sleep, --seconds, "900"], resources: {requests: {cpu: 50m} } }
            """
        );
        await world.SessionAsync(
            "s",
            "target: {workloadRef: {apiVersion: batch/v1, kind: CronJob, name: work}}\nduration: 5s\nstartDeadline: 5m"
        );
        var session = await world.FinishedAsync("s", 400);
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        Assert.All(World.Targets(session).Keys, pod => Assert.StartsWith("work-", pod, StringComparison.Ordinal));
        (await world.KubectlAsync("delete", "cronjob", "work")).Ok();
    }

    [Fact]
    public async Task A_sidecar_and_an_ephemeral_container_are_targets_too()
    {
        cluster.Require();
        if (cluster.Minor < 29)
            Assert.Skip("sidecars are there from 1.29 on");
        await using var world = await World.CreateAsync(cluster);
        const string image = "image: \"localhost/workloads:test\", imagePullPolicy: Never";
        await world.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec:
              terminationGracePeriodSeconds: 0
              initContainers:
              - {name: proxy, restartPolicy: Always, {{image}}, command: [/sleep, --seconds, "900"]}
              containers:
              - {name: app, {{image}}, command: [/bin/sleep, "900"]}
            """
        );
        await world.PodsReadyAsync();
        (
            await world.KubectlAsync(
                "debug",
                "p",
                "-c",
                "debugger",
                "--image=localhost/workloads:test",
                "--image-pull-policy=Never",
                "--profile=general",
                "--",
                "/sleep",
                "--seconds",
                "900"
            )
        ).Ok();
        await World.UntilAsync(
            "the ephemeral container",
            60,
            async () =>
                (await cluster.GetAsync("pods", "p", world.Name))!["status"]
                    ?["ephemeralContainerStatuses"]
                    ?[0]
                    ?["state"]
                    ?["running"]
                    is not null
        );
        await world.SessionAsync("sidecar", "target: {podName: p, containerName: proxy}\nduration: 5s");
        await world.SessionAsync("ephemeral", "target: {podName: p, containerName: debugger}\nduration: 5s");
        await world.SessionAsync("none", "target: {podName: p, containerName: nope}\nduration: 5s");
        foreach (var name in (string[])["sidecar", "ephemeral"])
        {
            var session = await world.FinishedAsync(name);
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
            Assert.Contains(
                session["status"]!["hotspots"]!.AsArray(),
                h => h!.ToJsonString().Contains("sleep::", StringComparison.Ordinal)
            );
        }
        Assert.Contains(
            "app, proxy (sidecar), debugger (ephemeral)",
            World.Condition(await world.FinishedAsync("none"), "Failed")!.Value.Message,
            StringComparison.Ordinal
        );
    }
}
