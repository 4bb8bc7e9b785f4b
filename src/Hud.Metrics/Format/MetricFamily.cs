namespace Hud.Metrics.Format;

public enum MetricKind
{
    Counter,
    Gauge,
    Histogram,

    /// <summary>Always 1; what there is to know is in its labels.</summary>
    Info,
}

/// <summary>What a metric is: the same for all of its series.</summary>
/// <param name="Name">As Prometheus shows it, so counters end in <c>_total</c>.</param>
/// <param name="Unit">A base unit that the name ends in, such as <c>seconds</c>; empty where there is none.</param>
public sealed record MetricInfo(string Name, MetricKind Kind, string Unit, string Help)
{
    /// <summary>Its labels, in order; with <see cref="MetricLabels.Target"/> first where it is about a target.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The name without the ending that the kind of metric brings.</summary>
    internal string FamilyName =>
        Kind switch
        {
            MetricKind.Counter when Name.EndsWith("_total", StringComparison.Ordinal) => Name[..^"_total".Length],
            MetricKind.Info when Name.EndsWith("_info", StringComparison.Ordinal) => Name[..^"_info".Length],
            _ => Name,
        };
}

/// <summary>A name that the program chose, and a value that anybody may have written.</summary>
public readonly record struct Label(string Name, string Value);

/// <summary>One observation that stands for others in its bucket.</summary>
/// <param name="Labels">At most <see cref="TextFormat.MaxExemplarLabels"/> characters together, or it is left out.</param>
public sealed record Exemplar(IReadOnlyList<Label> Labels, double Value, DateTimeOffset At);

/// <param name="Count">Of this bucket and all below it.</param>
/// <param name="UpperBound">The bound as text and as number; the last bucket has none, as if it were infinite.</param>
public sealed record Bucket(string BoundText, double UpperBound, long Count, Exemplar? Exemplar = null);

/// <summary>One series.</summary>
public sealed record Sample(IReadOnlyList<Label> Labels, double Value);

/// <param name="Buckets">Ascending, without the infinite one.</param>
/// <param name="Log2">
/// The same observations by powers of two of a nanosecond, see <see cref="Hud.Core.Profile.Log2Histogram"/>; null where they were not counted so.
/// </param>
public sealed record HistogramSample(
    IReadOnlyList<Label> Labels,
    IReadOnlyList<Bucket> Buckets,
    long Count,
    double Sum,
    Exemplar? AboveExemplar = null,
    IReadOnlyList<long>? Log2 = null
);

/// <summary>A metric with its series at one moment.</summary>
public sealed record MetricFamily(MetricInfo Info)
{
    public IReadOnlyList<Sample> Samples { get; init; } = [];

    /// <summary>In their place for a histogram.</summary>
    public IReadOnlyList<HistogramSample> Histograms { get; init; } = [];

    public bool IsEmpty => Samples.Count + Histograms.Count == 0;
}
