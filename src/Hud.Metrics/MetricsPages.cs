using Hud.Core.Stream;
using Hud.Metrics.Format;
using Hud.Metrics.Http;

namespace Hud.Metrics;

/// <summary>The pages of a run's metrics. Safe for several threads.</summary>
public sealed class MetricsPages
{
    public const string Path = "/metrics";

    private static readonly Page Root = Page.Whole(
        200,
        "text/html; charset=utf-8",
        "<!doctype html><title>Hud</title><a href=\"/metrics\">metrics</a>\n"u8.ToArray()
    );

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly HeapKeeper _heap = new();
    private readonly MetricsState _state;

    public MetricsPages(TimeProvider time) => (_time, _state) = (time, new MetricsState(_heap.Look));

    public void Accept(StreamMessage message)
    {
        lock (_gate)
            _state.Accept(message, _time.GetUtcNow());
        _heap.Look();
    }

    /// <summary>A line that is no message.</summary>
    public void CountBadLine()
    {
        lock (_gate)
            _state.BadLines++;
    }

    public Page Answer(PageRequest request) =>
        request.Path switch
        {
            Path when Negotiation.Choose(request.Accept) is var format => new Page(
                200,
                Negotiation.ContentType(format),
                Metrics(format)
            ),
            "/" => Root,
            _ => Page.Text(404, "not here: /metrics\n"),
        };

    private IEnumerable<ReadOnlyMemory<byte>> Metrics(ExpositionFormat format)
    {
        IReadOnlyList<MetricFamily> families;
        lock (_gate)
            families = _state.Families(_time.GetUtcNow());
        foreach (var part in Negotiation.Write(format, families))
            yield return part;
    }
}
