using Hud.Core.Api;

namespace Hud.Cli.Session;

/// <summary>A ProfilingSession written in YAML, checked field by field; every error names its line and field.</summary>
internal static class SessionFile
{
    /// <exception cref="SessionFileException">Everything that is wrong, not just the first thing.</exception>
    public static ProfilingSession Parse(string text, SessionScope scope)
    {
        if (YamlTree.Read(text) is not YamlMap root)
            throw new SessionFileException([
                new(
                    1,
                    1,
                    "",
                    "a ProfilingSession must be a mapping that starts with apiVersion, kind, metadata and spec"
                ),
            ]);

        var context = new FieldContext();
        var session = ReadSession(new FieldReader(context, root, ""));
        // bounds are judged only when every value could be read: a misread duration would be reported twice
        if (context.Errors.Count == 0)
        {
            foreach (var failure in new SessionValidator(scope).Validate(session.Spec).Errors)
                context.FailAt(failure.PropertyName, failure.ErrorMessage);
        }

        return context.Errors.Count == 0
            ? session
            : throw new SessionFileException([.. context.Errors.OrderBy(e => e.Line).ThenBy(e => e.Column)]);
    }

    private static ProfilingSession ReadSession(FieldReader fields)
    {
        string? apiVersion = fields.Text("apiVersion"),
            kind = fields.Text("kind");
        if (apiVersion != ProfilingSession.FullApiVersion)
            fields.Fail("apiVersion", $"must be {ProfilingSession.FullApiVersion}");
        if (kind != ProfilingSession.KindName)
            fields.Fail("kind", $"must be {ProfilingSession.KindName}");

        var metadata = fields.Map("metadata");
        var spec = fields.Map("spec");
        if (spec is null)
            fields.Fail("spec", "is missing; it says what to profile and how long");
        // what a server adds (kubectl get -o yaml) may stay in the file
        fields.Ignore("status");
        fields.End();
        return new ProfilingSession
        {
            Metadata = new ObjectMetadata
            {
                Name = metadata?.Text("name") ?? "",
                Namespace = metadata?.Text("namespace"),
            },
            Spec = spec is null ? new ProfilingSessionSpec() : ReadSpec(spec),
        };
    }

    private static ProfilingSessionSpec ReadSpec(FieldReader fields)
    {
        var defaults = new ProfilingSessionSpec();
        var spec = new ProfilingSessionSpec
        {
            Target = ReadTarget(fields.Map("target")),
            Duration = fields.Duration("duration") ?? defaults.Duration,
            Threshold = fields.Duration("threshold") ?? defaults.Threshold,
            SampleFrequencyHz = fields.Int("sampleFrequencyHz") ?? defaults.SampleFrequencyHz,
            WorkerThreadNames = fields.TextList("workerThreadNames") ?? defaults.WorkerThreadNames,
            OverheadBudgetPercent = fields.Number("overheadBudgetPercent") ?? defaults.OverheadBudgetPercent,
            StartDeadline = fields.Duration("startDeadline") ?? defaults.StartDeadline,
            Suspend = fields.Bool("suspend") ?? defaults.Suspend,
            Output = ReadOutput(fields.Map("output")),
            Expect = ReadExpect(fields.Map("expect")),
            ResultsTtl = fields.Duration("resultsTTL"),
            LookBack = fields.Duration("lookBack"),
        };
        fields.End();
        return spec;
    }

    private static TargetSpec ReadTarget(FieldReader? fields)
    {
        if (fields is null)
            return new TargetSpec();
        var target = new TargetSpec
        {
            PodSelector = ReadSelector(fields.Map("podSelector")),
            PodName = fields.Text("podName"),
            WorkloadRef = ReadWorkload(fields.Map("workloadRef")),
            ContainerName = fields.Text("containerName"),
            ProcessName = fields.Text("processName"),
            MaxPods = fields.Int("maxPods") ?? new TargetSpec().MaxPods,
        };
        fields.End();
        return target;
    }

    private static LabelSelector? ReadSelector(FieldReader? fields)
    {
        if (fields is null)
            return null;
        var selector = new LabelSelector
        {
            MatchLabels = fields.Texts("matchLabels"),
            MatchExpressions = ReadRequirements(fields.MapList("matchExpressions")),
        };
        fields.End();
        return selector;
    }

    private static List<LabelSelectorRequirement>? ReadRequirements(IReadOnlyList<FieldReader>? items)
    {
        if (items is null)
            return null;
        var requirements = new List<LabelSelectorRequirement>();
        foreach (var item in items)
        {
            requirements.Add(new(item.Text("key") ?? "", item.Text("operator") ?? "", item.TextList("values")));
            item.End();
        }

        return requirements;
    }

    private static WorkloadReference? ReadWorkload(FieldReader? fields)
    {
        if (fields is null)
            return null;
        var workload = new WorkloadReference(
            fields.Text("apiVersion") ?? "",
            fields.Text("kind") ?? "",
            fields.Text("name") ?? ""
        );
        fields.End();
        return workload;
    }

    private static OutputSpec ReadOutput(FieldReader? fields)
    {
        var defaults = new OutputSpec();
        if (fields is null)
            return defaults;
        var output = new OutputSpec
        {
            TopHotspots = fields.Int("topHotspots") ?? defaults.TopHotspots,
            Formats = fields.EnumList<OutputFormat>("formats") ?? defaults.Formats,
        };
        fields.End();
        return output;
    }

    private static ExpectSpec? ReadExpect(FieldReader? fields)
    {
        if (fields is null)
            return null;
        var expect = new ExpectSpec
        {
            MaxPoll = fields.Duration("maxPoll"),
            MaxBlockedPercent = fields.Number("maxBlockedPercent"),
        };
        fields.End();
        return expect;
    }
}
