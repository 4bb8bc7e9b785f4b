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

    /// <summary>A spec that is refused, and what the user reads: ours, which is empty where the schema says it by itself.</summary>
    public static readonly (string Spec, string Sentence)[] Bad =
    [
        (Session, PolicyMessages.NoSchedule),
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
            PolicyMessages.NoSchedule,
            refused.Body["message"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
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
            Conditions =
            [
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
        Assert.Equal("Scheduled", Cell("State"));
        Assert.Equal(("400", "1.5", "85ms"), (Cell("Active"), Cell("Blocked"), Cell("Worst")));
        Assert.Equal(("AllTargetsProfiled", "UTC"), (Cell("Outcome"), Cell("Zone")));
        Assert.EndsWith("d", Cell("Last Run"), StringComparison.Ordinal);
        Assert.Equal(("2026-01-01T09:10:00Z", "1000000"), (Cell("Next Run")[..19] + "Z", Cell("Missed")));
    }

    private static string Name() => "p" + Guid.NewGuid().ToString("N")[..8];
}
