using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Metrics;
using Hud.Metrics.Dashboard;
using Hud.Metrics.Http;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// Every query of the dashboard and of the alerts, asked of a real Prometheus that scrapes a real run. Its programs are several pods, one for each thing
/// that is to be seen: an odd one among siblings, a stuck worker, a quota, tasks that wait.
/// </summary>
[Collection(Alone.Name)]
public sealed partial class DashboardTests
{
    private const string Set = "tokio143-release";
    private const string Container = "app";

    /// <summary>Zero where all is well, as it is here.</summary>
    private static readonly string[] MayBeZero = ["Silent agents", "What is timed", "Events lost a second"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_panel_and_every_alert_has_data_of_a_run(bool native)
    {
        using var slow = CpuGroup.Create("hud-test-dashboard", quotaPercent: 20);
        using var stuck = CpuGroup.Create("hud-test-stuck", quotaPercent: 40);
        using var first = await Workload.StartAsync(Set, "stall", "--workers 2 --block-ms 20 --every-ms 180");
        using var second = await Workload.StartAsync(Set, "stall", "--workers 2 --block-ms 20 --every-ms 180");
        using var odd = await Workload.StartAsync(Set, "stall", "--workers 2 --block-ms 60 --every-ms 40");
        using var held = await Workload.StartAsync(Set, "steady_work", "--tasks 2");
        using var loops = await Workload.StartAsync(Set, "never_returns", "--every-ms 1000");
        using var waits = await Workload.StartAsync(Set, "wakes", "--workers 2 --block-ms 20 --every-ms 60");
        slow.Add(held.Pid);
        stuck.Add(loops.Pid);
        await using var run = await ServedRun.StartAsync([
            Pod(first, "checkout-1"),
            Pod(second, "checkout-2"),
            Pod(odd, "checkout-3"),
            Pod(held, "held"),
            Pod(loops, "stuck"),
            Pod(waits, "waits"),
        ]);
        string rules = RepositoryRoot.PathOf("charts", "hud", "rules", "hud.yaml");
        var panels = HudDashboard.Rows.SelectMany(r => r.Panels).ToList();
        string[] expressions =
        [
            .. HudDashboard.Variables.Select(v => Label().Replace(Chosen(v.Values), "count by (${label}) (${series})")),
            .. panels.SelectMany(p =>
                p.Queries.Select(q =>
                    MayBeZero.Contains(p.Title) ? Chosen(q.Expression) : $"({Chosen(q.Expression)}) != 0"
                )
            ),
            .. AlertRule.Read(rules).Select(a => Threshold().Replace(a.Expression.Split(" unless ")[0], ">= 0 * ")),
            "ALERTS{alertname='HudWorkerStuck'}",
        ];
        var answers = await Prometheus.AskAsync(
            // as a PodMonitor names the agent's pod; what the agent says of its targets goes before
            new ScrapeSetup(run.Address)
            {
                Native = native,
                Labels = "namespace: hud-system, pod: hud-agent-1, container: metrics, node: node-1",
                RuleFile = rules,
            },
            expressions
        );

        Assert.All(answers.SelectMany(a => a.Values), value => Assert.True(double.IsFinite(value)));
        var above = Assert.Single(panels, p => p.Signed);
        var odds = answers[Array.IndexOf(expressions, $"({Chosen(above.Queries[0].Expression)}) != 0")];
        Assert.Equal("checkout-3", Labels(odds.MaxBy(o => o.Value).Key)[MetricLabels.Pod]);
        Assert.True(odds.Values.Max() > 0);

        // what a policy reads in the alert that Alertmanager sends
        var policy = new AlertTriggerSpec();
        var alert = Labels(Assert.Single(answers[^1]).Key);
        Assert.Equal(
            ("shop", "stuck", Container, "yes"),
            (alert[policy.NamespaceLabel], alert[policy.PodLabel], alert[MetricLabels.Container], alert["profile"])
        );
    }

    private static AgentTarget Pod(Workload workload, string name) =>
        new()
        {
            Pid = workload.Pid,
            Namespace = "shop",
            Pod = name,
            Container = Container,
        };

    /// <summary>As Grafana fills it in, when somebody has chosen a namespace.</summary>
    private static string Chosen(string expression) =>
        Variable()
            .Replace(
                expression,
                m =>
                    m.Value switch
                    {
                        "$__rate_interval" => "15s",
                        "$namespace" => "shop",
                        _ => ".*",
                    }
            );

    private static Dictionary<string, string> Labels(string json) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;

    [GeneratedRegex(@"^label_values\((?<series>.*), (?<label>\w+)\)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Label();

    [GeneratedRegex(@"\$\w+", RegexOptions.None, 1000)]
    private static partial Regex Variable();

    /// <summary>What is above 10 is above 0 as well, and whether 0 is above 10 is not asked here.</summary>
    [GeneratedRegex("(?:>|==) ?", RegexOptions.None, 1000)]
    private static partial Regex Threshold();

    /// <summary>The agent, as the operator starts it, and its metrics on a port of loopback.</summary>
    private sealed class ServedRun : IAsyncDisposable
    {
        private readonly Process _agent;
        private readonly Socket _listener;
        private readonly CancellationTokenSource _end = new();
        private readonly Task _reading;
        private readonly Task _serving;

        private ServedRun(Process agent, Socket listener)
        {
            (_agent, _listener) = (agent, listener);
            var pages = new MetricsPages(TimeProvider.System);
            _reading = ReadAsync(pages);
            _serving = new PageServer(pages.Answer).RunAsync(listener, _end.Token);
        }

        public string Address => _listener.LocalEndPoint!.ToString()!;

        public static async Task<ServedRun> StartAsync(IReadOnlyList<AgentTarget> targets)
        {
            var task = new AgentTask
            {
                Session = new ProfilingSessionSpec
                {
                    Duration = new GoDuration(90_000_000_000),
                    Threshold = new GoDuration(5_000_000),
                },
                Targets = targets,
                Options = new AgentOptions { Metrics = true, ForceLevel = 0 },
            };
            var start = new ProcessStartInfo(Repository.Hud + "-agent")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            start.Environment[AgentTask.EnvironmentVariable] = JsonSerializer.Serialize(
                task,
                HudJson.Default.AgentTask
            );
            var agent = Process.Start(start)!;
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            await Task.Yield();
            return new ServedRun(agent, listener);
        }

        private async Task ReadAsync(MetricsPages pages)
        {
            var reader = new AgentStreamReader(open: false);
            var lines = new StreamLines();
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = await _agent.StandardOutput.BaseStream.ReadAsync(buffer)) > 0)
            {
                lines.Push(
                    buffer.AsSpan(0, read),
                    line =>
                    {
                        if (reader.Accept(line) is { } message)
                            pages.Accept(message);
                    }
                );
            }
        }

        public async ValueTask DisposeAsync()
        {
            _agent.Kill();
            await _agent.WaitForExitAsync();
            await _reading;
            await _end.CancelAsync();
            await _serving;
            _listener.Dispose();
            _agent.Dispose();
            _end.Dispose();
        }
    }
}
