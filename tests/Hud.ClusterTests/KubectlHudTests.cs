using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The plugin through kubectl itself, on a real session of the real agent.</summary>
public sealed class KubectlHudTests(Cluster cluster)
{
    private async Task<CommandResult> HudAsync(World world, params string[] arguments) =>
        await Command.RunAsync(
            Path.Combine(cluster.Tools, "kubectl"),
            ["hud", "--kubeconfig", cluster.Kubeconfig, "-n", world.Name, .. arguments],
            environment: new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["PATH"] =
                    Path.Combine(Repository.Root, "out")
                    + ":"
                    + cluster.Tools
                    + ":"
                    + Environment.GetEnvironmentVariable("PATH"),
                ["NO_COLOR"] = "1",
            }
        );

    [Fact]
    public async Task Every_verb_works_on_a_real_session()
    {
        await using var world = await World.CreateAsync(cluster);
        var files = Directory.CreateTempSubdirectory("hud-verbs-").FullName;
        try
        {
            await world.ApplyAsync(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: hog}
                spec:
                  selector: {matchLabels: {app: hog}}
                  template:
                    metadata: {labels: {app: hog}}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers:
                      - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/cpu_hog, --seconds, "900", --block-ms, "30", --every-ms, "200"]}
                """
            );
            (await world.KubectlAsync("rollout", "status", "deployment/hog", "--timeout=120s")).Ok();

            // run: makes a session, follows it, prints the report
            var run = await HudAsync(world, "run", "deploy/hog", "-d", "10", "--threshold", "10", "--name", "before");
            Assert.Equal(0, run.Code);
            Assert.Contains("burn", run.Output, StringComparison.Ordinal);
            // a second one by label, whose expectation is not met
            var gate = await HudAsync(
                world,
                "run",
                "-l",
                "app=hog",
                "-d",
                "10",
                "--threshold",
                "10",
                "--name",
                "after",
                "--expect-max-poll",
                "20ms"
            );
            Assert.Equal(6, gate.Code);
            Assert.Contains("PollTooLong", gate.Error, StringComparison.Ordinal);

            var table = (await HudAsync(world, "get")).Ok();
            Assert.All(table.Split('\n'), l => Assert.InRange(l.Length, 0, 80));
            Assert.Contains("before", table, StringComparison.Ordinal);
            Assert.Equal(
                2,
                JsonNode.Parse((await HudAsync(world, "get", "-o", "json")).Ok())!["items"]!.AsArray().Count
            );
            Assert.Contains("burn", (await HudAsync(world, "describe", "before")).Ok(), StringComparison.Ordinal);
            Assert.Contains(
                "kind: ProfilingSession",
                (await HudAsync(world, "describe", "before", "-o", "yaml")).Ok(),
                StringComparison.Ordinal
            );
            Assert.Contains("burn", (await HudAsync(world, "watch", "before")).Ok(), StringComparison.Ordinal);

            var page = Path.Combine(files, "page.html");
            Assert.Equal(page, (await HudAsync(world, "open", "before", "--save", page)).Ok().Trim());
            Assert.Contains("burn", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
            var pprof = Path.Combine(files, "cpu.pprof.pb.gz");
            var flame = Path.Combine(files, "flame.svg");
            (await HudAsync(world, "export", "before", pprof, flame)).Ok();
            Assert.Contains(
                "burn",
                (await Command.RunAsync("go", ["tool", "pprof", "-top", pprof])).Ok("go tool pprof"),
                StringComparison.Ordinal
            );
            Assert.Contains("<svg", await File.ReadAllTextAsync(flame), StringComparison.Ordinal);

            // the same program twice: nothing is new and nothing is gone
            var diff = await HudAsync(world, "diff", "before", "after");
            Assert.Contains(diff.Code, (int[])[0, 6]);
            Assert.Contains("burn", diff.Output, StringComparison.Ordinal);

            var doctor = await HudAsync(world, "doctor", "before");
            Assert.True(doctor.Code == 0, doctor.All);
            Assert.Contains("Kubernetes v1.", doctor.Output, StringComparison.Ordinal);
            Assert.Contains("ready in namespace hud-system", doctor.Output, StringComparison.Ordinal);

            var missing = await HudAsync(world, "run", "deploy/nothing", "-d", "2", "--no-wait", "--name", "nothing");
            Assert.Equal(0, missing.Code);
            Assert.Equal("Pending", World.Phase(await world.GetSessionAsync("nothing")) ?? "Pending");
        }
        finally
        {
            Directory.Delete(files, recursive: true);
        }
    }
}
