using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.Core;
using Hud.Core.Profile;

namespace Hud.ClusterTests;

/// <summary>An alert about something that is over by then: agents that watch, and a session that begins before the alert.</summary>
[Trait("runs", "alone")]
public sealed class LookBackTests(Cluster cluster, ITestOutputHelper output)
{
    private const string Secret = "hud-alerts-of-tests";
    private const string Token = "a-token-of-tests-0123456789";
    private const string Watching = "app.kubernetes.io/component=continuous-agent";

    [Fact]
    public async Task A_session_by_an_alert_holds_the_poll_that_had_ended_before_the_alert()
    {
        await using var world = await World.CreateAsync(cluster);
        await ReceiveAlertsAsync();
        try
        {
            // one long poll every 40 s, and nothing else
            await world.PodAsync("late", "/sleep --seconds 1800 --block-ms 900 --every-ms 40000");
            await world.PodsReadyAsync();
            await world.ApplyAsync(
                World.PolicyYaml(
                    "watch",
                    """
                    continuous: {}
                    lookBack: 2m
                    triggers: {alert: {matchLabels: {alertname: Blocked}}}
                    session:
                      target: {podSelector: {matchLabels: {app: late}}}
                      duration: 5s
                      threshold: 100ms
                      output: {formats: [Report]}
                    """
                )
            );
            await World.UntilAsync(
                "an agent that watches the pod",
                240,
                async () => (await AgentLogAsync()).Contains("{\"t\":\"target\"", StringComparison.Ordinal),
                DetailsAsync
            );
            var before = await BlocksAsync(world);
            await World.UntilAsync(
                "a poll that blocks",
                120,
                async () => await BlocksAsync(world) > before,
                DetailsAsync
            );

            var alert = DateTimeOffset.UtcNow;
            var since = Stopwatch.StartNew();
            await PostAsync(world.Name, alert);
            JsonNode? session = null;
            await World.UntilAsync(
                "a session",
                60,
                async () =>
                    (
                        session = (
                            await cluster.ListAsync(
                                "hud.dev/v1alpha1/profilingsessions",
                                world.Name,
                                "hud.dev/policy=watch"
                            )
                        ).FirstOrDefault()
                    )
                        is not null,
                DetailsAsync
            );
            output.WriteLine($"from the alert to the session: {since.ElapsedMilliseconds} ms");
            var name = session!["metadata"]!["name"]!.GetValue<string>();
            Assert.Equal("2m", Duration(session["spec"]!["lookBack"]!.GetValue<string>()));
            session = await world.FinishedAsync(name);
            output.WriteLine($"from the alert to the result: {since.ElapsedMilliseconds} ms");

            Assert.True(World.Outcome(session) == "Complete AllTargetsProfiled", await world.DescribeAsync(name));
            // what there was to keep is as long as the agent has watched
            Assert.NotEqual("NotWatched", World.Condition(session, "LookedBack")!.Value.Reason);
            Assert.True(World.Time(session, "observedFrom") < alert);
            Assert.True(World.Time(session, "observedFrom") < World.Time(session, "startTime"));
            Assert.Empty(await cluster.AgentsOfAsync(world.Name));
            var profile = await ReportAsync(world, name);
            Assert.NotNull(profile.LookBack);
            var poll = profile.SlowPolls.First(p => p.WallNs >= 900_000_000);
            var end = profile.Summary.StartedAt.AddTicks((poll.StartNs + poll.WallNs) / 100);
            Assert.True(end < alert, $"{end:O} is not before {alert:O}");
            Assert.Contains(
                profile.Hotspots,
                h => (h.Function + h.UserFrame).Contains("wait_a_little", StringComparison.Ordinal)
            );
            Assert.Contains(
                (await world.KubectlAsync("get", "hps", name, "-o", "wide")).Ok().Split('\n')[0].Split(' '),
                column => column == "FROM"
            );
            // the agent goes on, and is asked nothing any more
            var agent = Assert.Single(await AgentsAsync());
            Assert.Equal("[]", agent!["metadata"]!["annotations"]!["hud.dev/look-backs"]!.GetValue<string>());
        }
        finally
        {
            await world.KubectlAsync("delete", "hpp", "--all", "--timeout=60s");
            await cluster.KubectlAsync("-n", Cluster.System, "delete", "secret", Secret);
            await cluster.InstallAsync();
        }

        Task<string> DetailsAsync() => DescribeAsync(world);
    }

    private async Task<string> DescribeAsync(World world) =>
        (await world.KubectlAsync("describe", "hpp,hps")).All
        + (await cluster.KubectlAsync("-n", Cluster.System, "describe", "pods", "-l", Watching)).All
        + (await cluster.KubectlAsync("-n", Cluster.System, "logs", "-l", Cluster.OperatorPods, "--tail=60")).All
        + await AgentLogAsync();

    /// <summary>Until the installation is made anew.</summary>
    private async Task ReceiveAlertsAsync()
    {
        await cluster.KubectlAsync("-n", Cluster.System, "delete", "secret", Secret);
        (
            await cluster.KubectlAsync(
                "-n",
                Cluster.System,
                "create",
                "secret",
                "generic",
                Secret,
                "--from-literal=token=" + Token
            )
        ).Ok("the secret");
        (
            await cluster.HelmAsync(
                "upgrade",
                "hud",
                "charts/hud",
                "-n",
                Cluster.System,
                "--skip-crds",
                "--reuse-values",
                "--set",
                $"alerts.enabled=true,alerts.existingSecret={Secret}"
            )
        ).Ok("helm");
        await cluster.OperatorReadyAsync();
    }

    /// <summary>As Alertmanager does, to the pod that leads: the Service is for those inside of the cluster.</summary>
    private async Task PostAsync(string ns, DateTimeOffset startsAt)
    {
        var body = JsonSerializer.Serialize(
            new
            {
                version = "4",
                status = "firing",
                alerts = new[]
                {
                    new
                    {
                        status = "firing",
                        labels = new Dictionary<string, string>(StringComparer.Ordinal)
                        {
                            ["alertname"] = "Blocked",
                            ["namespace"] = ns,
                            ["pod"] = "late",
                        },
                        startsAt = startsAt.ToString("O", CultureInfo.InvariantCulture),
                        fingerprint = "a1b2c3d4e5f60718",
                    },
                },
            }
        );
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var said = "";
        await World.UntilAsync(
            "an operator that takes the alert",
            60,
            async () =>
            {
                foreach (var pod in await cluster.ListAsync("pods", Cluster.System, Cluster.OperatorPods))
                {
                    if (pod?["status"]?["podIP"]?.GetValue<string>() is not { } address)
                        continue;
                    try
                    {
                        using var content = new StringContent(body, Encoding.UTF8, "application/json");
                        using var answer = await http.PostAsync(new Uri($"http://{address}:8081/alerts"), content);
                        if (answer.IsSuccessStatusCode)
                            return true;
                        said = await answer.Content.ReadAsStringAsync();
                    }
                    catch (HttpRequestException e)
                    {
                        said = e.Message;
                    }
                }
                return false;
            },
            () => Task.FromResult(said)
        );
    }

    private Task<JsonArray> AgentsAsync() => cluster.ListAsync("pods", Cluster.System, Watching);

    private async Task<string> AgentLogAsync() =>
        (await cluster.KubectlAsync("-n", Cluster.System, "logs", "-l", Watching, "-c", "agent", "--tail=-1")).All;

    /// <summary>What the program has printed of its own long polls.</summary>
    private static async Task<int> BlocksAsync(World world) =>
        (await world.KubectlAsync("logs", "late"))
            .Ok()
            .Split('\n')
            .Count(l => l.Contains("wait_a_little", StringComparison.Ordinal));

    private static string Duration(string text) => Core.Api.GoDuration.Parse(text).ToString();

    private static async Task<ProfileDocument> ReportAsync(World world, string session)
    {
        var map = JsonNode.Parse(
            (await world.KubectlAsync("get", "configmap", session + "-report", "-o", "json")).Ok()
        )!;
        return JsonSerializer.Deserialize(
            map["data"]!["report.json"]!.GetValue<string>(),
            HudJson.Default.ProfileDocument
        )!;
    }
}
