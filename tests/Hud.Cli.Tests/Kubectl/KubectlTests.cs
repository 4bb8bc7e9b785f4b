using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.Cli.Kubectl;
using Hud.Core;
using Hud.Core.Api;
using Hud.Reports.Tests.Documents;

namespace Hud.Cli.Tests.Kubectl;

/// <summary>The plugin against a scripted kubectl.</summary>
public sealed class KubectlTests : IDisposable
{
    private readonly FakeCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Theory]
    [InlineData(
        "deploy/checkout",
        """{"workloadRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"},"maxPods":5}"""
    )]
    [InlineData(
        "statefulsets.apps/db",
        """{"workloadRef":{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db"},"maxPods":5}"""
    )]
    [InlineData("job/import", """{"workloadRef":{"apiVersion":"batch/v1","kind":"Job","name":"import"},"maxPods":5}""")]
    [InlineData(
        "cronjob/nightly",
        """{"workloadRef":{"apiVersion":"batch/v1","kind":"CronJob","name":"nightly"},"maxPods":5}"""
    )]
    [InlineData("pod/checkout-0", """{"podName":"checkout-0","maxPods":5}""")]
    public void Run_makes_a_session_for_the_target(string target, string expected)
    {
        var (exit, _, error) = _cluster.Run("run", target, "--no-wait");

        Assert.True(exit == 0, error);
        Assert.Equal(expected, JsonNode.Parse(_cluster.Created)!["spec"]!["target"]!.ToJsonString());
    }

    [Fact]
    public void Flags_become_the_spec_and_go_to_kubectl()
    {
        var (exit, _, error) = _cluster.Run(
            "run",
            "-l",
            "app=checkout,tier==web",
            "-d",
            "1m30s",
            "--threshold",
            "2",
            "-c",
            "app",
            "--process",
            "checkout",
            "--max-pods",
            "3",
            "--expect-max-poll",
            "50ms",
            "--expect-max-blocked",
            "1.5",
            "--name",
            "p99",
            "--no-wait",
            "-n",
            "shop",
            "--context",
            "prod",
            "--kubeconfig",
            "/k"
        );

        Assert.True(exit == 0, error);
        var created = JsonSerializer.Deserialize(_cluster.Created, HudJson.Default.ProfilingSession)!;
        Assert.Equal("p99", created.Metadata.Name);
        Assert.Equal(
            ("1m30s", "2ms", "app", "checkout", 3),
            (
                created.Spec.Duration.ToString(),
                created.Spec.Threshold.ToString(),
                created.Spec.Target.ContainerName,
                created.Spec.Target.ProcessName,
                created.Spec.Target.MaxPods
            )
        );
        Assert.Equal(
            ("checkout", "web"),
            (created.Spec.Target.PodSelector!.MatchLabels!["app"], created.Spec.Target.PodSelector.MatchLabels["tier"])
        );
        Assert.Equal(("50ms", 1.5), (created.Spec.Expect!.MaxPoll.ToString(), created.Spec.Expect.MaxBlockedPercent));
        Assert.Contains(
            "\"--namespace=shop\", \"--context=prod\", \"--kubeconfig=/k\"",
            _cluster.Calls,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Run_follows_the_session_and_prints_its_report()
    {
        var document = RealisticDocuments.Checkout();
        _cluster
            .With("p99", FakeCluster.Profiling, FakeCluster.Profiling, FakeCluster.Completed("p99-report", document))
            .WithReport("p99-report", document);

        var (exit, output, error) = _cluster.Run("run", "deploy/checkout", "--name", "p99");

        Assert.Equal(0, exit);
        Assert.Contains("hud: Profiling 0/1: one agent runs", error, StringComparison.Ordinal);
        Assert.Contains("# BLOCKED 11% of worker time", output, StringComparison.Ordinal);
        Assert.Contains("checkout::login  src/login.rs:42", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("yaml")]
    public void Output_prints_the_finished_session_as_kubectl_does_and_nothing_else(string format)
    {
        var document = RealisticDocuments.Checkout();
        var unmet = new Condition
        {
            Type = "ExpectationsMet",
            Status = "False",
            Reason = "PollTooLong",
            Message = "the longest poll took 383ms",
        };
        _cluster
            .With("p99", FakeCluster.Profiling, FakeCluster.Profiling, FakeCluster.Completed("m", document, unmet))
            .WithReport("m", document);

        var (exit, output, error) = _cluster.Run("run", "deploy/checkout", "--name", "p99", "-o", format);

        Assert.Equal(6, exit);
        // what the scripted kubectl says is JSON, which is YAML too
        Assert.Equal(
            ("p99", "Completed"),
            (
                JsonNode.Parse(output)!["metadata"]!["name"]!.GetValue<string>(),
                JsonNode.Parse(output)!["status"]!["phase"]!.GetValue<string>()
            )
        );
        Assert.Contains("hud: Profiling 0/1: one agent runs", error, StringComparison.Ordinal);
        Assert.Contains(
            $"\"get\", \"profilingsessions.hud.dev\", \"p99\", \"-o\", \"{format}\"",
            _cluster.Calls,
            StringComparison.Ordinal
        );
        Assert.Equal(output, _cluster.Run("watch", "p99", "-o", format).Output);
    }

    [Fact]
    public void Output_without_waiting_is_the_session_as_it_is()
    {
        _cluster.With("p99", FakeCluster.Profiling);

        var (exit, output, _) = _cluster.Run("run", "deploy/checkout", "--name", "p99", "--no-wait", "-o", "json");

        Assert.Equal((0, "Profiling"), (exit, JsonNode.Parse(output)!["status"]!["phase"]!.GetValue<string>()));
    }

    [Fact]
    public void An_unmet_expectation_is_exit_code_6()
    {
        var document = RealisticDocuments.Checkout();
        var unmet = new Condition
        {
            Type = "ExpectationsMet",
            Status = "False",
            Reason = "PollTooLong",
            Message = "the longest poll took 383ms",
        };
        _cluster.With("p99", FakeCluster.Completed("m", document, unmet)).WithReport("m", document);

        var (exit, _, error) = _cluster.Run("watch", "p99");

        Assert.Equal(6, exit);
        Assert.Contains("HUD308: PollTooLong: the longest poll took 383ms", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, 4)]
    [InlineData(0, 1, 0)] // one that lasts for the whole run
    [InlineData(7, 0, 0)]
    public void A_session_that_saw_no_poll_is_exit_code_4(long polls, long slow, int code)
    {
        var document = RealisticDocuments.Checkout();
        var idle = new TargetStatus
        {
            Pod = "web-1",
            Reason = "Idle",
            Message = "Tokio was found, but it polled no task during the run",
        };
        _cluster
            .With(
                "p99",
                FakeCluster.Completed("m", document) with
                {
                    Targets = [idle, idle with { Pod = "web-2", Polls = polls, SlowPolls = slow }],
                }
            )
            .WithReport("m", document);

        var (exit, _, error) = _cluster.Run("watch", "p99");

        Assert.Equal(code, exit);
        Assert.Equal(
            code == 4,
            error.Contains(
                "HUD202: web-1: Tokio was found, but it polled no task during the run",
                StringComparison.Ordinal
            )
        );
    }

    [Theory]
    [InlineData("NoMatchingPods", 5)]
    [InlineData("NoTokioRuntime", 4)]
    [InlineData("KernelUnsupported", 3)]
    public void A_failed_session_is_reported_with_its_reason(string reason, int code)
    {
        _cluster.With("p99", FakeCluster.Failed(reason));

        var (exit, output, error) = _cluster.Run("watch", "p99");

        Assert.Equal(code, exit);
        Assert.Contains($"HUD403: {reason}: no pod matches app=checkout", error, StringComparison.Ordinal);
        Assert.Contains("Failed             True", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_is_a_table_of_eighty_columns()
    {
        _cluster
            .With("a-session-with-a-rather-long-name-that-goes-on-and-on", FakeCluster.Profiling)
            .With("p99", FakeCluster.Completed("m", RealisticDocuments.Checkout()));

        var (exit, output, _) = _cluster.Run("get");

        Assert.Equal(0, exit);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("Completed   1/1      11%      383ms    5m", output, StringComparison.Ordinal);
        Assert.Contains("shop/p99", _cluster.Run("get", "-A").Output, StringComparison.Ordinal);
        Assert.Equal(2, JsonNode.Parse(_cluster.Run("get", "-o", "json").Output)!["items"]!.AsArray().Count);
    }

    [Fact]
    public void Top_is_one_call_and_a_row_for_each_workload()
    {
        _cluster
            .With("p98", FakeCluster.Completed("m", RealisticDocuments.Checkout()))
            .With("p99", FakeCluster.Profiling);

        var (exit, output, error) = _cluster.Run("top", "-A", "-l", "hud.dev/policy=hourly");

        Assert.True(exit == 0, error);
        string[] lines = output.Split('\n');
        Assert.StartsWith("NAMESPACE  WORKLOAD", lines[0], StringComparison.Ordinal);
        Assert.Equal("shop       pod/a", lines[1][..16]);
        Assert.Contains("BLOCKED       11%   383ms", lines[1], StringComparison.Ordinal);
        Assert.Contains("running", lines[2], StringComparison.Ordinal);
        Assert.Equal(
            """["get", "profilingsessions.hud.dev", "-o", "json", "-A", "--selector=hud.dev/policy=hourly"]""",
            _cluster.Calls.Trim()
        );
        var rows = JsonNode.Parse(_cluster.Run("top", "-o", "json").Output)!.AsArray();
        Assert.Equal(["p98", "p99"], rows.Select(r => r!["session"]!.GetValue<string>()));
    }

    [Fact]
    public void Policies_are_listed()
    {
        _cluster.WithPolicies(
            """[{"metadata":{"name":"hourly","namespace":"shop"},"spec":{"schedule":{"cron":"0 * * * *"}},"status":{"lastSession":{"name":"s","verdict":"HEALTHY: 3 polls"}}}]"""
        );
        var (exit, output, error) = _cluster.Run("policies");
        Assert.True(exit == 0, error);
        Assert.Contains("hourly  0 * * * *", output, StringComparison.Ordinal);
        Assert.Contains("HEALTHY: 3 polls", output, StringComparison.Ordinal);
        Assert.Contains(
            "\"name\": \"hourly\"",
            _cluster.Run("policies", "-o", "json").Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("top")]
    [InlineData("policies")]
    public void A_list_of_another_version_is_no_crash(string verb)
    {
        _cluster.With("p99", FakeCluster.Profiling).WithPolicies("""[{"spec":{"schedule":{"cron":7}}}]""");
        string sessions = Path.Combine(_cluster.Folder, "sessions.json");
        File.WriteAllText(sessions, """{"p99":[{"metadata":{"name":"p99"},"status":{"phase":"Dreaming"}}]}""");
        var (exit, _, error) = _cluster.Run(verb);
        Assert.Equal(3, exit);
        Assert.Contains("HUD401: the answer isn't a Profiling", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("watch", "p99")]
    [InlineData("run", "deploy/checkout", "--name", "p99")]
    public void A_report_that_may_not_be_read_leaves_the_verdict_of_the_status_and_the_missing_right(
        params string[] arguments
    )
    {
        var document = RealisticDocuments.Checkout();
        var status = FakeCluster.Completed("m", document);
        status.Hotspots =
        [
            new StatusHotspot
            {
                Cause = Core.Profile.HotspotCause.OnCpu,
                UserFrame = "checkout::login",
                Location = "src/login.rs:42",
                Advice = "Move the hashing to spawn_blocking.",
            },
        ];
        _cluster.With("p99", status).WithReport("m", document);

        var (exit, output, error) = _cluster.RunBroken("forbidden", arguments);

        Assert.Equal(0, exit);
        Assert.Contains("# BLOCKED", output, StringComparison.Ordinal);
        Assert.EndsWith(
            $"""
            HUD404: session p99 has its report in the ConfigMap m, and you may not read ConfigMaps in this namespace
              next: ask for the right to get configmaps here; the cluster role view includes it
            verdict  {document.Verdict}
            fix      checkout::login (src/login.rs:42): Move the hashing to spawn_blocking.
            next     kubectl hud open p99    # once its report can be read

            """,
            error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_a_verdict_only_the_missing_right_is_said()
    {
        var document = RealisticDocuments.Checkout();
        var status = FakeCluster.Completed("m", document);
        status.Verdict = null;
        _cluster.With("p99", status).WithReport("m", document);

        string error = _cluster.RunBroken("forbidden", "watch", "p99").Error;

        Assert.Contains("ask for the right to get configmaps", error, StringComparison.Ordinal);
        Assert.DoesNotContain("verdict", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Busy_workers_below_the_threshold_end_with_the_same_run_and_a_lower_threshold()
    {
        var document = RealisticDocuments.Healthy() with
        {
            Verdict = "SATURATED: workers 97% busy in polls under 5ms; run with a lower threshold to see where",
            VerdictLevel = Core.Profile.VerdictLevel.Saturated,
        };
        _cluster.With("p99", FakeCluster.Completed("m", document)).WithReport("m", document);

        string error = _cluster.Run("watch", "p99").Error;

        Assert.Contains("fix      not known yet: no poll took 5ms or more", error, StringComparison.Ordinal);
        Assert.EndsWith(
            "next     kubectl hud run pod/a --namespace shop --context prod --threshold 1ms    # shows which polls are too many\n",
            _cluster.Run("watch", "p99", "-n", "shop", "--context", "prod").Error,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "next     kubectl hud run pod/a --threshold 1ms    # shows which polls are too many\n",
            error,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("deploy/checkout", null, "deployment/checkout")]
    [InlineData("cj/nightly", null, "cronjob/nightly")]
    [InlineData("pod/checkout-0", null, "pod/checkout-0")]
    [InlineData(null, "app=checkout,tier=web", "-l 'app=checkout,tier=web'")]
    public void A_target_is_written_as_it_can_be_typed_again(string? resource, string? selector, string words)
    {
        var target = TargetArgument.Parse(resource, selector);

        Assert.Equal(words, TargetArgument.Words(target));
        Assert.Equal(
            words + " -c app --process 'my service'",
            TargetArgument.Words(target with { ContainerName = "app", ProcessName = "my service" })
        );
    }

    [Fact]
    public void A_selector_with_expressions_has_no_words() =>
        Assert.Null(
            TargetArgument.Words(
                new TargetSpec
                {
                    PodSelector = new LabelSelector
                    {
                        MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "checkout" },
                        MatchExpressions = [new LabelSelectorRequirement("tier", "Exists", null)],
                    },
                }
            )
        );

    [Fact]
    public void The_log_of_kubectl_itself_is_left_out_of_its_error()
    {
        const string Log =
            "E1128 08:00:00.000000   12345 memcache.go:265] \"Unhandled Error\" err=\"connection refused\"";

        Assert.Equal(
            "The connection to the server was refused\n  did you specify the right host?",
            KubectlClient.ErrorText([
                Log,
                "The connection to the server was refused",
                Log.Replace('E', 'W'),
                "did you specify the right host?",
            ])
        );
        // better the log than nothing, and of it the last line
        Assert.Equal(Log, KubectlClient.ErrorText([Log.Replace('E', 'I'), Log]));
        Assert.Equal("", KubectlClient.ErrorText([]));
        // these begin alike and are kubectl's answer
        foreach (string own in new[] { "Error from server (NotFound)", "E1128", "W112 8] x", "F1128x] y" })
            Assert.Equal(own, KubectlClient.ErrorText([Log, own]));
        Assert.Equal("a?[2Jb", KubectlClient.ErrorText(["a\x1b[2Jb"]));
        Assert.Equal(
            string.Join("\n  ", Enumerable.Range(11, 10)),
            KubectlClient.ErrorText([.. Enumerable.Range(1, 20).Select(i => $"{i}")])
        );
    }

    [Fact]
    public void Bare_it_prints_its_help()
    {
        var (exit, output, error) = _cluster.Run();

        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("kubectl hud run deploy/checkout", output, StringComparison.Ordinal);
        Assert.Equal(_cluster.Run("--help").Output, output);
        Assert.False(File.Exists(Path.Combine(_cluster.Folder, "calls")), "help asks no cluster");
    }

    [Fact]
    public void Describe_shows_the_status_when_there_is_no_report()
    {
        _cluster.With("p99", FakeCluster.Profiling);

        Assert.Contains("one agent runs", _cluster.Run("describe", "p99").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_writes_the_page_and_says_where()
    {
        var document = RealisticDocuments.Checkout();
        _cluster.With("p99", FakeCluster.Completed("m", document)).WithReport("m", document);
        string path = Path.Combine(_cluster.Folder, "page.html");

        var (exit, output, _) = _cluster.Run("open", "p99", "--save", path);

        Assert.Equal((0, path + "\n"), (exit, output));
        Assert.Contains("<html", File.ReadAllText(path), StringComparison.Ordinal);
        string opened = _cluster.Run("open", "p99").Output.Trim();
        Assert.True(File.Exists(opened), opened);
        Directory.Delete(Path.GetDirectoryName(opened)!, recursive: true);
    }

    [Fact]
    public void Export_writes_every_format_named()
    {
        var document = RealisticDocuments.Checkout();
        _cluster.With("p99", FakeCluster.Completed("m", document)).WithReport("m", document);
        string json = Path.Combine(_cluster.Folder, "r.json"),
            folded = Path.Combine(_cluster.Folder, "r.folded.txt");

        Assert.Equal(0, _cluster.Run("export", "p99", json, folded).Exit);

        Assert.Contains("checkout::login", File.ReadAllText(folded), StringComparison.Ordinal);
        Assert.Contains("schemaVersion", File.ReadAllText(json), StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_says_what_changed_and_exits_with_6_when_it_got_worse()
    {
        var before = RealisticDocuments.Checkout();
        var after = RealisticDocuments.CheckoutFixed();
        _cluster
            .With("before", FakeCluster.Completed("b", before))
            .With("after", FakeCluster.Completed("a", after))
            .WithReport("b", before)
            .WithReport("a", after);

        var (exit, output, _) = _cluster.Run("diff", "before", "after");

        Assert.Equal(0, exit);
        Assert.StartsWith("# BETTER", output, StringComparison.Ordinal);
        Assert.Contains("GONE", output, StringComparison.Ordinal);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal(6, _cluster.Run("diff", "after", "before").Exit);
        Assert.Equal(
            "Better",
            JsonNode.Parse(_cluster.Run("diff", "before", "after", "-o", "json").Output)!["outcome"]!.GetValue<string>()
        );
        Assert.StartsWith(
            "outcome: Better\n",
            _cluster.Run("diff", "before", "after", "-o", "yaml").Output,
            StringComparison.Ordinal
        );
        string page = _cluster.Run("diff", "before", "after", "-o", "page").Output;
        Assert.StartsWith("<!doctype html>", page, StringComparison.Ordinal);
        Assert.Contains("flame-after-canvas", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_report_is_not_believed()
    {
        _cluster
            .With("p99", FakeCluster.Completed("m", RealisticDocuments.Checkout()))
            .WithReport("m", RealisticDocuments.Checkout(2));

        var (exit, _, error) = _cluster.Run("export", "p99", Path.Combine(_cluster.Folder, "r.json"));

        Assert.Equal(5, exit);
        Assert.StartsWith("HUD404: session p99 says another hash", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "HUD402: there is no ProfilingSession missing here", 2, "describe", "missing")]
    [InlineData("login", "HUD401: error: You must be logged in", 3, "describe", "missing")]
    [InlineData("login", "HUD401: kubectl get", 3, "get")]
    [InlineData("", "HUD005: \"checkout\" must be TYPE/NAME", 2, "run", "checkout")]
    [InlineData(
        "",
        "HUD005: TYPE/NAME: \"svc\" is not one of deploy, sts, ds, rs, job, cronjob, pod",
        2,
        "run",
        "svc/x"
    )]
    [InlineData("", "HUD005: what is to be profiled is missing", 2, "run")]
    [InlineData("", "HUD005: both deploy/a and -l app=a are given", 2, "run", "deploy/a", "-l", "app=a")]
    [InlineData("", "HUD005: -l: \"app!=x\" is not label=value", 2, "run", "-l", "app!=x")]
    [InlineData("", "HUD003: --duration 2h: must be from 1s to 30m", 2, "run", "deploy/a", "-d", "2h")]
    public void Errors_have_their_id_and_exit_code(string broken, string message, int code, params string[] arguments)
    {
        var (exit, _, error) = _cluster.RunBroken(broken, arguments);

        Assert.Equal(code, exit);
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.Contains("\n  next: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "Everything works here.", 0)]
    [InlineData("login", "NO  server", 3)]
    [InlineData("resource", "kubectl apply -k config/default", 3)]
    [InlineData("permission", "ask for the cluster role hud-edit", 3)]
    [InlineData("operator", "no operator in namespace hud-system", 3)]
    [InlineData("podsecurity", "enforces restricted", 3)]
    [InlineData("kernel", "pods on nodes before Linux 5.15 cannot be profiled", 3)]
    public void Doctor_names_the_broken_link(string broken, string says, int code)
    {
        var (exit, output, _) = _cluster.RunBroken(broken, "doctor");

        Assert.Equal(code, exit);
        Assert.Contains(says, output, StringComparison.Ordinal);
        Assert.StartsWith(
            "checks:\n- name: server\n",
            _cluster.RunBroken(broken, "doctor", "-o", "yaml").Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Doctor_shows_what_a_session_waits_for()
    {
        _cluster.With("p99", FakeCluster.Failed("NoMatchingPods"));

        Assert.Contains(
            "NoMatchingPods: no pod matches app=checkout",
            _cluster.Run("doctor", "p99").Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Saved_reports_are_compared_and_shown_without_a_cluster()
    {
        string before = Path.Combine(_cluster.Folder, "before.json"),
            after = Path.Combine(_cluster.Folder, "after.json");
        File.WriteAllText(
            before,
            JsonSerializer.Serialize(RealisticDocuments.Checkout(), HudJson.Default.ProfileDocument)
        );
        File.WriteAllText(
            after,
            JsonSerializer.Serialize(RealisticDocuments.CheckoutFixed(), HudJson.Default.ProfileDocument)
        );

        Assert.StartsWith(
            "# BETTER",
            Run.HudProcess.Run("none", "diff", before, after).Output,
            StringComparison.Ordinal
        );
        Assert.Equal(6, Run.HudProcess.Run("none", "diff", after, before).Exit);
        Assert.Contains("# BLOCKED 11%", Run.HudProcess.Run("none", "show", before).Output, StringComparison.Ordinal);
        Assert.StartsWith(
            "outcome: Better\n",
            Run.HudProcess.Run("none", "diff", before, after, "-o", "yaml").Output,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "schemaVersion: hud.dev/profile/v1alpha1\n",
            Run.HudProcess.Run("none", "show", before, "-o", "yaml").Output,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "hud.dev/profile/v1alpha1",
            JsonNode.Parse(Run.HudProcess.Run("none", "show", before, "-o", "json").Output)![
                "schemaVersion"
            ]!.GetValue<string>()
        );
        Assert.Equal(2, Run.HudProcess.Run("none", "show", "/etc/passwd").Exit);
        Assert.Equal(2, Run.HudProcess.Run("none", "show", before, "--export", "/no/such/folder/a.json").Exit);
    }
}
