using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hud.ClusterTests.Harness;
using Hud.Core;

namespace Hud.ClusterTests;

/// <summary>The product end to end: real Tokio pods, the real agent, the answer in kubectl.</summary>
public sealed partial class WorkloadTests(Cluster cluster)
{
    [Fact]
    public async Task Workloads_at_once_each_end_with_their_function_and_cause_in_describe()
    {
        await using var world = await World.CreateAsync(cluster);
        // with line tables the inlined function is known as well, and it is that one
        (string Pod, string Cause, string Function)[] expected =
        [
            ("cpu-hog", "OnCpu", "burn"),
            ("sleep", "BlockingCall", "wait_a_little"),
            ("gzip", "OnCpu", "gzip"),
            ("mutex", "LockWait", "mutex"),
            ("cpu-hog-lines", "OnCpu", "spin"),
        ];
        await world.ApplyAsync(
            string.Join(
                "---\n",
                expected.Select(e =>
                    World.PodYaml(e.Pod, $"/{e.Pod.Replace('-', '_')} --seconds 900 --block-ms 30 --every-ms 200")
                )
            )
        );
        await world.PodsReadyAsync();
        await world.ApplyAsync(
            string.Join(
                "---\n",
                expected.Select(e =>
                    World.SessionYaml(
                        e.Pod,
                        $"target: {{podName: {e.Pod}}}\nduration: 8s\nthreshold: 10ms\noutput: {{formats: [Report, Folded, Pprof]}}"
                    )
                )
            )
        );
        (await world.KubectlAsync("wait", "--for=condition=Complete", "--timeout=240s", "hps", "--all")).Ok("waiting");

        foreach (var (name, cause, function) in expected)
        {
            var session = (await world.GetSessionAsync(name))!;
            Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
            Assert.Equal("True", World.Condition(session, "Ready")?.Status);
            var hotspots = session["status"]!["hotspots"]!.AsArray();
            var text = string.Join(
                '\n',
                hotspots.Select(h => $"{h!["cause"]} {h["function"]} {h["userFrame"]} {h["task"]}")
            );
            Assert.True(
                hotspots.Any(h =>
                    h!["cause"]!.GetValue<string>() == cause
                    && (h["function"]!.ToString() + h["userFrame"]).Contains(function, StringComparison.Ordinal)
                ),
                $"{name}: no {cause} in {function} among\n{text}"
            );
            var described = (await world.KubectlAsync("describe", "hps", name)).Ok();
            Assert.Contains("Verdict:", described, StringComparison.Ordinal);
            Assert.Contains(
                session["status"]!["verdict"]!.GetValue<string>()[..20],
                described,
                StringComparison.Ordinal
            );
            Assert.Contains(cause, described, StringComparison.Ordinal);
            Assert.Contains(hotspots[0]!["function"]!.GetValue<string>(), described, StringComparison.Ordinal);
            Assert.InRange(Encoding.UTF8.GetByteCount(session["status"]!.ToJsonString()), 1, 32 << 10);
            // only one of them was built with line tables
            Assert.Equal(
                name == "cpu-hog-lines",
                hotspots.Any(h => LineOfRust().IsMatch(h!["location"]?.GetValue<string>() ?? ""))
            );
            await ResultsHoldAsync(world, session);
        }
        await world.NoAgentsAsync();
        var listed = (await world.KubectlAsync("get", "hps")).Ok();
        Assert.Contains("PHASE", listed, StringComparison.Ordinal);
        Assert.Contains("1/1", listed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_that_is_held_back_by_its_cpu_limit_is_said_to_be_and_its_neighbour_is_not()
    {
        await using var world = await World.CreateAsync(cluster);
        await world.PodAsync(
            "limited",
            "/cpu_hog --seconds 900 --block-ms 30 --every-ms 50",
            ", resources: {limits: {cpu: 100m}}"
        );
        await world.PodAsync("free", "/cpu_hog --seconds 900 --block-ms 10 --every-ms 200");
        await world.PodsReadyAsync();
        await world.SessionAsync(
            "s",
            "target: {podSelector: {matchLabels: {set: all}}}\nduration: 8s\nthreshold: 10ms"
        );
        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        var held = session["status"]!["targets"]!
            .AsArray()
            .ToDictionary(t => t!["pod"]!.GetValue<string>(), t => t!["throttledMillis"]?.GetValue<long>() ?? 0);
        Assert.InRange(held["limited"], 1, long.MaxValue);
        Assert.Equal(0, held["free"]);
    }

    /// <summary>The runtime's default filter knows nothing of a return probe's system call: whether it kills is tried on a child of the agent first.</summary>
    [Fact]
    public async Task A_pod_under_the_runtimes_default_seccomp_profile_is_timed_poll_by_poll()
    {
        await using var world = await World.CreateAsync(cluster);
        await world.PodAsync(
            "confined",
            "/sleep --seconds 900 --block-ms 30 --every-ms 200",
            ", securityContext: {seccompProfile: {type: RuntimeDefault}, allowPrivilegeEscalation: false}"
        );
        await world.PodsReadyAsync();
        Assert.Contains(
            "Seccomp:\t2",
            (
                await world.KubectlAsync(
                    "exec",
                    "confined",
                    "--",
                    "/bin/sh",
                    "-c",
                    "while read line; do echo \"$line\"; done </proc/1/status"
                )
            ).Ok(),
            StringComparison.Ordinal
        );
        await world.SessionAsync("s", "target: {podName: confined}\nduration: 6s\nthreshold: 10ms");
        var session = await world.FinishedAsync("s");
        Assert.Equal("Complete AllTargetsProfiled", World.Outcome(session));
        // without probes nothing would be counted
        Assert.InRange(session["status"]!["summary"]!["polls"]!.GetValue<long>(), 10, long.MaxValue);
        Assert.Contains(
            session["status"]!["hotspots"]!.AsArray(),
            h => h!["cause"]!.GetValue<string>() == "BlockingCall"
        );
    }

    [GeneratedRegex(@"\w\.rs:\d+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LineOfRust();

    private async Task ResultsHoldAsync(World world, JsonNode session)
    {
        var results = session["status"]!["results"]!.AsArray();
        Assert.Equal(["Report", "Folded", "Pprof"], results.Select(r => r!["format"]!.GetValue<string>()));
        foreach (var result in results)
        {
            var map = (await cluster.GetAsync("configmaps", result!["configMap"]!.GetValue<string>(), world.Name))!;
            var key = result["key"]!.GetValue<string>();
            var bytes = map["binaryData"]?[key] is { } binary
                ? Convert.FromBase64String(binary.GetValue<string>())
                : Encoding.UTF8.GetBytes(map["data"]![key]!.GetValue<string>());
            Assert.Equal(result["bytes"]!.GetValue<long>(), bytes.Length);
            Assert.InRange(bytes.Length, 1, 900 << 10);
            Assert.Equal(result["sha256"]!.GetValue<string>(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
            Assert.True(map["immutable"]!.GetValue<bool>());
            Assert.Equal(
                session["metadata"]!["uid"]!.GetValue<string>(),
                map["metadata"]!["ownerReferences"]![0]!["uid"]!.GetValue<string>()
            );
            if (key == "report.json")
                Assert.Equal(
                    session["status"]!["targets"]![0]!["podUID"]!.GetValue<string>(),
                    JsonSerializer.Deserialize(bytes, HudJson.Default.ProfileDocument)!.Targets[0].PodUid
                );
        }
    }
}
