using System.Security.Cryptography;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Health;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;

namespace Hud.Operator.Tests;

public sealed class ResultsTests
{
    [Fact]
    public void Each_format_is_an_immutable_configmap_owned_by_the_session_with_the_hash_of_its_content()
    {
        var spec = Make.Spec() with
        {
            Output = new OutputSpec { Formats = [OutputFormat.Report, OutputFormat.Pprof, OutputFormat.Folded] },
        };
        var results = Results.Build(Make.Session(spec), spec, Make.Profile(Make.Target(0)), [Make.Target(0)], 1);
        Assert.Equal(
            ["checkout-report", "checkout-pprof", "checkout-folded"],
            results.Select(r => r.Map.Metadata.Name)
        );
        foreach (var (map, reference) in results)
        {
            Assert.True(map.Immutable);
            Assert.Equal("shop", map.Metadata.NamespaceProperty);
            Assert.Equal("5e55-1", map.Metadata.OwnerReferences!.Single().Uid);
            var bytes = map.BinaryData?[reference.Key] ?? System.Text.Encoding.UTF8.GetBytes(map.Data![reference.Key]);
            Assert.Equal(reference.Bytes, bytes.Length);
            Assert.Equal(reference.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        Assert.NotNull(results[1].Map.BinaryData);
    }

    [Fact]
    public void The_same_profile_gives_the_same_bytes()
    {
        var spec = Make.Spec();
        string Hash() =>
            Results
                .Build(Make.Session(), spec, Make.Profile(Make.Target(0)), [Make.Target(0)], 1)
                .Single()
                .Reference.Sha256;
        Assert.Equal(Hash(), Hash());
    }

    [Fact]
    public void Names_stay_within_253_characters_and_apart()
    {
        var (a, b) = (new string('a', 253), new string('a', 252) + "b");
        Assert.Equal(253, Names.Derived(a, "chrometrace").Length);
        Assert.NotEqual(Names.Derived(a, "chrometrace"), Names.Derived(b, "chrometrace"));
        Assert.Equal("x-report", Names.Derived("x", "report"));
    }
}

public sealed class AdmissionTests
{
    [Fact]
    public void A_good_spec_is_accepted() => Assert.True(Admission.Check(Make.Session(), out _, Make.Options).Accepted);

    [Theory]
    [InlineData("""{"duration":"99999999999999h"}""", SessionMessages.Duration)]
    [InlineData("""{"threshold":"soon"}""", SessionMessages.Threshold)]
    [InlineData("""{"startDeadline":""}""", SessionMessages.StartDeadline)]
    [InlineData("""{"resultsTTL":"-5s"}""", SessionMessages.ResultsTtl)]
    [InlineData("""{"lookBack":"a while"}""", SessionMessages.LookBack)]
    [InlineData("""{"expect":{"maxPoll":"5 ms"}}""", SessionMessages.ExpectMaxPoll)]
    [InlineData("""{"sampleFrequencyHz":"many"}""", "spec.sampleFrequencyHz cannot be read")]
    public void A_spec_that_cannot_be_read_is_a_sentence_and_not_a_crash(string spec, string sentence)
    {
        var session = Make.Session();
        session.Spec = System.Text.Json.JsonDocument.Parse(spec).RootElement;
        var verdict = Admission.Check(session, out _, Make.Options);
        Assert.Equal(("InvalidSpec", false), (verdict.Reason, verdict.Accepted));
        Assert.StartsWith(sentence, verdict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_validators_sentence_is_the_message()
    {
        var verdict = Admission.Check(
            Make.Session(Make.Spec() with { Target = new TargetSpec() }),
            out _,
            Make.Options
        );
        Assert.Equal(("InvalidSpec", SessionMessages.OneSelector), (verdict.Reason, verdict.Message));
    }

    [Fact]
    public void The_administrators_ceilings_have_reasons_of_their_own()
    {
        Assert.Equal(
            "DurationTooLong",
            Admission.Check(Make.Session(), out _, Make.Options with { MaxDuration = GoDuration.Parse("10s") }).Reason
        );
        Assert.Equal(
            "NamespaceNotAllowed",
            Admission.Check(Make.Session(), out _, Make.Options with { AllowedNamespaces = ["bank"] }).Reason
        );
        Assert.True(
            Admission.Check(Make.Session(), out _, Make.Options with { AllowedNamespaces = ["bank", "shop"] }).Accepted
        );
    }
}

public sealed class EventTests
{
    [Fact]
    public void A_transition_is_one_event_whoever_sees_it_and_no_change_is_none()
    {
        var target = Make.Target(0);
        var before = Make.Status(target);
        var after = SessionDecider
            .Decide(Make.Observation(before, [Make.Agent(Make.Ended(), Make.Done(target))]))
            .Status;
        var events = TransitionEvents.Between(Make.Session(), before, after, Make.Now);
        Assert.Equal(["Running", "AllTargetsProfiled"], events.Select(e => e.Reason));
        Assert.Equal(
            events.Select(e => e.Metadata.Name),
            TransitionEvents.Between(Make.Session(), before, after, Make.Now.AddHours(1)).Select(e => e.Metadata.Name)
        );
        Assert.Empty(TransitionEvents.Between(Make.Session(), after, after, Make.Now));
        Assert.All(events, e => Assert.Equal("5e55-1", e.InvolvedObject.Uid));
    }
}

public sealed class OptionsTests
{
    [Fact]
    public void What_cannot_be_read_is_named()
    {
        static string Error(string name, string value) =>
            Assert
                .Throws<FormatException>(() =>
                    OperatorOptions.FromEnvironment(n =>
                        n == name ? value
                        : n == "HUD_AGENT_IMAGE" ? "x"
                        : null
                    )
                )
                .Message;
        Assert.Contains("HUD_MAX_DURATION", Error("HUD_MAX_DURATION", "soon"), StringComparison.Ordinal);
        Assert.Contains("is much, which is", Error("HUD_AGENT_MEMORY_LIMIT", "much"), StringComparison.Ordinal);
        Assert.Contains("HUD_WORKERS", Error("HUD_WORKERS", "0"), StringComparison.Ordinal);
        Assert.Contains("true or false", Error("HUD_NEIGHBOUR_NAMES", "yes"), StringComparison.Ordinal);
        Assert.Contains("HUD_CONTINUOUS_METRICS", Error("HUD_CONTINUOUS_METRICS", "yes"), StringComparison.Ordinal);
        Assert.Contains("number", Error("HUD_CONTINUOUS_MAX_AGENTS_PER_NODE", "0"), StringComparison.Ordinal);
        Assert.Contains("privileged", Error("HUD_AGENT_SECURITY_PROFILE", "root"), StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => OperatorOptions.FromEnvironment(_ => null));
    }
}

public sealed class PrometheusTextTests
{
    [Fact]
    public void Counters_gauges_and_histograms_are_written_as_prometheus_reads_them()
    {
        using var meter = new System.Diagnostics.Metrics.Meter("test-meter");
        using var text = new PrometheusText("test-meter");
        var counter = meter.CreateCounter<long>("a_total", description: "counts");
        var gauge = meter.CreateGauge<long>("b", description: "level");
        var histogram = meter.CreateHistogram<double>("c_seconds", description: "times");
        counter.Add(2, new KeyValuePair<string, object?>("k", "v\"1\n"));
        counter.Add(3, new KeyValuePair<string, object?>("k", "v\"1\n"));
        gauge.Record(7);
        gauge.Record(4);
        histogram.Record(0.3);
        var lines = text.Write().Split('\n');
        Assert.Contains("# TYPE a_total counter", lines);
        Assert.Contains("a_total{k=\"v\\\"1\\n\"} 5", lines);
        Assert.Contains("b 4", lines);
        Assert.Contains("c_seconds_bucket{le=\"0.25\"} 0", lines);
        Assert.Contains("c_seconds_bucket{le=\"0.5\"} 1", lines);
        Assert.Contains("c_seconds_bucket{le=\"+Inf\"} 1", lines);
        Assert.Contains("c_seconds_count 1", lines);
    }

    [Fact]
    public void What_is_observed_is_asked_for_each_time_and_gone_when_it_is_not_named_any_more()
    {
        using var meter = new System.Diagnostics.Metrics.Meter("test-observed");
        using var text = new PrometheusText("test-observed");
        (string Queue, double Seconds)[] now = [("a", 3), ("b", 1)];
        meter.CreateObservableGauge(
            "d_seconds",
            () =>
                now.Select(n => new System.Diagnostics.Metrics.Measurement<double>(
                    n.Seconds,
                    new KeyValuePair<string, object?>("name", n.Queue)
                ))
        );
        Assert.Contains("d_seconds{name=\"a\"} 3", text.Write().Split('\n'));
        now = [("b", 7)];
        var lines = text.Write().Split('\n');
        Assert.Contains("# TYPE d_seconds gauge", lines);
        Assert.Equal(
            ["d_seconds{name=\"b\"} 7"],
            lines.Where(l => l.StartsWith("d_seconds", StringComparison.Ordinal))
        );
    }
}
