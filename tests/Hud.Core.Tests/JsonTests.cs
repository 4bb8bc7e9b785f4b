using System.Text.Json;
using Hud.Core.Api;

namespace Hud.Core.Tests;

public class JsonTests
{
    [Fact]
    public void Fields_that_are_absent_keep_the_defaults_of_the_type()
    {
        var session = JsonSerializer.Deserialize(
            """{"spec":{"target":{"processName":"x"}}}""",
            HudJson.Default.ProfilingSession
        )!;

        Assert.Equal(new ProfilingSessionSpec().Duration, session.Spec.Duration);
        Assert.Equal(5, session.Spec.Target.MaxPods);
        Assert.Equal([OutputFormat.Report], session.Spec.Output.Formats);
        Assert.Equal(ProfilingSession.KindName, session.Kind);
        Assert.NotNull(session.Metadata);
    }

    [Theory]
    [InlineData("""{"spec":null}""")]
    [InlineData("""{"spec":{"target":{"workloadRef":{"kind":"Deployment"}}}}""")]
    [InlineData("""{"spec":{"output":{"formats":null}}}""")]
    [InlineData("""{"spec":{"duration":5}}""")]
    public void Null_or_missing_where_a_value_is_promised_is_an_error_and_not_a_null_reference(string json)
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, HudJson.Default.ProfilingSession));
    }

    [Fact]
    public void A_label_requirement_may_leave_its_values_out()
    {
        var session = JsonSerializer.Deserialize(
            """{"spec":{"target":{"podSelector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}}}""",
            HudJson.Default.ProfilingSession
        )!;

        Assert.Null(session.Spec.Target.PodSelector!.MatchExpressions![0].Values);
    }
}
