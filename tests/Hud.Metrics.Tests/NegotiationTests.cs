using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

public sealed class NegotiationTests
{
    private const string Protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

    [Theory]
    [InlineData("", ExpositionFormat.Plain)]
    [InlineData("*/*", ExpositionFormat.Plain)]
    [InlineData("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", ExpositionFormat.Plain)]
    [InlineData("application/openmetrics-text", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=0.0.1", ExpositionFormat.Plain)]
    [InlineData("application/openmetrics-text;q=0", ExpositionFormat.Plain)]
    [InlineData("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.5", ExpositionFormat.Plain)]
    [InlineData(Protobuf, ExpositionFormat.Protobuf)]
    [InlineData("application/vnd.google.protobuf", ExpositionFormat.Plain)]
    [InlineData(";;=,q=,=;q=x", ExpositionFormat.Plain)]
    // Prometheus 2.42, without and with native histograms, and 3
    [InlineData(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ExpositionFormat.OpenMetrics
    )]
    [InlineData(
        Protobuf + ",application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ExpositionFormat.Protobuf
    )]
    [InlineData(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        ExpositionFormat.OpenMetrics
    )]
    public void The_format_is_what_the_client_likes_best_of_what_there_is(string accept, ExpositionFormat format) =>
        Assert.Equal(format, Negotiation.Choose(accept));
}
