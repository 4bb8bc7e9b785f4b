using Hud.Core.Api;
using YamlDotNet.RepresentationModel;

namespace Hud.Metrics.Tests;

/// <summary>The alerts of the chart, as Prometheus' own tool reads them.</summary>
public sealed class RulesTests
{
    private static readonly string Rules = RepositoryRoot.PathOf("charts", "hud", "rules", "hud.yaml");
    private static readonly string Cases = RepositoryRoot.PathOf(
        "tests",
        "Hud.Metrics.Tests",
        "Rules",
        "hud.test.yaml"
    );
    private static readonly IReadOnlyList<AlertRule> Alerts = AlertRule.Read(Rules);

    [Fact]
    public void The_rules_are_valid() =>
        Assert.Contains(
            $"SUCCESS: {Alerts.Count} rules found",
            Prometheus.Promtool("", "check", "rules", Rules),
            StringComparison.Ordinal
        );

    [Fact]
    public void They_fire_when_they_are_to_and_say_what_to_do()
    {
        string said = Prometheus.Promtool("", "test", "rules", Cases);
        Assert.EndsWith("SUCCESS", said.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("exit code", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_has_a_case_in_which_it_fires_and_one_in_which_it_does_not()
    {
        var yaml = new YamlStream();
        using (var text = File.OpenText(Cases))
            yaml.Load(text);
        var cases = ((YamlSequenceNode)yaml.Documents[0].RootNode["tests"])
            .SelectMany(test => (YamlSequenceNode)test["alert_rule_test"])
            .Select(c => (Alert: c["alertname"].ToString(), Fires: ((YamlSequenceNode)c["exp_alerts"]).Any()))
            .ToList();
        Assert.Equal(
            Alerts.SelectMany(a => (List<(string, bool)>)[(a.Name, false), (a.Name, true)]).Order(),
            cases.Distinct().Order()
        );
    }

    [Fact]
    public void They_ask_for_metrics_that_there_are() =>
        Assert.All(Alerts, a => Assert.Empty(DashboardTests.Names(a.Expression).Except(DashboardTests.Served())));

    [Fact]
    public void Each_has_its_row_on_the_page_about_metrics()
    {
        var rows = File.ReadLines(RepositoryRoot.PathOf("docs", "metrics.md"))
            .Where(line => line.StartsWith("| `Hud", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries));
        Assert.Equal(
            Alerts.Select(a => ($"`{a.Name}`", a.Labels["severity"], a.Labels.ContainsKey("profile") ? "yes" : "")),
            rows.Select(cells => (cells[1], cells[2], cells[4]))
        );
    }

    /// <summary>A policy that says nothing of labels takes these.</summary>
    [Fact]
    public void Those_to_be_answered_by_a_session_name_what_a_policy_looks_for()
    {
        var policy = new AlertTriggerSpec();
        var answered = Alerts.Where(a => a.Labels.ContainsKey("profile")).ToList();
        Assert.Equal(3, answered.Count);
        Assert.All(
            answered,
            a =>
                Assert.Contains(
                    $" by ({policy.NamespaceLabel}, {policy.PodLabel}, {MetricLabels.Container}, {MetricLabels.Process}",
                    a.Expression,
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(
            $"{{key: alertname, operator: In, values: [{string.Join(", ", answered.Select(a => a.Name))}]}}",
            File.ReadAllText(RepositoryRoot.PathOf("config", "samples", "hud-alert.yaml")),
            StringComparison.Ordinal
        );
    }
}
