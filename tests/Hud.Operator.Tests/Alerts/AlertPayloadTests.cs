using System.Text;
using Hud.Operator.Alerts;

namespace Hud.Operator.Tests.Alerts;

/// <summary>What is read of a body, and what is not, whoever wrote it.</summary>
public sealed class AlertPayloadTests
{
    /// <summary>As Alertmanager 0.25 sends it.</summary>
    internal const string Real = """
        {"receiver":"hud","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Slow","namespace":"shop","pod":"checkout-1"},
        "annotations":{"summary":"slow"},"startsAt":"2026-11-30T13:25:00.123456789Z","endsAt":"0001-01-01T00:00:00Z",
        "generatorURL":"http://prometheus:9090/graph","fingerprint":"3c3fa5d80e3a5b0f"}],"groupLabels":{"alertname":"Slow"},
        "commonLabels":{"alertname":"Slow"},"commonAnnotations":{},"externalURL":"http://alertmanager:9093","version":"4",
        "groupKey":"{}:{alertname=\"Slow\"}","truncatedAlerts":0}
        """;

    private static AlertBatch? Read(string body, out string error) =>
        AlertPayload.TryRead(Encoding.UTF8.GetBytes(body), out error);

    private static string Body(params string[] alerts) =>
        $$"""{"version":"4","alerts":[{{string.Join(',', alerts)}}]}""";

    private static string One(string labels = "{}", string more = "") =>
        $$"""{"status":"firing","fingerprint":"f1","startsAt":"2026-01-01T00:00:00Z","labels":{{labels}}{{more}}}""";

    [Fact]
    public void What_Alertmanager_sends_is_read()
    {
        var batch = Read(Real, out var error)!;
        Assert.Equal("", error);
        var alert = Assert.Single(batch.Firing);
        Assert.Equal("3c3fa5d80e3a5b0f", alert.Fingerprint);
        Assert.Equal(new DateTimeOffset(2026, 11, 30, 13, 25, 0, TimeSpan.Zero).AddTicks(1234567), alert.StartsAt);
        Assert.Equal(
            ("Slow", "shop", "checkout-1", ""),
            (alert.Label("alertname"), alert.Label("namespace"), alert.Label("pod"), alert.Label("x"))
        );
    }

    [Fact]
    public void Alerts_that_are_over_make_nothing()
    {
        var batch = Read(Body(One().Replace("firing", "resolved", StringComparison.Ordinal), One()), out _)!;
        Assert.Equal((1, 1, 0), (batch.Firing.Count, batch.Resolved, batch.Malformed));
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("hello", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("null", "object")]
    [InlineData("{}", "version 4")]
    [InlineData("""{"version":"3","alerts":[]}""", "version 4")]
    [InlineData("""{"version":4,"alerts":[]}""", "version 4")]
    [InlineData("""{"version":"4"}""", "no list of alerts")]
    [InlineData("""{"version":"4","alerts":{}}""", "no list of alerts")]
    [InlineData("""{"version":"4","alerts":[]""", "JSON")]
    [InlineData("""{"version":"4","alerts":[]} {}""", "JSON")]
    [InlineData("""{"version":"4","alerts":[],}""", "JSON")]
    [InlineData("""{"version":"4","alerts":[{"status":"\ud800"}]}""", "JSON")]
    public void A_body_that_is_none_is_refused_in_words(string body, string words)
    {
        Assert.Null(Read(body, out var error));
        Assert.Contains(words, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""5""")]
    [InlineData("""[[[]]]""")]
    [InlineData("""{"status":"firing"}""")]
    [InlineData("""{"status":"firing","fingerprint":"f1","labels":{}}""")]
    [InlineData("""{"status":"firing","fingerprint":"","startsAt":"2026-01-01T00:00:00Z","labels":{}}""")]
    [InlineData("""{"status":"firing","fingerprint":"../x","startsAt":"2026-01-01T00:00:00Z","labels":{}}""")]
    [InlineData("""{"status":"firing","fingerprint":"f1","startsAt":"soon","labels":{}}""")]
    [InlineData("""{"status":"firing","fingerprint":"f1","startsAt":{},"labels":{}}""")]
    [InlineData("""{"status":"firing","fingerprint":"f1","startsAt":"2026-01-01T00:00:00Z","labels":[]}""")]
    [InlineData("""{"status":"firing","fingerprint":"f1","startsAt":"2026-01-01T00:00:00Z","labels":{"a":5}}""")]
    [InlineData("""{"status":"on fire","fingerprint":"f1","startsAt":"2026-01-01T00:00:00Z","labels":{}}""")]
    public void An_alert_of_which_a_part_is_missing_is_left_out_and_the_others_are_taken(string alert)
    {
        var batch = Read(Body(alert, One("""{"a":"b"}""")), out _)!;
        Assert.Equal(("b", 0, 1), (Assert.Single(batch.Firing).Label("a"), batch.Resolved, batch.Malformed));
    }

    [Fact]
    public void Bounds_hold()
    {
        var longest = new string('v', AlertPayload.MaxLabelValue);
        Assert.Single(Read(Body(One($$"""{"a":"{{longest}}"}""")), out _)!.Firing);
        Assert.Equal(1, Read(Body(One($$"""{"a":"{{longest}}v"}""")), out _)!.Malformed);
        Assert.Equal(
            1,
            Read(Body(One($$"""{"{{new string('n', AlertPayload.MaxLabelName + 1)}}":"v"}""")), out _)!.Malformed
        );
        string Labels(int n) => "{" + string.Join(',', Enumerable.Range(0, n).Select(i => $"\"l{i}\":\"v\"")) + "}";
        Assert.Single(Read(Body(One(Labels(AlertPayload.MaxLabels))), out _)!.Firing);
        Assert.Equal(1, Read(Body(One(Labels(AlertPayload.MaxLabels + 1))), out _)!.Malformed);
        Assert.Equal(1000, Read(Body([.. Enumerable.Repeat(One(), 1000)]), out _)!.Firing.Count);
        Assert.Null(Read(Body([.. Enumerable.Repeat(One(), 1001)]), out var error));
        Assert.Contains("more than 1000 alerts", error, StringComparison.Ordinal);
        // depth: inside what is skipped as well
        string Nested(int depth) =>
            $$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}},"version":"4","alerts":[]}""";
        Assert.NotNull(Read(Nested(AlertPayload.MaxDepth - 1), out _));
        Assert.Null(Read(Nested(AlertPayload.MaxDepth), out _));
    }

    /// <summary>A label of a megabyte, and 16 of 64 KiB: left out, and nothing of it is kept.</summary>
    [Fact]
    public void Labels_of_a_megabyte_are_left_out()
    {
        var body = Encoding.UTF8.GetBytes(Body(One($$"""{"alertname":"{{new string('x', 1 << 20)}}"}"""), One()));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var batch = AlertPayload.TryRead(body, out _)!;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
        Assert.Equal((1, 1), (batch.Firing.Count, batch.Malformed));
        Assert.InRange(batch.Firing[0].Labels.Count, 0, 0);
    }

    [Fact]
    public void Damaged_bodies_are_refused_or_read_and_nothing_else()
    {
        var whole = Encoding.UTF8.GetBytes(Real);
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var body = whole.AsSpan(0, random.Next(1, whole.Length + 1)).ToArray();
            for (var n = random.Next(4); n > 0; n--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            var batch = AlertPayload.TryRead(body, out var error);
            Assert.Equal(batch is null, error.Length > 0);
        }
    }
}
