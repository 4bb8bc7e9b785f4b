using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests.Watch;

/// <summary>
/// A policy that watches for a long time while pods are rolled out, scaled, deleted and crash again and again. <c>tests/watch.sh</c> runs it: it takes
/// half an hour.
/// </summary>
[Collection(Alone.Name)]
[Trait("runs", "alone")]
public sealed class LongWatchTests(Cluster cluster)
{
    private const string Selector = "app.kubernetes.io/component=continuous-agent";
    private const int MiB = 1024;

    /// <summary>The metrics are up to five seconds old, and a program has up to ten blocks in a second.</summary>
    private const int Between = 10 * 8;

    private readonly Dictionary<string, SidecarPage> _first = new(StringComparer.Ordinal);
    private SidecarPage? _last;
    private int _largestPage;
    private int _missed;

    [Fact]
    public async Task A_policy_watches_through_rollouts_crashes_and_scaling_and_loses_nothing_that_it_does_not_tell()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable("HUD_WATCH"), out var seconds))
            Assert.Skip("takes half an hour: tests/watch.sh runs it");
        await using var world = await World.CreateAsync(cluster);
        await world.ApplyAsync(Deployment("web", 2, "/sleep --seconds 7200 --block-ms 30 --every-ms 200", 1));
        await world.ApplyAsync(Deployment("crash", 1, "/sleep --seconds 5 --block-ms 30 --every-ms 200", 1));
        await world.ApplyAsync(
            World.PolicyYaml(
                "always",
                """
                continuous: {}
                lookBack: 2m
                session:
                  target: {podSelector: {matchLabels: {watch: "yes"}}, maxPods: 20}
                  duration: 5s
                  threshold: 10ms
                """
            )
        );
        await World.UntilAsync(
            "the agent to watch",
            240,
            async () => World.Condition(await world.GetPolicyAsync("always"), "Watching")?.Status == "True",
            async () => (await world.KubectlAsync("get", "hpp,pods", "-o", "yaml")).All
        );
        var agent = await AgentAsync(world);
        var name = agent["metadata"]!["name"]!.GetValue<string>();

        // the page is there before the first figures are
        await World.UntilAsync(
            "the first figures",
            120,
            async () => await SidecarPage.ReadAsync(cluster, name) is { } page && page.Sum("hud_up") == 1,
            async () => (await cluster.KubectlAsync("-n", Cluster.System, "logs", name, "--all-containers")).All
        );

        var (clock, version, replicas, next) = (Stopwatch.StartNew(), 1, 2, 30.0);
        for (var change = 0; clock.Elapsed.TotalSeconds < seconds; )
        {
            await LookAsync(name);
            if (clock.Elapsed.TotalSeconds > next)
            {
                next += seconds / 30.0;
                switch (change++ % 4)
                {
                    case 0:
                        version++;
                        break;
                    case 1:
                        replicas = 4;
                        break;
                    case 2:
                        var pods = await PodsAsync(world);
                        (
                            await world.KubectlAsync(
                                "delete",
                                "pod",
                                pods.Order(StringComparer.Ordinal).First(),
                                "--wait=false"
                            )
                        ).Ok();
                        break;
                    default:
                        replicas = 2;
                        break;
                }
                await world.ApplyAsync(
                    Deployment("web", replicas, "/sleep --seconds 7200 --block-ms 30 --every-ms 200", version)
                );
            }
            await Task.Delay(TimeSpan.FromSeconds(5));
        }

        HashSet<string> running = [];
        await World.UntilAsync(
            "all that runs to be watched",
            120,
            async () =>
            {
                await LookAsync(name);
                running = await PodsAsync(world);
                return running.Count == replicas && running.IsSubsetOf(_last!.Watched());
            },
            async () =>
                $"watched: {string.Join(' ', _last!.Watched())}\n"
                + (await world.KubectlAsync("get", "pods")).All
                + (await world.KubectlAsync("get", "hpp", "always", "-o", "jsonpath={.status}")).All
                + (await AgentAsync(world))["metadata"]!["annotations"]!.ToJsonString()
                + (await cluster.KubectlAsync("-n", Cluster.System, "logs", name, "-c", "agent", "--tail=30")).All
                + string.Join(
                    '\n',
                    _last!
                        .Values.Where(v => v.Name is "hud_target_up" or "hud_lost_events_total")
                        .Select(v => v.ToString())
                )
        );
        await Task.Delay(TimeSpan.FromSeconds(20));
        await LookAsync(name);
        var end = _last!;
        Say($"{clock.Elapsed.TotalSeconds:0} s, {version - 1} rollouts; looks that were not answered: {_missed}");

        // one agent all the time
        var after = await AgentAsync(world);
        Assert.Equal(name, after["metadata"]!["name"]!.GetValue<string>());
        Assert.All(
            after["status"]!["containerStatuses"]!.AsArray(),
            c => Assert.Equal(0, c!["restartCount"]!.GetValue<int>())
        );
        Assert.Equal(0, _missed);

        // what the programs noted themselves against what was counted, and what was lost is told
        var lost = end.Sum("hud_lost_events_total");
        Say($"lost events told: {lost}");
        foreach (var pod in running)
        {
            var since = _first[pod];
            var blocks = await BlocksAsync(world, pod, since.AtNs, end.AtNs);
            var counted =
                end.Sum("hud_slow_polls_total", $"pod=\"{pod}\"") - since.Sum("hud_slow_polls_total", $"pod=\"{pod}\"");
            Say($"{pod}: {blocks} blocks in {(end.AtNs - since.AtNs) / 1e9:0} s, {counted} slow polls");
            Assert.InRange(counted, blocks - lost - Between, blocks + Between);
        }

        var (agentKib, sidecarKib) = Memory(after);
        Say(
            $"agent: {agentKib / MiB} MiB at most, sidecar: {sidecarKib / MiB} MiB; largest page: {_largestPage / 1024} KiB"
        );
        Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"cost to the targets: {end.One("hud_overhead_ratio") * 100:0.000} %, CPU of the agent: {end.One("hud_agent_cpu_seconds_total"):0.0} s"
            )
        );
        Assert.InRange(agentKib, 1, 60 * MiB);
        Assert.InRange(sidecarKib, 1, 40 * MiB);
    }

    private async Task LookAsync(string agent)
    {
        if (await SidecarPage.ReadAsync(cluster, agent) is not { } page)
        {
            _missed++;
            return;
        }
        Assert.Equal(1, page.One("hud_up"));
        if (_last is { } before)
            Assert.True(
                page.One("hud_observed_seconds_total") >= before.One("hud_observed_seconds_total"),
                "the counters began anew"
            );
        foreach (var pod in page.Watched())
            _first.TryAdd(pod, page);
        _largestPage = Math.Max(_largestPage, page.Bytes);
        _last = page;
    }

    private async Task<JsonNode> AgentAsync(World world) =>
        Assert.Single(
            await cluster.ListAsync("pods", Cluster.System, Selector),
            p => p!["metadata"]!["annotations"]!["hud.dev/policy"]!.GetValue<string>() == world.Name + "/always"
        )!;

    /// <summary>Those of the service that are not on their way out.</summary>
    private async Task<HashSet<string>> PodsAsync(World world) =>
        [
            .. (await cluster.ListAsync("pods", world.Name, "app=web"))
                .Where(p => p!["metadata"]!["deletionTimestamp"] is null)
                .Select(p => p!["metadata"]!["name"]!.GetValue<string>()),
        ];

    /// <summary>How many blocks a program noted that ended between two moments.</summary>
    private static async Task<int> BlocksAsync(World world, string pod, long from, long until) =>
        (await world.KubectlAsync("logs", pod))
            .Ok("logs")
            .Split('\n')
            .Where(l => l.StartsWith('{') && l.EndsWith('}') && l.Contains("\"dur_ns\"", StringComparison.Ordinal))
            .Select(l => JsonNode.Parse(l)!)
            .Count(b =>
                b["start_ns"]!.GetValue<long>() + b["dur_ns"]!.GetValue<long>() is var ended
                && ended >= from
                && ended < until
            );

    /// <summary>The most that either ever had, in KiB.</summary>
    private static (int Agent, int Sidecar) Memory(JsonNode pod)
    {
        var (agent, sidecar) = (0, 0);
        foreach (var container in pod["status"]!["containerStatuses"]!.AsArray())
        {
            var sum = Node.Pids(container!["containerID"]!.GetValue<string>()).Sum(Node.PeakKib);
            if (container["name"]!.GetValue<string>() == "metrics")
                sidecar = sum;
            else
                agent = sum;
        }
        return (agent, sidecar);
    }

    private static string Deployment(string name, int replicas, string command, int version) =>
        $$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: {{{name}}}}
            spec:
              replicas: {{{replicas}}}
              selector: {matchLabels: {app: {{{name}}}}}
              template:
                metadata: {labels: {app: {{{name}}}, watch: "yes", version: "v{{{version}}}"}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [{{{World.Words(
                command
            )}}}], resources: {requests: {cpu: 20m} } }

            """;

    private static void Say(string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"watch: {line}"));
}
