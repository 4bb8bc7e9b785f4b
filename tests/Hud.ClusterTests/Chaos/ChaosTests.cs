using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests.Chaos;

/// <summary>
/// Faults by chance over many sessions of the real agent. <c>tests/chaos.sh</c> runs it: it takes minutes and sets the machine's clock.
/// </summary>
[Collection(Alone.Name)]
[Trait("runs", "alone")]
public sealed class ChaosTests(Cluster cluster)
{
    private const int MostFaults = 300,
        AtOnce = 4;

    private readonly Dictionary<string, int> _struck = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private int _made;
    private int _endedAlone;

    [Fact]
    public async Task Whatever_goes_wrong_every_session_ends_no_target_is_harmed_and_nothing_stays_attached()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable("HUD_CHAOS"), out var seconds))
            Assert.Skip("takes minutes and sets the machine's clock: tests/chaos.sh runs it");
        var seed = int.TryParse(Environment.GetEnvironmentVariable("HUD_CHAOS_SEED"), out var given)
            ? given
            : Random.Shared.Next();
        var work = cluster.RequireOwn();
        var random = new Random(seed);
        await using var world = await World.CreateAsync(cluster);
        var faults = new Faults(cluster, world, work, random);
        foreach (var (name, _, _) in faults.All)
            _struck[name] = 0;
        foreach (var name in Faults.TargetNames)
            await ReviveAsync(world, name);
        await world.PodsReadyAsync();
        var stuck = new StuckPods(cluster, world);
        using var over = new CancellationTokenSource();
        var watching = stuck.WatchAsync(over.Token);
        Say($"seed {seed}; {MostFaults} faults, or as many as fit into {seconds} s");

        var clock = Stopwatch.StartNew();
        while (_struck.Values.Sum() < MostFaults && clock.Elapsed.TotalSeconds < seconds)
        {
            // while the API server is away nothing else can be asked
            try
            {
                _endedAlone += await faults.SuperviseAsync();
                await KeepSessionsAsync(world, random);
                await CheckTargetsAsync(world, faults);
                // often the next comes before anything could be put right again
                for (var left = random.Next(1, 4); left > 0; left--)
                    await StrikeAsync(faults, random);
                foreach (var name in Faults.TargetNames)
                    await ReviveAsync(world, name);
            }
            catch (Exception e) when (e is HttpRequestException or Hud.Kubernetes.KubernetesException or IOException)
            {
                Say("asked again: " + e.Message);
            }

            await Task.Delay(random.Next(800));
        }

        try
        {
            _endedAlone += await faults.SuperviseAsync();
            await EndAsync(world, faults);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }

        Say($"  {_endedAlone, 4}  parts of the cluster that ended by themselves, started again");
        Say($"  {stuck.Deleted, 4}  pods whose container the node never made, deleted");
    }

    private async Task StrikeAsync(Faults faults, Random random)
    {
        var all = faults.All;
        var at = random.Next(all.Sum(f => f.Weight));
        var (name, _, strike) = all.First(f => (at -= f.Weight) < 0);
        if (await strike())
            _struck[name]++;
    }

    /// <summary>What was asked for, with agents at all stages of their lives.</summary>
    private async Task KeepSessionsAsync(World world, Random random)
    {
        var missing = AtOnce - (await SessionsAsync(world)).Count(s => !IsOver(s!));
        if (missing <= 0)
            return;
        await world.ApplyAsync(string.Join("---\n", Enumerable.Range(0, missing).Select(_ => Session(random))));
    }

    private string Session(Random random)
    {
        var target =
            random.Next(2) == 0
                ? "target: {podSelector: {matchLabels: {set: all}}}"
                : $"target: {{podName: {Faults.TargetNames[random.Next(Faults.TargetNames.Length)]}}}";
        return World.SessionYaml(
            $"s{_made++}",
            $"{target}\nduration: {random.Next(2, 9)}s\nthreshold: 10ms\nstartDeadline: 60s"
        );
    }

    private async Task ReviveAsync(World world, string name)
    {
        if (await cluster.GetAsync("pods", name, world.Name) is not null)
            return;
        await world.ApplyAsync(World.SmallPodYaml(name, "/counts --seconds 3600 --tasks 4 --block-ms 20"));
    }

    /// <summary>A program whose numbers are wrong ends with 3, one whose instructions were damaged by a signal.</summary>
    private async Task CheckTargetsAsync(World world, Faults faults)
    {
        foreach (var name in Faults.TargetNames)
        {
            var pod = await cluster.GetAsync("pods", name, world.Name);
            var container = pod?["status"]?["containerStatuses"]?[0];
            if (container is null)
                continue;
            var last = container["lastState"]?["terminated"];
            var code = last?["exitCode"]?.GetValue<int>();
            // one that ended while containerd was away has a code that nobody knows
            var unknown = code == 255 && last?["reason"]?.GetValue<string>() is "Unknown" or "ContainerStatusUnknown";
            Assert.True(
                code is null or 137 || unknown,
                $"{name} ended with {last}: {(await world.KubectlAsync("logs", name, "--previous", "--tail=5")).All}"
            );
            Assert.True(
                container["restartCount"]!.GetValue<int>() <= faults.Ended.GetValueOrDefault(name),
                $"{name} was restarted {container["restartCount"]} times, and ended by {faults.Ended.GetValueOrDefault(name)} faults"
            );
        }
    }

    private async Task EndAsync(World world, Faults faults)
    {
        foreach (var session in (await SessionsAsync(world)).ToList())
        {
            var name = session!["metadata"]!["name"]!.GetValue<string>();
            var ended = await world.FinishedAsync(name, 300);
            _ended.Add(name);
            Assert.NotNull(World.Condition(ended, "Ready"));
            Assert.NotEmpty(
                World.Condition(ended, "Failed")?.Message ?? World.Condition(ended, "Complete")!.Value.Message
            );
            // a run whose agent did not finish is incomplete, and each missing target has a reason
            foreach (var target in ended["status"]!["targets"]?.AsArray() ?? [])
                Assert.True(
                    target!["state"]!.GetValue<string>() == "Succeeded" || target["reason"] is not null,
                    ended.ToJsonString()
                );
            if (World.Condition(ended, "Complete")?.Status == "True")
                Assert.NotNull(World.Condition(ended, "ResultsComplete"));
        }

        await world.NoAgentsAsync();
        var programs = await Command.RunAsync("bpftool", ["prog", "show"]);
        Assert.DoesNotContain("name hud_", programs.Ok("bpftool"), StringComparison.Ordinal);
        await CheckTargetsAsync(world, faults);
        foreach (var name in Faults.TargetNames)
        {
            var log = (await world.KubectlAsync("logs", name, "--tail=200")).Ok("logs");
            Assert.DoesNotContain("WRONG", log, StringComparison.Ordinal);
        }

        Say($"{_struck.Values.Sum()} faults over {_made} sessions; all that were not deleted ended:");
        foreach (
            var group in (await SessionsAsync(world))
                .GroupBy(s => World.Outcome(s!), StringComparer.Ordinal)
                .OrderByDescending(g => g.Count())
        )
            Say($"  {group.Count(), 4}  {group.Key}");
        foreach (var (name, count) in _struck)
            Say($"  {count, 4}  {name}");
    }

    private static bool IsOver(JsonNode session) =>
        session["status"]?["phase"]?.GetValue<string>() is "Completed" or "Failed";

    private async Task<JsonArray> SessionsAsync(World world) =>
        await cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name);

    private static void Say(string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"chaos: {line}"));
}
