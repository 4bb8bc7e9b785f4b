using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.Core;

namespace Hud.ClusterTests;

/// <summary>The product end to end: real Tokio pods, the real agent, the answer in kubectl.</summary>
public sealed class ProfilingTests(Cluster cluster)
{
    [Fact]
    public async Task Four_workloads_at_once_each_end_with_their_function_and_cause_in_describe()
    {
        await using var world = await World.CreateAsync(cluster, Cluster.RealAgent);
        (string Workload, string Cause, string Function)[] expected = [("cpu_hog", "OnCpu", "burn"), ("sleep", "BlockingCall", "wait_a_little"), ("gzip", "OnCpu", "gzip"), ("mutex", "LockWait", "mutex")];
        foreach (var (workload, _, _) in expected)
            await world.PodAsync(workload.Replace('_', '-'), $"/{workload} --seconds 900 --block-ms 30 --every-ms 200");
        await world.PodsReadyAsync();
        foreach (var (workload, _, _) in expected)
            await world.SessionAsync(workload.Replace('_', '-'), $"target: {{podName: {workload.Replace('_', '-')}}}\nduration: 8s\nthreshold: 10ms\noutput: {{formats: [Report, Folded, Pprof]}}");
        (await world.KubectlAsync("wait", "--for=condition=Complete", "--timeout=200s", "hps", "--all")).Ok(await world.DescribeAsync("cpu-hog"));

        foreach (var (workload, cause, function) in expected)
        {
            var name = workload.Replace('_', '-');
            var session = (await cluster.GetAsync("hps", name, world.Name))!;
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
            Assert.Equal("True", World.Condition(session, "Ready")?.Status);
            var hotspots = session["status"]!["hotspots"]!.AsArray();
            var text = string.Join('\n', hotspots.Select(h => $"{h!["cause"]} {h["function"]} {h["userFrame"]} {h["task"]}"));
            Assert.True(hotspots.Any(h => h!["cause"]!.GetValue<string>() == cause && (h["function"]!.ToString() + h["userFrame"]).Contains(function, StringComparison.Ordinal)), $"{workload}: no {cause} in {function} among\n{text}");
            var described = (await world.KubectlAsync("describe", "hps", name)).Ok();
            Assert.Contains("Verdict:", described, StringComparison.Ordinal);
            Assert.Contains(session["status"]!["verdict"]!.GetValue<string>()[..20], described, StringComparison.Ordinal);
            Assert.Contains(cause, described, StringComparison.Ordinal);
            Assert.InRange(Encoding.UTF8.GetByteCount(session["status"]!.ToJsonString()), 1, 32 << 10);
            await ResultsHoldAsync(world, session);
        }
        await world.NoAgentsAsync();
        var listed = (await world.KubectlAsync("get", "hps")).Ok();
        Assert.Contains("PHASE", listed, StringComparison.Ordinal);
        Assert.Contains("1/1", listed, StringComparison.Ordinal);
    }

    private async Task ResultsHoldAsync(World world, JsonNode session)
    {
        var results = session["status"]!["results"]!.AsArray();
        Assert.Equal(["Report", "Folded", "Pprof"], results.Select(r => r!["format"]!.GetValue<string>()));
        foreach (var result in results)
        {
            var map = (await cluster.GetAsync("configmap", result!["configMap"]!.GetValue<string>(), world.Name))!;
            var key = result["key"]!.GetValue<string>();
            var bytes = map["binaryData"]?[key] is { } binary ? Convert.FromBase64String(binary.GetValue<string>()) : Encoding.UTF8.GetBytes(map["data"]![key]!.GetValue<string>());
            Assert.Equal(result["bytes"]!.GetValue<long>(), bytes.Length);
            Assert.InRange(bytes.Length, 1, 900 << 10);
            Assert.Equal(result["sha256"]!.GetValue<string>(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
            Assert.True(map["immutable"]!.GetValue<bool>());
            Assert.Equal(session["metadata"]!["uid"]!.GetValue<string>(), map["metadata"]!["ownerReferences"]![0]!["uid"]!.GetValue<string>());
            if (key == "report.json")
                Assert.Equal(session["status"]!["targets"]![0]!["podUID"]!.GetValue<string>(), JsonSerializer.Deserialize(bytes, HudJson.Default.ProfileDocument)!.Targets[0].PodUid);
        }
    }

    [Fact]
    public async Task An_idle_service_a_program_without_tokio_and_two_processes_each_have_their_answer()
    {
        await using var world = await World.CreateAsync(cluster, Cluster.RealAgent);
        await world.PodAsync("idle", "/idle --seconds 900");
        await world.PodAsync("plain", "/bin/sleep 900");
        await cluster.ApplyAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: two}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [/bin/sh, -c, "/cpu_hog --seconds 900 & /idle --seconds 900 & wait"]}
            """, world.Name);
        await world.PodsReadyAsync();
        await world.SessionAsync("idle", "target: {podName: idle}\nduration: 3s");
        await world.SessionAsync("plain", "target: {podName: plain}\nduration: 3s");
        await world.SessionAsync("which", "target: {podName: two}\nduration: 3s");
        await world.SessionAsync("this", "target: {podName: two, processName: cpu_hog}\nduration: 4s\nthreshold: 10ms");

        var idle = await world.FinishedAsync("idle");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(idle));
        Assert.Contains(idle["status"]!["targets"]![0]!["reason"]!.GetValue<string>(), (string[])["Idle", "BelowThreshold"]);
        Assert.Equal("Failed NoTokioRuntime", World.Outcome(await world.FinishedAsync("plain")));
        var which = await world.FinishedAsync("which");
        Assert.Equal("Failed ProcessAmbiguous", World.Outcome(which));
        Assert.Contains("target.processName", World.Condition(which, "Failed")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(await world.FinishedAsync("this")));
        await world.NoAgentsAsync();
    }

    [Fact]
    public async Task Several_pods_are_one_session_and_one_that_goes_away_is_said()
    {
        await using var world = await World.CreateAsync(cluster, Cluster.RealAgent);
        foreach (var name in (string[])["a", "b"])
            await world.PodAsync(name, "/cpu_hog --seconds 900");
        await world.PodsReadyAsync();
        await world.SessionAsync("both", "target: {podSelector: {matchLabels: {set: all}}}\nduration: 20s\nthreshold: 10ms");
        await world.PhaseAsync("both", "Profiling");
        (await world.KubectlAsync("delete", "pod", "b", "--grace-period=0", "--force")).Ok();
        var session = await world.FinishedAsync("both");
        Assert.Equal("Complete PartialTargets", World.Outcome(session));
        var states = session["status"]!["targets"]!.AsArray().ToDictionary(t => t!["pod"]!.GetValue<string>(), t => t!["state"] + " " + t["reason"]);
        Assert.Equal("Failed TargetGone", states["b"]);
        Assert.StartsWith("Succeeded", states["a"], StringComparison.Ordinal);
        await world.NoAgentsAsync();
    }
}
