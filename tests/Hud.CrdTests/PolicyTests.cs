using System.Text.Json.Nodes;
using Hud.Core;
using Hud.Core.Api;
using Hud.CrdTests.Harness;
using Hud.Operator.Entities;

namespace Hud.CrdTests;

/// <summary>Policies: what server and operator check is the same, in the same words; any field may change; the columns say something.</summary>
public sealed class PolicyTests(CrdServer server)
{
    private const string Session = "session: {target: {podName: p}}";
    private const string Good = Session + "\nschedule: {cron: '@daily'}";

    private static string Rollout(
        string rollout,
        string target = "workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d}"
    ) => $"session: {{target: {{{target}}}}}\ntriggers: {{rollout: {rollout}}}";

    private static string Alert(string alert) => $"{Session}\ntriggers: {{alert: {alert}}}";

    /// <summary>A spec that is refused, and what the user reads: ours, which is empty where the schema says it by itself.</summary>
    public static readonly (string Spec, string Sentence)[] Bad =
    [
        (Session, PolicyMessages.NothingMakesSessions),
        ("schedule: {cron: '@daily'}", ""),
        (Session + "\nschedule: {}", ""),
        ("session: {target: {podName: p}, suspend: true}\nschedule: {cron: '@daily'}", PolicyMessages.SessionSuspended),
        ("session: {target: {}}\nschedule: {cron: '@daily'}", SessionMessages.OneSelector),
        ("session: {target: {podName: p}, duration: 31m}\nschedule: {cron: '@daily'}", SessionMessages.Duration),
        (
            "session: {target: {podName: p}, duration: 2s, threshold: 3s}\nschedule: {cron: '@daily'}",
            SessionMessages.ThresholdBelowDuration
        ),
        ("session: {target: {podName: p}, expect: {}}\nschedule: {cron: '@daily'}", SessionMessages.ExpectEmpty),
        (Session + "\nschedule: {cron: '@daily', startingDeadline: 9s}", PolicyMessages.StartingDeadline),
        (Session + "\nschedule: {cron: '@daily', startingDeadline: 25h}", PolicyMessages.StartingDeadline),
        (Session + "\nschedule: {cron: '@daily', startingDeadline: soon}", PolicyMessages.StartingDeadline),
        (Session + "\nschedule: {cron: '@daily', concurrencyPolicy: Queue}", ""),
        (Session + "\nschedule: {cron: '@daily', successfulSessionsHistoryLimit: -1}", PolicyMessages.SuccessfulLimit),
        (Session + "\nschedule: {cron: '@daily', failedSessionsHistoryLimit: 101}", PolicyMessages.FailedLimit),
        (Session + "\ntriggers: {}", PolicyMessages.NothingMakesSessions),
        (Alert("{}"), PolicyMessages.AlertMatchesAll),
        (Alert("{matchLabels: {}, matchExpressions: []}"), PolicyMessages.AlertMatchesAll),
        (Alert("{matchLabels: {9lives: x}}"), PolicyMessages.AlertLabels),
        (Alert("{matchLabels: {'a b': x}}"), PolicyMessages.AlertLabels),
        (Alert("{matchLabels: {\u00e4: x}}"), PolicyMessages.AlertLabels),
        (Alert("{matchLabels: {a: ''}}"), PolicyMessages.AlertLabels),
        (Alert($"{{matchLabels: {{{new string('k', 129)}: x}}}}"), PolicyMessages.AlertLabels),
        (Alert($"{{matchLabels: {{a: {new string('v', 257)}}}}}"), ""),
        (Alert("{matchExpressions: [{key: a, operator: Matches}]}"), ""),
        (Alert("{matchExpressions: [{operator: Exists}]}"), ""),
        (Alert("{matchExpressions: [{key: a, operator: In}]}"), PolicyMessages.AlertValues),
        (Alert("{matchExpressions: [{key: a, operator: Exists, values: [x]}]}"), PolicyMessages.AlertValues),
        (Alert("{matchExpressions: [{key: a, operator: In, values: ['']}]}"), PolicyMessages.AlertLabels),
        (Alert("{matchExpressions: [{key: 'a=b', operator: Exists}]}"), PolicyMessages.AlertLabels),
        (Alert("{matchLabels: {a: b}, podLabel: 'a b'}"), PolicyMessages.AlertLabelName),
        (Alert("{matchLabels: {a: b}, namespaceLabel: ''}"), PolicyMessages.AlertLabelName),
        (Alert("{matchLabels: {a: b}, containerLabel: '-'}"), PolicyMessages.AlertLabelName),
        (Alert("{matchLabels: {a: b}, cooldown: 59s}"), PolicyMessages.Cooldown),
        (Alert("{matchLabels: {a: b}, cooldown: 25h}"), PolicyMessages.Cooldown),
        (Alert("{matchLabels: {a: b}, cooldown: soon}"), PolicyMessages.Cooldown),
        (Alert("{matchLabels: {a: b}, maxSessionsPerHour: 0}"), PolicyMessages.SessionsPerHour),
        (Alert("{matchLabels: {a: b}, maxSessionsPerHour: 61}"), PolicyMessages.SessionsPerHour),
        (Alert("{matchLabels: {a: b}, successfulSessionsHistoryLimit: 101}"), PolicyMessages.AlertSuccessfulLimit),
        (Alert("{matchLabels: {a: b}, failedSessionsHistoryLimit: -1}"), PolicyMessages.AlertFailedLimit),
        (
            "session: {target: {podName: p}, suspend: true}\ntriggers: {alert: {matchLabels: {a: b}}}",
            PolicyMessages.SessionSuspended
        ),
        (Rollout("{}", "podName: p"), PolicyMessages.RolloutTarget),
        (Rollout("{}", "workloadRef: {apiVersion: batch/v1, kind: Job, name: j}"), PolicyMessages.RolloutTarget),
        (Rollout("{}", "workloadRef: {apiVersion: apps/v1, kind: ReplicaSet, name: r}"), PolicyMessages.RolloutTarget),
        (Rollout("{settle: -1s}"), PolicyMessages.Settle),
        (Rollout("{settle: 601s}"), PolicyMessages.Settle),
        (Rollout("{settle: soon}"), PolicyMessages.Settle),
        (Rollout("{cooldown: 59s}"), PolicyMessages.RolloutCooldown),
        (Rollout("{cooldown: 25h}"), PolicyMessages.RolloutCooldown),
        (Rollout("{cooldown: soon}"), PolicyMessages.RolloutCooldown),
        (Rollout("{maxSessionsPerHour: 0}"), PolicyMessages.RolloutSessionsPerHour),
        (Rollout("{maxSessionsPerHour: 61}"), PolicyMessages.RolloutSessionsPerHour),
        (Rollout("{successfulSessionsHistoryLimit: 101}"), PolicyMessages.RolloutSuccessfulLimit),
        (Rollout("{failedSessionsHistoryLimit: -1}"), PolicyMessages.RolloutFailedLimit),
        (Rollout("{regression: {lostPercent: 0.09}}"), PolicyMessages.LostPercent),
        (Rollout("{regression: {lostPercent: 101}}"), PolicyMessages.LostPercent),
        (Rollout("{regression: {lostPercent: much}}"), ""),
        (Rollout("{}", "podSelector: {matchLabels: {a: b}}") + "\nschedule: {cron: nightly}", PolicyMessages.Cron),
        (Session + "\nlookBack: 2m\nschedule: {cron: '@daily'}", PolicyMessages.LookBackNeedsContinuous),
        (Session + "\ncontinuous: {}\nlookBack: 9s", PolicyMessages.LookBack),
        (Session + "\ncontinuous: {}\nlookBack: 11m", PolicyMessages.LookBack),
        (Session + "\ncontinuous: {}\nlookBack: soon", PolicyMessages.LookBack),
        (Session + "\ncontinuous: {renewAfter: 59m}", PolicyMessages.RenewAfter),
        (Session + "\ncontinuous: {renewAfter: 169h}", PolicyMessages.RenewAfter),
        (Session + "\ncontinuous: {renewAfter: soon}", PolicyMessages.RenewAfter),
        (Session + "\ncontinuous: {overheadBudgetPercent: 0}", PolicyMessages.ContinuousBudget),
        (Session + "\ncontinuous: {overheadBudgetPercent: 10.5}", PolicyMessages.ContinuousBudget),
        ("continuous: {}", ""),
        ("session: {target: {podName: p}, suspend: true}\ncontinuous: {}", PolicyMessages.SessionSuspended),
        (Session + "\nschedule: {cron: '@daily', timeZone: Local}", PolicyMessages.TimeZone),
        (Session + "\nschedule: {cron: '@daily', timeZone: ../etc/passwd}", PolicyMessages.TimeZone),
    ];

    [Fact]
    public async Task Each_bad_spec_is_refused_by_both_with_its_sentence()
    {
        server.Require();
        var wrong = new List<string>();
        foreach (var (spec, sentence) in Bad)
        {
            var answer = await server.CreatePolicyAsync("bad", spec, dryRun: true);
            var said = answer.Body["message"]?.GetValue<string>() ?? "";
            string[] sentences = sentence.Length == 0 ? [] : [sentence];
            if (answer.IsOk || !Sentences.In(said).SequenceEqual(sentences) || Sentences.HasRawError(said))
                wrong.Add($"{spec}: {answer.Code} {said}");
            var verdict = OperatorAdmission.JudgePolicy(OperatorAdmission.Read(spec));
            if (
                verdict.Accepted
                || (sentence.Length > 0 && !verdict.Message.EndsWith(sentence, StringComparison.Ordinal))
            )
                wrong.Add($"{spec}: the operator says {verdict.Message}");
        }
        Assert.Empty(wrong);
    }

    private static readonly string[] Expressions =
    [
        "* * * * *",
        "0 0 1 1 0",
        "59 23 31 12 7",
        "00 00 01 01 00",
        "*/59 */23 */31 */12 */7",
        "1-5,7,9-11/2 0-23/2 1,15 jan-MAR,Dec mon-fri",
        "10/5 3/2 2/3 2/2 1/2",
        "30 22-2 * nov-feb fri-mon",
        "0  0   *  ?  *",
        "0 0 ? * ?",
        "@hourly",
        "@Daily",
        "@midnight",
        "@weekly",
        "@monthly",
        "@yearly",
        "@annually",
        "",
        "*",
        "* * * *",
        "* * * * * *",
        " * * * * *",
        "* * * * * ",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "*/60 * * * *",
        "* */24 * * *",
        "* * */32 * *",
        "* * * */13 *",
        "* * * * */8",
        "*,5 * * * *",
        "? * * * *",
        "1- * * * *",
        "1,,2 * * * *",
        "000 * * * *",
        "* * L * *",
        "* * 1W * *",
        "* * * * 1#2",
        "* * * * 5L",
        "H * * * *",
        "* * * JANUARY *",
        "* * * * \u017fun",
        "@every 5m",
        "@every_minute",
        "@reboot",
        "TZ=UTC * * * * *",
        "\uff11 * * * *",
        "* * * * *\\n",
        "*\\t* * * *",
        string.Join(',', Enumerable.Repeat("10", 39)) + " * * * *",
        string.Join(',', Enumerable.Repeat("10", 41)) + " * * * *",
    ];

    private static readonly string[] Zones =
    [
        "UTC",
        "Etc/UTC",
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "America/Port-au-Prince",
        "Etc/GMT+12",
        "",
        "Local",
        "utc",
        "posix/UTC",
        "Europe/",
        "/UTC",
        "Europe//Berlin",
        "A/../B",
        "W. Europe Standard Time",
        "\u00c5land",
        "A/B/C/D",
        new('A', 64),
        new('A', 65),
    ];

    [Fact]
    public async Task Server_and_operator_agree_on_each_expression_and_zone()
    {
        server.Require();
        var (wrong, taken, refused) = (new List<string>(), 0, 0);
        foreach (
            var spec in Expressions
                .Select(c => $"{Session}\nschedule: {{cron: \"{c}\"}}")
                .Concat(Zones.Select(z => $"{Session}\nschedule: {{cron: '@daily', timeZone: \"{z}\"}}"))
        )
        {
            var answer = await server.CreatePolicyAsync("any", spec, dryRun: true);
            var said = answer.IsOk ? "" : answer.Body["message"]!.GetValue<string>();
            var verdict = OperatorAdmission.JudgePolicy(
                answer.IsOk ? answer.Body["spec"]!.ToJsonString() : OperatorAdmission.Read(spec)
            );
            _ = answer.IsOk ? taken++ : refused++;
            // which zones there are, the server does not know
            if (verdict.Reason == PolicyReasons.UnknownTimeZone ? !answer.IsOk : answer.IsOk != verdict.Accepted)
                wrong.Add($"{spec}: {answer.Code} {said}; the operator says {verdict.Message}");
            else if (Sentences.HasRawError(said))
                wrong.Add($"{spec}: {said}");
            else if (Sentences.In(said) is [var ours, ..] && !verdict.Message.Contains(ours, StringComparison.Ordinal))
                wrong.Add($"{spec}: {said}; the operator says {verdict.Message}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.InRange(taken, 20, 40);
        Assert.InRange(refused, 40, 70);
    }

    [Fact]
    public async Task A_policy_gets_its_defaults_and_those_of_its_session_and_any_field_may_change()
    {
        server.Require();
        var name = Name();
        var created = (await server.CreatePolicyAsync(name, Good)).Ok();
        var defaults = new ScheduleSpec { Cron = "@daily" };
        var schedule = created["spec"]!["schedule"]!;
        Assert.Equal(
            (defaults.TimeZone, "Forbid", "10m", false, 3, 1),
            (
                schedule["timeZone"]!.GetValue<string>(),
                schedule["concurrencyPolicy"]!.GetValue<string>(),
                schedule["startingDeadline"]!.GetValue<string>(),
                schedule["suspend"]!.GetValue<bool>(),
                schedule["successfulSessionsHistoryLimit"]!.GetValue<int>(),
                schedule["failedSessionsHistoryLimit"]!.GetValue<int>()
            )
        );
        Assert.Equal("60s", created["spec"]!["session"]!["duration"]!.GetValue<string>());
        // the template as it is stored makes a session
        (await server.CreateAsync("made", created["spec"]!["session"]!.ToJsonString(), dryRun: true)).Ok();
        foreach (
            var change in (string[])
                [
                    """{"schedule": {"cron": "*/5 * * * *", "suspend": true, "timeZone": "Europe/Berlin"}}""",
                    """{"session": {"duration": "10s", "target": {"podName": null, "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}}}}""",
                    """{"session": {"expect": {"maxPoll": "50ms"}, "resultsTTL": "1h"}}""",
                    """{"session": {"expect": null, "resultsTTL": null, "workerThreadNames": ["a"]}}""",
                ]
        )
            (await server.MergePolicyAsync(name, $$"""{"spec": {{change}}}""")).Ok(change);
        var refused = await server.MergePolicyAsync(name, """{"spec": {"schedule": null}}""");
        Assert.Contains(
            PolicyMessages.NothingMakesSessions,
            refused.Body["message"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Agents_that_watch_all_the_time_get_their_defaults_and_can_be_added_and_taken_out()
    {
        server.Require();
        var name = Name();
        var created = (await server.CreatePolicyAsync(name, Session + "\ncontinuous: {}")).Ok();
        var (continuous, defaults) = (created["spec"]!["continuous"]!, new ContinuousSpec());
        Assert.Equal(
            (defaults.OverheadBudgetPercent, defaults.RenewAfter, defaults.Suspend),
            (
                continuous["overheadBudgetPercent"]!.GetValue<double>(),
                GoDuration.Parse(continuous["renewAfter"]!.GetValue<string>()),
                continuous["suspend"]!.GetValue<bool>()
            )
        );
        Assert.Null(created["spec"]!["lookBack"]);
        foreach (
            var change in (string[])
                [
                    """{"lookBack": "10s", "continuous": {"renewAfter": "168h", "overheadBudgetPercent": 10}}""",
                    """{"lookBack": "10m", "continuous": {"renewAfter": "1h", "overheadBudgetPercent": 0.1, "suspend": true}}""",
                    """{"lookBack": null, "schedule": {"cron": "@daily"}}""",
                    """{"continuous": null}""",
                ]
        )
        {
            var changed = (await server.MergePolicyAsync(name, $$"""{"spec": {{change}}}""")).Ok(change);
            var verdict = OperatorAdmission.JudgePolicy(changed["spec"]!.ToJsonString());
            Assert.True(verdict.Accepted, verdict.Message);
        }
    }

    private static readonly string[] Alerts =
    [
        "{matchLabels: {alertname: CheckoutSlow, severity: page}}",
        "{matchLabels: {k8s.pod.name: 'any text, with spaces: \u00fc'}}",
        "{matchLabels: {_x: v, 'a:b/c-d': z}}",
        $"{{matchLabels: {{{new string('k', 128)}: {new string('v', 256)}}}}}",
        $"{{matchLabels: {{{string.Join(", ", Enumerable.Range(0, 32).Select(i => $"l{i}: {new string('v', 256)}"))}}}}}",
        $"{{matchLabels: {{{string.Join(", ", Enumerable.Range(0, 33).Select(i => $"l{i}: v"))}}}}}",
        "{matchExpressions: [{key: a, operator: In, values: [x, w]}, {key: b, operator: NotIn, values: [z]}]}",
        "{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: DoesNotExist}]}",
        $"{{matchExpressions: [{{key: a, operator: In, values: [{string.Join(", ", Enumerable.Repeat("x", 65))}]}}]}}",
        $"{{matchExpressions: [{string.Join(", ", Enumerable.Repeat("{key: a, operator: Exists}", 33))}]}}",
        $"{{matchExpressions: [{string.Join(", ", Enumerable.Repeat($"{{key: a, operator: In, values: [{string.Join(", ", Enumerable.Repeat(new string('v', 256), 64))}]}}", 32))}]}}",
        "{matchLabels: {a: '\U0001F600'}}",
        "{matchLabels: {a: b}, podLabel: exported_pod, namespaceLabel: exported_namespace, containerLabel: container}",
        "{matchLabels: {a: b}, cooldown: 1m, maxSessionsPerHour: 1}",
        "{matchLabels: {a: b}, cooldown: 24h, maxSessionsPerHour: 60, suspend: true}",
        "{matchLabels: {a: b}, cooldown: 0.5m}",
        "{matchLabels: {a: b}, successfulSessionsHistoryLimit: 0, failedSessionsHistoryLimit: 100}",
    ];

    [Fact]
    public async Task Server_and_operator_agree_on_each_trigger()
    {
        server.Require();
        var (wrong, taken, refused) = (new List<string>(), 0, 0);
        foreach (var spec in Alerts.Select(Alert))
        {
            var answer = await server.CreatePolicyAsync("any", spec, dryRun: true);
            var said = answer.IsOk ? "" : answer.Body["message"]!.GetValue<string>();
            var verdict = OperatorAdmission.JudgePolicy(
                answer.IsOk ? answer.Body["spec"]!.ToJsonString() : OperatorAdmission.Read(spec)
            );
            _ = answer.IsOk ? taken++ : refused++;
            if (answer.IsOk != verdict.Accepted || Sentences.HasRawError(said))
                wrong.Add(
                    $"{spec[..Math.Min(300, spec.Length)]}: {answer.Code} {said}; the operator says {verdict.Message}"
                );
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal((13, 4), (taken, refused));
    }

    [Fact]
    public async Task A_trigger_gets_its_defaults_and_can_be_added_and_taken_out()
    {
        server.Require();
        var name = Name();
        var created = (await server.CreatePolicyAsync(name, Alert("{matchLabels: {alertname: Slow}}"))).Ok();
        var alert = created["spec"]!["triggers"]!["alert"]!;
        var defaults = new AlertTriggerSpec();
        Assert.Equal(
            (defaults.PodLabel, defaults.NamespaceLabel, null, defaults.Cooldown.ToString(), 6, false, 3, 1),
            (
                alert["podLabel"]!.GetValue<string>(),
                alert["namespaceLabel"]!.GetValue<string>(),
                alert["containerLabel"],
                alert["cooldown"]!.GetValue<string>(),
                alert["maxSessionsPerHour"]!.GetValue<int>(),
                alert["suspend"]!.GetValue<bool>(),
                alert["successfulSessionsHistoryLimit"]!.GetValue<int>(),
                alert["failedSessionsHistoryLimit"]!.GetValue<int>()
            )
        );
        foreach (
            var change in (string[])
                [
                    """{"schedule": {"cron": "@daily"}}""",
                    """{"triggers": null}""",
                    """{"triggers": {"alert": {"matchExpressions": [{"key": "a", "operator": "Exists"}], "cooldown": "1h"}}}""",
                    """{"schedule": null}""",
                ]
        )
            (await server.MergePolicyAsync(name, $$"""{"spec": {{change}}}""")).Ok(change);
        var refused = await server.MergePolicyAsync(name, """{"spec": {"triggers": {"alert": null}}}""");
        Assert.Contains(
            PolicyMessages.NothingMakesSessions,
            refused.Body["message"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_trigger_by_rollouts_gets_its_defaults_and_any_field_may_change()
    {
        server.Require();
        var name = Name();
        var created = (await server.CreatePolicyAsync(name, Rollout("{}"))).Ok();
        var rollout = created["spec"]!["triggers"]!["rollout"]!;
        Assert.Equal(
            ("30s", null, 6, false, 3, 1, 1.0),
            (
                rollout["settle"]!.GetValue<string>(),
                rollout["cooldown"],
                rollout["maxSessionsPerHour"]!.GetValue<int>(),
                rollout["suspend"]!.GetValue<bool>(),
                rollout["successfulSessionsHistoryLimit"]!.GetValue<int>(),
                rollout["failedSessionsHistoryLimit"]!.GetValue<int>(),
                rollout["regression"]!["lostPercent"]!.GetValue<double>()
            )
        );
        foreach (
            var change in (string[])
                [
                    """{"triggers": {"rollout": {"settle": "0s", "cooldown": "24h", "regression": {"lostPercent": 0.1}}}}""",
                    """{"triggers": {"rollout": {"settle": "10m", "cooldown": null, "regression": {"lostPercent": 100}}}}""",
                    """{"session": {"target": {"workloadRef": null, "podSelector": {"matchLabels": {"app": "x"}}}}}""",
                    """{"schedule": {"cron": "@daily"}, "triggers": null}""",
                ]
        )
            (await server.MergePolicyAsync(name, $$"""{"spec": {{change}}}""")).Ok(change);
    }

    /// <summary>The longest status that the operator writes is within the schema's bounds, and the table shows it.</summary>
    [Fact]
    public async Task The_status_is_taken_and_shown()
    {
        server.Require();
        var name = Name();
        (await server.CreatePolicyAsync(name, Session + "\nschedule: {cron: '10 8-18 * * MON-FRI'}")).Ok();
        var at = new DateTimeOffset(2026, 1, 1, 8, 10, 0, TimeSpan.Zero);
        var status = new ProfilingPolicyStatus
        {
            ObservedGeneration = 1,
            LastScheduleTime = at,
            NextScheduleTime = at.AddHours(1),
            ActiveCount = 400,
            Active =
            [
                .. Enumerable
                    .Range(0, 20)
                    .Select(i => new ActiveRun { Name = new string('s', 250) + $"-{i:00}", ScheduledTime = at }),
            ],
            MissedRuns = 1_000_000,
            LastSession = new LastSessionStatus
            {
                Name = "s",
                ScheduledTime = at,
                CompletionTime = at,
                Outcome = RunOutcome.Completed,
                Reason = "AllTargetsProfiled",
                Verdict = new string('v', 1024),
                BlockedPercent = 1.5,
                WorstPoll = "85ms",
                ExpectationsMet = false,
            },
            LastAlert = new LastAlertStatus
            {
                Name = new string('a', 127) + "\u2026",
                StartsAt = at,
                Session = new string('s', 253),
                SessionTime = at,
            },
            Rollout = new RolloutStatus
            {
                Workload = "StatefulSet/" + new string('w', 253),
                WorkloadGeneration = long.MaxValue >> 10,
                Revision = new string('r', 253),
                Session = new string('s', 253),
                BlockedPercent = 100,
                Baseline = new string('b', 253),
                BaselineBlockedPercent = 0,
            },
            Conditions =
            [
                new Condition
                {
                    Type = "RegressionFound",
                    Status = "Unknown",
                    Reason = PolicyReasons.SeveralWorkloads,
                    Message = new string('m', 2048),
                    ObservedGeneration = 1,
                    LastTransitionTime = at,
                },
                new Condition
                {
                    Type = "Ready",
                    Status = "True",
                    Reason = PolicyReasons.Scheduled,
                    Message = new string('m', 2048),
                    ObservedGeneration = 1,
                    LastTransitionTime = at,
                },
            ],
        };
        (await server.MergePolicyAsync(name, $$"""{"status": {{StatusJson.Write(status)}}}""", "/status")).Ok();
        var table = (await server.PolicyTableAsync()).Ok();
        var columns = table["columnDefinitions"]!.AsArray().Select(c => c!["name"]!.GetValue<string>()).ToList();
        var row = table["rows"]!.AsArray().Single(r => r!["cells"]![0]!.GetValue<string>() == name)![
            "cells"
        ]!.AsArray();
        string Cell(string column) => row[columns.IndexOf(column)]!.ToString();
        Assert.Equal("10 8-18 * * MON-FRI", Cell("Schedule"));
        Assert.Equal(("Scheduled", "Unknown"), (Cell("State"), Cell("Regression")));
        Assert.Equal(("400", "1.5", "85ms"), (Cell("Active"), Cell("Blocked"), Cell("Worst")));
        Assert.Equal(("AllTargetsProfiled", "UTC"), (Cell("Outcome"), Cell("Zone")));
        Assert.StartsWith("aaa", Cell("Alert"), StringComparison.Ordinal);
        Assert.EndsWith("d", Cell("Last Run"), StringComparison.Ordinal);
        Assert.Equal(("2026-01-01T09:10:00Z", "1000000"), (Cell("Next Run")[..19] + "Z", Cell("Missed")));
    }

    private static string Name() => "p" + Guid.NewGuid().ToString("N")[..8];
}
