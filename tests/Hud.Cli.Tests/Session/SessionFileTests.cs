using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hud.Cli.Session;
using Hud.Core.Api;

namespace Hud.Cli.Tests.Session;

public class SessionFileTests
{
    private const string Head = "apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nmetadata: {name: x}\n";
    private const string Target = "  target: {processName: checkout}\n";

    /// <summary>By their names in the API: one that the reader forgot is an unknown field to whoever writes it.</summary>
    [Theory]
    [InlineData("", typeof(ProfilingSessionSpec))]
    [InlineData("target", typeof(TargetSpec))]
    [InlineData("output", typeof(OutputSpec))]
    [InlineData("expect", typeof(ExpectSpec))]
    public void No_field_of_the_API_is_unknown(string path, Type type)
    {
        var names = type.GetProperties()
            .Where(p => p.CanWrite)
            .Select(p =>
                p.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
                ?? JsonNamingPolicy.CamelCase.ConvertName(p.Name)
            )
            .ToList();
        Assert.NotEmpty(names);
        foreach (string name in names)
        {
            string field = path.Length == 0 ? $"  {name}: 1\n" : $"  {path}: {{{name}: 1}}\n";
            string errors = "";
            try
            {
                SessionFile.Parse(Head + "spec:\n" + field, SessionScope.Local);
            }
            catch (SessionFileException e)
            {
                errors = e.Message;
            }

            Assert.DoesNotContain("unknown field", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_field_is_read()
    {
        var spec = SessionFile
            .Parse(
                Head
                    + """
                    spec:
                      target:
                        workloadRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                        containerName: app
                        processName: checkout
                        maxPods: 7
                      duration: 1m30s
                      threshold: 2.5ms
                      sampleFrequencyHz: 49
                      workerThreadNames: [io-, "cpu-"]
                      overheadBudgetPercent: 0.5
                      startDeadline: 1m
                      suspend: true
                      output:
                        topHotspots: 10
                        formats: [Report, Pprof, Page]
                      expect: {maxPoll: 50ms, maxBlockedPercent: 1.5}
                      resultsTTL: 24h
                      lookBack: 2m
                    """,
                SessionScope.Cluster
            )
            .Spec;

        Assert.Equal(new WorkloadReference("apps/v1", "Deployment", "checkout"), spec.Target.WorkloadRef);
        Assert.Equal(("app", "checkout", 7), (spec.Target.ContainerName, spec.Target.ProcessName, spec.Target.MaxPods));
        Assert.Equal(
            ("1m30s", "2.5ms", "1m", "24h"),
            (
                spec.Duration.ToString(),
                spec.Threshold.ToString(),
                spec.StartDeadline.ToString(),
                spec.ResultsTtl.ToString()
            )
        );
        Assert.Equal(
            (49, 0.5, true, 10),
            (spec.SampleFrequencyHz, spec.OverheadBudgetPercent, spec.Suspend, spec.Output.TopHotspots)
        );
        Assert.Equal("2m", spec.LookBack.ToString());
        Assert.Equal(["io-", "cpu-"], spec.WorkerThreadNames);
        Assert.Equal([OutputFormat.Report, OutputFormat.Pprof, OutputFormat.Page], spec.Output.Formats);
        Assert.Equal(("50ms", 1.5), (spec.Expect!.MaxPoll.ToString(), spec.Expect.MaxBlockedPercent));
    }

    [Fact]
    public void Selectors_are_read()
    {
        var selector = SessionFile
            .Parse(
                Head
                    + """
                    spec:
                      target:
                        podSelector:
                          matchLabels: {app: checkout, "version": "2"}
                          matchExpressions:
                          - {key: tier, operator: In, values: [a, b]}
                          - {key: canary, operator: DoesNotExist}
                    """,
                SessionScope.Cluster
            )
            .Spec.Target.PodSelector!;

        Assert.Equal("2", selector.MatchLabels!["version"]);
        Assert.Equal(["a", "b"], selector.MatchExpressions![0].Values!);
        Assert.Equal(
            ("DoesNotExist", null),
            (selector.MatchExpressions[1].Operator, selector.MatchExpressions[1].Values)
        );
    }

    [Fact]
    public void What_is_left_out_has_the_defaults_of_the_crd()
    {
        var spec = SessionFile.Parse(Head + "spec:\n" + Target, SessionScope.Local).Spec;

        Assert.Equal(new ProfilingSessionSpec().Duration, spec.Duration);
        Assert.Equal(new ProfilingSessionSpec().SampleFrequencyHz, spec.SampleFrequencyHz);
    }

    [Fact]
    public void What_kubectl_prints_can_be_run_again()
    {
        var session = SessionFile.Parse(
            """
            apiVersion: hud.dev/v1alpha1
            kind: ProfilingSession
            metadata:
              name: checkout-p99
              namespace: shop
              uid: 6a1f0c3e-0000-4000-8000-000000000001
              generation: 1
              managedFields: [{manager: kubectl, operation: Update}]
            spec: {target: {processName: checkout}}
            status: {phase: Completed, verdict: "HEALTHY"}
            """,
            SessionScope.Local
        );

        Assert.Equal(("checkout-p99", "shop"), (session.Metadata.Name, session.Metadata.Namespace));
    }

    [Theory]
    [InlineData("spec:\n" + Target + "  treshold: 5ms\n", 6, "spec.treshold", "unknown field; did you mean threshold?")]
    [InlineData(
        "spec:\n" + Target + "  image: evil\n",
        6,
        "spec.image",
        "unknown field; fields here are target, duration,"
    )]
    [InlineData(
        "spec:\n" + Target + "  duration: 90\n",
        6,
        "spec.duration",
        "\"90\" is not a duration; write it like 90s"
    )]
    [InlineData("spec:\n" + Target + "  duration: five minutes\n", 6, "spec.duration", "is not a duration")]
    [InlineData("spec:\n" + Target + "  duration: [1s]\n", 6, "spec.duration", "a list is not a duration")]
    [InlineData("spec:\n" + Target + "  threshold: 1us\n", 6, "spec.threshold", SessionMessages.Threshold)]
    [InlineData("spec:\n" + Target + "  duration: 48h\n", 6, "spec.duration", SessionMessages.LocalDuration)]
    [InlineData(
        "spec:\n" + Target + "  sampleFrequencyHz: \"99\"\n",
        6,
        "spec.sampleFrequencyHz",
        "is not a whole number"
    )]
    [InlineData(
        "spec:\n" + Target + "  sampleFrequencyHz: 9.5\n",
        6,
        "spec.sampleFrequencyHz",
        "is not a whole number"
    )]
    [InlineData(
        "spec:\n" + Target + "  sampleFrequencyHz: 99999999999999999999999999999999\n",
        6,
        "spec.sampleFrequencyHz",
        "is not a whole number"
    )]
    [InlineData(
        "spec:\n" + Target + "  overheadBudgetPercent: 1%\n",
        6,
        "spec.overheadBudgetPercent",
        "is not a number"
    )]
    [InlineData("spec:\n" + Target + "  suspend: yes\n", 6, "spec.suspend", "is neither true nor false")]
    [InlineData("spec:\n" + Target + "  workerThreadNames: io-\n", 6, "spec.workerThreadNames", "must be a list")]
    [InlineData(
        "spec:\n" + Target + "  workerThreadNames:\n  - io-\n  - 7\n",
        8,
        "spec.workerThreadNames",
        "every entry must be a text"
    )]
    [InlineData(
        "spec:\n" + Target + "  output:\n    formats: [Report, Gif]\n",
        7,
        "spec.output.formats",
        "\"Gif\" is not one of Report, Page,"
    )]
    [InlineData(
        "spec:\n" + Target + "  output:\n    topHotspots: 99\n",
        7,
        "spec.output.topHotspots",
        SessionMessages.TopHotspots
    )]
    [InlineData("spec:\n" + Target + "  expect: {}\n", 6, "spec.expect", SessionMessages.ExpectEmpty)]
    [InlineData(
        "spec:\n" + Target + "  expect:\n    maxBlockedPercent: -1\n",
        7,
        "spec.expect.maxBlockedPercent",
        SessionMessages.ExpectMaxBlockedPercent
    )]
    [InlineData(
        "spec:\n  target:\n    processName: 42\n",
        6,
        "spec.target.processName",
        "must be a text; put it in quotes"
    )]
    [InlineData("spec:\n  target:\n    processName: a/b\n", 6, "spec.target.processName", SessionMessages.ProcessName)]
    [InlineData(
        "spec:\n  target:\n    podName: a\n    processName: a\n",
        5,
        "spec.target",
        SessionMessages.LocalSelector
    )]
    [InlineData("spec:\n  target: checkout\n", 5, "spec.target", "must be a mapping of fields")]
    [InlineData("spec:\n  target: {}\n", 5, "spec.target", SessionMessages.LocalProcessName)]
    [InlineData("spec: {}\n", 4, "spec.target", SessionMessages.LocalProcessName)]
    [InlineData("", 1, "spec", "is missing")]
    [InlineData("spec:\n" + Target + "  duration: 5s\n  duration: 6s\n", 7, "duration", "written twice")]
    [InlineData("spec:\n" + Target + "  suspend: true\n", 6, "spec.suspend", SessionMessages.LocalSuspend)]
    public void A_wrong_field_is_reported_with_its_line_and_path(string spec, int line, string field, string message)
    {
        var error = Assert.Single(Errors(Head + spec));

        Assert.Equal((line, field), (error.Line, error.Field));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1, "the file is empty")]
    [InlineData("- a\n", 1, "must be a mapping")]
    [InlineData("spec: [1, 2\n", 2, "this is not YAML")]
    [InlineData("a: b: c\n", 1, "this is not YAML")]
    [InlineData("a: \"open\n", 1, "this is not YAML")]
    [InlineData("a: 1\n  b: 2\n", 2, "this is not YAML")]
    [InlineData(Head + "spec:\n" + Target + "---\nkind: Pod\n", 6, "more than one document")]
    [InlineData(Head + "spec: &a\n" + Target, 4, "anchors, aliases and tags")]
    [InlineData(Head + "spec:\n  target: !!python/object x\n", 5, "anchors, aliases and tags")]
    [InlineData(Head + "? [a]\n: b\n", 4, "a key must be a plain word")]
    public void What_is_not_a_session_is_reported_with_its_line(string text, int line, string message)
    {
        var error = Assert.Single(Errors(text));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public void Another_kind_is_refused()
    {
        var errors = Errors("apiVersion: v1\nkind: Pod\nspec:\n" + Target);

        Assert.Equal(
            [(1, "apiVersion", "must be hud.dev/v1alpha1"), (2, "kind", "must be ProfilingSession")],
            errors.Select(e => (e.Line, e.Field, e.Message))
        );
    }

    [Fact]
    public void Everything_that_is_wrong_is_reported_at_once_in_the_order_of_the_lines()
    {
        var errors = Errors(Head + "spec:\n  duration: x\n  treshold: 5ms\n  suspend: maybe\n" + Target);

        Assert.Equal([5, 6, 7], errors.Select(e => e.Line));
    }

    [Fact]
    public void Nothing_in_a_file_can_eat_memory_or_the_stack()
    {
        Assert.Contains(
            "nested deeper",
            Assert.Single(Errors(Head + "spec: " + new string('[', 5000))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "nested deeper",
            Assert
                .Single(Errors(string.Concat(Enumerable.Range(0, 60).Select(i => new string(' ', i) + "a:\n"))))
                .Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "larger than",
            Assert.Single(Errors(new string('#', YamlTree.MaxBytes + 1))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "values",
            Assert.Single(Errors("a: [" + string.Concat(Enumerable.Repeat("1,", YamlTree.MaxValues)) + "]")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void No_text_ends_in_another_exception()
    {
        var random = new Random(1);
        string seed =
            Head + "spec:\n" + Target + "  duration: 5s\n  workerThreadNames: [a, b]\n  expect: {maxPoll: 5ms}\n";
        const string noise = "{}[]:-#&*!|>'\"%@`,\n\t \0?~é\ud83d";
        for (int i = 0; i < 3000; i++)
        {
            char[] text = seed.ToCharArray();
            for (int n = random.Next(1, 6); n > 0; n--)
                text[random.Next(text.Length)] = noise[random.Next(noise.Length)];
            try
            {
                SessionFile.Parse(new string(text), SessionScope.Local);
            }
            catch (SessionFileException e)
            {
                Assert.All(e.Errors, error => Assert.True(error.Line >= 1, error.ToString()));
            }
        }
    }

    private static IReadOnlyList<SessionFileError> Errors(string text) =>
        Assert.Throws<SessionFileException>(() => SessionFile.Parse(text, SessionScope.Local)).Errors;
}
