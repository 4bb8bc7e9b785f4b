using System.Reflection;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Policies;
using YamlDotNet.RepresentationModel;
using static Hud.Operator.Tests.Crd;

namespace Hud.Operator.Tests.Policies;

/// <summary>The schema of policies, C# types, bounds and sentences say the same, and a policy's session is a session.</summary>
public sealed class PolicyCrdTests
{
    private static YamlNode Spec() => Schema("spec", OfPolicies);

    [Fact]
    public void Spec_and_status_have_the_fields_of_the_types_with_the_same_kinds()
    {
        var problems = new List<string>();
        CrdTests.Compare("spec", Spec(), HudJson.Default.ProfilingPolicySpec, problems);
        CrdTests.Compare("status", Schema("status", OfPolicies), HudJson.Default.ProfilingPolicyStatus, problems);
        Assert.Empty(problems);
    }

    [Fact]
    public void Defaults_of_the_schema_are_those_of_the_type()
    {
        // cron has none: it has to be given
        using var empty = JsonDocument.Parse(
            JsonSerializer
                .Serialize(
                    new ProfilingPolicySpec
                    {
                        Schedule = new ScheduleSpec { Cron = "-" },
                        Triggers = new TriggersSpec
                        {
                            Alert = new AlertTriggerSpec(),
                            Rollout = new RolloutTriggerSpec(),
                        },
                        Continuous = new ContinuousSpec(),
                    },
                    HudJson.Default.ProfilingPolicySpec
                )
                .Replace("\"cron\":\"-\",", "", StringComparison.Ordinal)
        );
        var problems = new List<string>();
        CrdTests.Defaults("spec", Spec(), empty.RootElement, problems);
        Assert.Empty(problems);
        Assert.Equal("-1", Text(Schema("status", OfPolicies), "default", "observedGeneration"));
    }

    [Fact]
    public void Bounds_are_those_of_the_operator()
    {
        var schedule = At(Spec(), "properties", "schedule", "properties")!;
        foreach (var limit in (string[])["successfulSessionsHistoryLimit", "failedSessionsHistoryLimit"])
        {
            Assert.Equal($"{PolicyBounds.MinHistory}", Text(schedule, limit, "minimum"));
            Assert.Equal($"{PolicyBounds.MaxHistory}", Text(schedule, limit, "maximum"));
        }
        Assert.Equal($"{PolicyBounds.MaxCronLength}", Text(schedule, "cron", "maxLength"));
        Assert.Equal($"{PolicyBounds.MaxTimeZoneLength}", Text(schedule, "timeZone", "maxLength"));
        Assert.Equal(
            [PolicyBounds.MinStartingDeadline, PolicyBounds.MaxStartingDeadline],
            CrdTests.Durations(Rule(schedule, "startingDeadline"))
        );
        Assert.Equal($"self.lowerAscii().matches('^{CronSyntax.CronPattern}$')", Rule(schedule, "cron"));
        Assert.Equal($"self.matches('^{CronSyntax.ZonePattern}$') && self != 'Local'", Rule(schedule, "timeZone"));
    }

    [Fact]
    public void Bounds_of_the_trigger_are_those_of_the_operator()
    {
        var alert = At(Spec(), "properties", "triggers", "properties", "alert", "properties")!;
        foreach (var limit in (string[])["successfulSessionsHistoryLimit", "failedSessionsHistoryLimit"])
        {
            Assert.Equal($"{PolicyBounds.MinHistory}", Text(alert, limit, "minimum"));
            Assert.Equal($"{PolicyBounds.MaxHistory}", Text(alert, limit, "maximum"));
            Assert.Contains(
                $"of the last {AlertDecider.Kept.TotalMinutes} minutes",
                Text(alert, limit, "description"),
                StringComparison.Ordinal
            );
        }
        Assert.Equal($"{PolicyBounds.MinSessionsPerHour}", Text(alert, "maxSessionsPerHour", "minimum"));
        Assert.Equal($"{PolicyBounds.MaxSessionsPerHour}", Text(alert, "maxSessionsPerHour", "maximum"));
        Assert.Equal([PolicyBounds.MinCooldown, PolicyBounds.MaxCooldown], CrdTests.Durations(Rule(alert, "cooldown")));
        foreach (var label in (string[])["podLabel", "namespaceLabel", "containerLabel"])
        {
            Assert.Equal($"self.matches('^{AlertSyntax.KeyPattern}$')", Rule(alert, label));
            Assert.Equal($"{AlertSyntax.MaxKeyLength}", Text(alert, label, "maxLength"));
        }
        Assert.Equal($"{SessionBounds.MaxLabelEntries}", Text(alert, "matchLabels", "maxProperties"));
        Assert.Equal($"{SessionBounds.MaxLabelEntries}", Text(alert, "matchExpressions", "maxItems"));
        Assert.Equal($"{AlertSyntax.MaxValueLength}", Text(alert, "matchLabels", "additionalProperties", "maxLength"));
        var expression = At(alert, "matchExpressions", "items", "properties")!;
        Assert.Equal($"{AlertSyntax.MaxKeyLength}", Text(expression, "key", "maxLength"));
        Assert.Equal($"{SessionBounds.MaxLabelValues}", Text(expression, "values", "maxItems"));
        Assert.Equal($"{AlertSyntax.MaxValueLength}", Text(expression, "values", "items", "maxLength"));
        foreach (
            var rule in (string[])
                [
                    Rule(alert, "matchLabels"),
                    Text(alert, "matchExpressions", "items", "x-kubernetes-validations", "0", "rule")!,
                ]
        )
            Assert.Contains($".matches('^{AlertSyntax.KeyPattern}$')", rule, StringComparison.Ordinal);
        // a label name of an alert that a policy can name is read from the request, and so is a value
        Assert.InRange(AlertSyntax.MaxKeyLength, 1, Hud.Operator.Alerts.AlertPayload.MaxLabelName);
        Assert.InRange(4 * AlertSyntax.MaxValueLength, 1, Hud.Operator.Alerts.AlertPayload.MaxLabelValue);
    }

    [Fact]
    public void Bounds_of_agents_that_watch_all_the_time_are_those_of_the_operator()
    {
        var spec = At(Spec(), "properties")!;
        var continuous = At(spec, "continuous", "properties")!;
        Assert.Equal(
            [PolicyBounds.MinRenewAfter, PolicyBounds.MaxRenewAfter],
            CrdTests.Durations(Rule(continuous, "renewAfter"))
        );
        Assert.Equal([PolicyBounds.MinLookBack, PolicyBounds.MaxLookBack], CrdTests.Durations(Rule(spec, "lookBack")));
        Assert.Equal(
            FormattableString.Invariant($"{SessionBounds.MinBudgetPercent} {SessionBounds.MaxBudgetPercent}"),
            $"{Text(continuous, "overheadBudgetPercent", "minimum")} {Text(continuous, "overheadBudgetPercent", "maximum")}"
        );
        Assert.InRange(
            PolicyBounds.MaxLookBack.Nanoseconds,
            SessionBounds.MinLookBack.Nanoseconds,
            SessionBounds.MaxLookBack.Nanoseconds
        );
    }

    [Fact]
    public void Bounds_of_rollouts_are_those_of_the_operator()
    {
        var rollout = At(Spec(), "properties", "triggers", "properties", "rollout", "properties")!;
        foreach (var limit in (string[])["successfulSessionsHistoryLimit", "failedSessionsHistoryLimit"])
        {
            Assert.Equal($"{PolicyBounds.MinHistory}", Text(rollout, limit, "minimum"));
            Assert.Equal($"{PolicyBounds.MaxHistory}", Text(rollout, limit, "maximum"));
        }
        Assert.Equal($"{PolicyBounds.MinSessionsPerHour}", Text(rollout, "maxSessionsPerHour", "minimum"));
        Assert.Equal($"{PolicyBounds.MaxSessionsPerHour}", Text(rollout, "maxSessionsPerHour", "maximum"));
        Assert.Equal([PolicyBounds.MinSettle, PolicyBounds.MaxSettle], CrdTests.Durations(Rule(rollout, "settle")));
        Assert.Equal(
            [PolicyBounds.MinCooldown, PolicyBounds.MaxCooldown],
            CrdTests.Durations(Rule(rollout, "cooldown"))
        );
        var lost = At(rollout, "regression", "properties")!;
        Assert.Equal(
            FormattableString.Invariant($"{PolicyBounds.MinLostPercent} {PolicyBounds.MaxLostPercent}"),
            $"{Text(lost, "lostPercent", "minimum")} {Text(lost, "lostPercent", "maximum")}"
        );
    }

    private static string Rule(YamlNode schedule, string field) =>
        Text(schedule, field, "x-kubernetes-validations", "0", "rule")!;

    [Fact]
    public void Every_rule_says_one_of_the_sentences()
    {
        var rules = new List<(string Rule, string Message)>();
        CrdTests.Collect(Root(OfPolicies), rules);
        var sentences = Sentences(typeof(PolicyMessages)).Concat(Sentences(typeof(SessionMessages))).ToHashSet();
        Assert.All(rules, r => Assert.Contains(r.Message, sentences));
        Assert.Superset(Sentences(typeof(PolicyMessages)).ToHashSet(), rules.Select(r => r.Message).ToHashSet());
        // a policy may change: what was made by it stays as it was made
        Assert.DoesNotContain(rules, r => r.Rule.Contains("oldSelf", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Sentences(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.IsLiteral)
            .Select(f => (string)f.GetRawConstantValue()!);

    /// <summary>HUD_UPDATE_GOLDEN=1 copies it into both files: look at the diff before you commit it.</summary>
    [Fact]
    public void The_session_of_a_policy_has_the_schema_of_a_session()
    {
        var policy = File.ReadAllText(Location(OfPolicies)).Split('\n').ToList();
        var from = policy.FindIndex(l =>
            l.Contains("# what follows is ProfilingSession's spec", StringComparison.Ordinal)
        );
        var to = policy.IndexOf("          status:");
        Assert.InRange(from, 1, to);
        var shared = SpecOfSessions();
        Assert.InRange(shared.Count, 100, 1000);
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
        {
            policy.RemoveRange(from + 1, to - from - 1);
            policy.InsertRange(from + 1, shared);
            to = policy.IndexOf("          status:");
            foreach (var folder in (string[])["config/crd", "charts/hud/crds"])
                File.WriteAllText(
                    RepositoryRoot.PathOf(folder, $"hud.dev_{OfPolicies}.yaml"),
                    string.Join('\n', policy)
                );
        }
        Assert.Equal(shared, policy[(from + 1)..to]);
    }

    /// <summary>The lines below the description, as deep as they are in a policy, without the rules that look at the spec before a change.</summary>
    private static List<string> SpecOfSessions()
    {
        var lines = File.ReadAllText(Location()).Split('\n').ToList();
        var from = lines.FindIndex(
            lines.IndexOf("          spec:"),
            l => l.StartsWith("            description:", StringComparison.Ordinal)
        );
        var spec = lines[(from + 1)..lines.IndexOf("          status:")];
        for (var i = spec.Count - 1; i >= 0; i--)
        {
            var line = spec[i].TrimStart();
            if (
                line.StartsWith("- rule:", StringComparison.Ordinal)
                && line.Contains("oldSelf", StringComparison.Ordinal)
            )
                spec.RemoveRange(i, 2); // with its message
            else if (
                line == "x-kubernetes-validations:"
                && !spec[i + 1].TrimStart().StartsWith("- rule:", StringComparison.Ordinal)
            )
                spec.RemoveAt(i); // none of its rules is left
        }
        return [.. spec.Select(l => "    " + l)];
    }
}
