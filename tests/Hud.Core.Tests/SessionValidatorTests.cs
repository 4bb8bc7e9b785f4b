using Hud.Core.Api;

namespace Hud.Core.Tests;

public class SessionValidatorTests
{
    private static readonly ProfilingSessionSpec Local = new() { Target = new TargetSpec { ProcessName = "checkout" } };
    private static readonly ProfilingSessionSpec Cluster = new() { Target = new TargetSpec { PodName = "checkout-0" } };

    public static TheoryData<string, ProfilingSessionSpec, string, string> Refused()
    {
        var c = Cluster;
        return new()
        {
            {
                "duration below",
                c with
                {
                    Duration = D("999ms"),
                    Threshold = D("5ms"),
                },
                "spec.duration",
                SessionMessages.Duration
            },
            { "duration above", c with { Duration = D("30m1ns") }, "spec.duration", SessionMessages.Duration },
            { "threshold below", c with { Threshold = D("99us") }, "spec.threshold", SessionMessages.Threshold },
            { "threshold above", c with { Threshold = D("10s1ns") }, "spec.threshold", SessionMessages.Threshold },
            {
                "threshold as long as the run",
                c with
                {
                    Threshold = D("2s"),
                    Duration = D("2s"),
                },
                "spec.threshold",
                SessionMessages.ThresholdBelowDuration
            },
            { "frequency 0", c with { SampleFrequencyHz = 0 }, "spec.sampleFrequencyHz", SessionMessages.Frequency },
            {
                "frequency 1000",
                c with
                {
                    SampleFrequencyHz = 1000,
                },
                "spec.sampleFrequencyHz",
                SessionMessages.Frequency
            },
            { "budget 0", c with { OverheadBudgetPercent = 0 }, "spec.overheadBudgetPercent", SessionMessages.Budget },
            {
                "budget 10.1",
                c with
                {
                    OverheadBudgetPercent = 10.1,
                },
                "spec.overheadBudgetPercent",
                SessionMessages.Budget
            },
            {
                "budget not a number",
                c with
                {
                    OverheadBudgetPercent = double.NaN,
                },
                "spec.overheadBudgetPercent",
                SessionMessages.Budget
            },
            {
                "start deadline",
                c with
                {
                    StartDeadline = D("1s"),
                },
                "spec.startDeadline",
                SessionMessages.StartDeadline
            },
            { "ttl", c with { ResultsTtl = D("1s") }, "spec.resultsTTL", SessionMessages.ResultsTtl },
            { "look-back 9s", c with { LookBack = D("9s") }, "spec.lookBack", SessionMessages.LookBack },
            { "look-back 11m", c with { LookBack = D("11m") }, "spec.lookBack", SessionMessages.LookBack },
            {
                "top 0",
                c with
                {
                    Output = new OutputSpec { TopHotspots = 0 },
                },
                "spec.output.topHotspots",
                SessionMessages.TopHotspots
            },
            {
                "top 51",
                c with
                {
                    Output = new OutputSpec { TopHotspots = 51 },
                },
                "spec.output.topHotspots",
                SessionMessages.TopHotspots
            },
            {
                "no formats",
                c with
                {
                    Output = new OutputSpec { Formats = [] },
                },
                "spec.output.formats",
                SessionMessages.Formats
            },
            {
                "a format twice",
                c with
                {
                    Output = new OutputSpec { Formats = [OutputFormat.Pprof, OutputFormat.Pprof] },
                },
                "spec.output.formats",
                SessionMessages.Formats
            },
            {
                "empty worker name",
                c with
                {
                    WorkerThreadNames = [""],
                },
                "spec.workerThreadNames",
                SessionMessages.WorkerThreadNames
            },
            {
                "long worker name",
                c with
                {
                    WorkerThreadNames = ["sixteen-letters-"],
                },
                "spec.workerThreadNames",
                SessionMessages.WorkerThreadNames
            },
            {
                "many worker names",
                c with
                {
                    WorkerThreadNames = [.. Enumerable.Repeat("w", 17)],
                },
                "spec.workerThreadNames",
                SessionMessages.WorkerThreadNames
            },
            { "empty expect", c with { Expect = new ExpectSpec() }, "spec.expect", SessionMessages.ExpectEmpty },
            {
                "expect poll",
                c with
                {
                    Expect = new ExpectSpec { MaxPoll = D("1us") },
                },
                "spec.expect.maxPoll",
                SessionMessages.ExpectMaxPoll
            },
            {
                "expect percent",
                c with
                {
                    Expect = new ExpectSpec { MaxBlockedPercent = 101 },
                },
                "spec.expect.maxBlockedPercent",
                SessionMessages.ExpectMaxBlockedPercent
            },
            { "no selector", c with { Target = new TargetSpec() }, "spec.target", SessionMessages.OneSelector },
            {
                "two selectors",
                c with
                {
                    Target = new TargetSpec { PodName = "a", WorkloadRef = new("apps/v1", "Deployment", "a") },
                },
                "spec.target",
                SessionMessages.OneSelector
            },
            {
                "empty pod selector",
                c with
                {
                    Target = new TargetSpec { PodSelector = new LabelSelector() },
                },
                "spec.target.podSelector",
                SessionMessages.EmptySelector
            },
            { "33 labels", c with { Target = Labels(33) }, "spec.target.podSelector", SessionMessages.SelectorSize },
            {
                "operator",
                c with
                {
                    Target = Expression(new("app", "Like", ["x"])),
                },
                "spec.target.podSelector.matchExpressions",
                SessionMessages.SelectorOperator
            },
            {
                "In without values",
                c with
                {
                    Target = Expression(new("app", "In")),
                },
                "spec.target.podSelector.matchExpressions",
                SessionMessages.SelectorValues
            },
            {
                "Exists with values",
                c with
                {
                    Target = Expression(new("app", "Exists", ["x"])),
                },
                "spec.target.podSelector.matchExpressions",
                SessionMessages.SelectorValues
            },
            {
                "pod name",
                c with
                {
                    Target = new TargetSpec { PodName = "Checkout_0" },
                },
                "spec.target.podName",
                SessionMessages.PodName
            },
            {
                "pod name with a line end",
                c with
                {
                    Target = new TargetSpec { PodName = "checkout\n" },
                },
                "spec.target.podName",
                SessionMessages.PodName
            },
            {
                "container name",
                c with
                {
                    Target = new TargetSpec { PodName = "a", ContainerName = "a.b" },
                },
                "spec.target.containerName",
                SessionMessages.ContainerName
            },
            {
                "process name with a path",
                c with
                {
                    Target = new TargetSpec { PodName = "a", ProcessName = "/bin/x" },
                },
                "spec.target.processName",
                SessionMessages.ProcessName
            },
            {
                "empty process name",
                c with
                {
                    Target = new TargetSpec { PodName = "a", ProcessName = "" },
                },
                "spec.target.processName",
                SessionMessages.ProcessName
            },
            {
                "max pods 0",
                c with
                {
                    Target = new TargetSpec { PodName = "a", MaxPods = 0 },
                },
                "spec.target.maxPods",
                SessionMessages.MaxPods
            },
            {
                "max pods 101",
                c with
                {
                    Target = new TargetSpec { PodName = "a", MaxPods = 501 },
                },
                "spec.target.maxPods",
                SessionMessages.MaxPods
            },
            {
                "a key that isn't a label",
                c with
                {
                    Target = Labelled("bad key!", "x"),
                },
                "spec.target.podSelector",
                SessionMessages.SelectorLabel
            },
            {
                "a value that a label cannot have",
                c with
                {
                    Target = Labelled("a", "x y"),
                },
                "spec.target.podSelector",
                SessionMessages.SelectorLabel
            },
            {
                "an expression's key that isn't a label",
                c with
                {
                    Target = new TargetSpec
                    {
                        PodSelector = new LabelSelector { MatchExpressions = [new("a b", "Exists")] },
                    },
                },
                "spec.target.podSelector",
                SessionMessages.SelectorLabel
            },
            {
                "workload kind",
                c with
                {
                    Target = new TargetSpec { WorkloadRef = new("apps/v1", "CronJob", "a") },
                },
                "spec.target.workloadRef",
                SessionMessages.WorkloadKind
            },
            {
                "workload version",
                c with
                {
                    Target = new TargetSpec { WorkloadRef = new("batch/v1", "Deployment", "a") },
                },
                "spec.target.workloadRef",
                SessionMessages.WorkloadKind
            },
            {
                "workload name",
                c with
                {
                    Target = new TargetSpec { WorkloadRef = new("apps/v1", "Deployment", "../a") },
                },
                "spec.target.workloadRef.name",
                SessionMessages.WorkloadName
            },
        };
    }

    private static TargetSpec Labelled(string key, string value) =>
        new()
        {
            PodSelector = new LabelSelector
            {
                MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value },
            },
        };

    /// <summary>The schema counts labels and expressions apart.</summary>
    [Fact]
    public void As_many_labels_and_as_many_expressions_as_the_schema_takes_are_good()
    {
        var spec = new ProfilingSessionSpec
        {
            Target = new TargetSpec
            {
                PodSelector = new LabelSelector
                {
                    MatchLabels = Enumerable.Range(0, 32).ToDictionary(i => $"l{i}", _ => "x"),
                    MatchExpressions =
                    [
                        .. Enumerable
                            .Range(0, 32)
                            .Select(i => new LabelSelectorRequirement(
                                $"e{i}",
                                "In",
                                [.. Enumerable.Range(0, 64).Select(v => $"v{v}")]
                            )),
                    ],
                },
            },
        };
        Assert.Empty(new SessionValidator(SessionScope.Cluster).Validate(spec).Errors);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_bad_value_is_refused_at_its_field_with_the_sentence_of_the_crd(
        string what,
        ProfilingSessionSpec spec,
        string field,
        string message
    )
    {
        var failure = Assert.Single(new SessionValidator(SessionScope.Cluster).Validate(spec).Errors);

        Assert.True(
            (field, message) == (failure.PropertyName, failure.ErrorMessage),
            $"{what}: {failure.PropertyName}: {failure.ErrorMessage}"
        );
        Assert.Equal(SessionValidator.InvalidSpec, failure.ErrorCode);
    }

    [Fact]
    public void Values_at_the_bounds_are_accepted()
    {
        ProfilingSessionSpec[] specs =
        [
            Cluster with
            {
                Duration = D("1s"),
                Threshold = D("100us"),
                SampleFrequencyHz = 1,
                OverheadBudgetPercent = 0.1,
            },
            Cluster with
            {
                Duration = D("30m"),
                Threshold = D("10s"),
                SampleFrequencyHz = 999,
                OverheadBudgetPercent = 10,
                Output = new OutputSpec { TopHotspots = 50 },
            },
            Cluster with
            {
                WorkerThreadNames = ["fifteen-letters"],
                Expect = new ExpectSpec { MaxBlockedPercent = 0 },
                ResultsTtl = D("1m"),
                LookBack = D("10s"),
            },
            Cluster with
            {
                LookBack = D("10m"),
            },
            Cluster with
            {
                Target = Labels(32),
            },
            Cluster with
            {
                Target = Expression(new("app", "In", ["a", "b"])),
            },
            Cluster with
            {
                Target = Expression(new("app", "DoesNotExist")),
            },
            Cluster with
            {
                Target = new TargetSpec
                {
                    WorkloadRef = new("batch/v1", "Job", "a.b-c"),
                    ContainerName = "app",
                    ProcessName = "checkout",
                    MaxPods = 500,
                },
            },
        ];

        Assert.All(specs, spec => Assert.Empty(new SessionValidator(SessionScope.Cluster).Validate(spec).Errors));
    }

    [Fact]
    public void An_administrators_ceiling_is_distinguished_from_the_schemas_own_bound()
    {
        var validator = new SessionValidator(SessionScope.Cluster, D("2m"));

        var failure = Assert.Single(validator.Validate(Cluster with { Duration = D("5m") }).Errors);

        Assert.Equal(
            (
                SessionValidator.DurationTooLong,
                "duration may be at most 2m here, as set by the administrator; shorten it"
            ),
            (failure.ErrorCode, failure.ErrorMessage)
        );
        Assert.Empty(validator.Validate(Cluster with { Duration = D("2m") }).Errors);
    }

    [Fact]
    public void On_this_machine_a_process_is_named_and_pods_are_not()
    {
        var validator = new SessionValidator(SessionScope.Local);

        Assert.Empty(validator.Validate(Local).Errors);
        Assert.Equal(
            SessionMessages.LocalProcessName,
            Assert.Single(validator.Validate(new ProfilingSessionSpec()).Errors).ErrorMessage
        );
        Assert.Equal(SessionMessages.LocalSelector, Assert.Single(validator.Validate(Cluster).Errors).ErrorMessage);
        Assert.Equal(
            SessionMessages.LocalSuspend,
            Assert.Single(validator.Validate(Local with { Suspend = true }).Errors).ErrorMessage
        );
    }

    [Fact]
    public void Everything_that_is_wrong_is_reported_at_once()
    {
        var errors = new SessionValidator(SessionScope.Cluster)
            .Validate(
                new ProfilingSessionSpec
                {
                    Duration = D("1h"),
                    Threshold = D("1us"),
                    SampleFrequencyHz = -1,
                }
            )
            .Errors;

        Assert.Equal(
            ["spec.duration", "spec.threshold", "spec.sampleFrequencyHz", "spec.target"],
            errors.Select(e => e.PropertyName)
        );
    }

    private static GoDuration D(string text) => GoDuration.Parse(text);

    private static TargetSpec Labels(int count) =>
        new()
        {
            PodSelector = new LabelSelector
            {
                MatchLabels = Enumerable.Range(0, count).ToDictionary(i => $"l{i}", _ => "v", StringComparer.Ordinal),
            },
        };

    private static TargetSpec Expression(LabelSelectorRequirement requirement) =>
        new() { PodSelector = new LabelSelector { MatchExpressions = [requirement] } };
}
