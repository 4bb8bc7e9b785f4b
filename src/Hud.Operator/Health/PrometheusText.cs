using System.Diagnostics.Metrics;
using System.Globalization;
using Hud.Metrics.Format;

namespace Hud.Operator.Health;

/// <summary>
/// Keeps the values of our instruments and writes them in the Prometheus text format, version 0.0.4. Names are given as Prometheus wants them, so
/// nothing is renamed; OTLP gets the same instruments through the SDK, whose exporter for Prometheus has no stable version and brings a server of its own.
/// prometheus-net's adapter puts the meter's name before each, writes counters as gauges and leaves <see cref="Gauge{T}"/> out.
/// </summary>
public sealed class PrometheusText : IDisposable
{
    private const int MaxSeries = 2_000;

    // the buckets of controller-runtime's histograms, thinned out
    private static readonly double[] Buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private int _series;

    public PrometheusText(params string[] meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Array.IndexOf(meters, instrument.Meter.Name) >= 0)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Record(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Record(i, v, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    public string Write()
    {
        Observe();
        lock (_lock)
            return TextFormat.Plain(_families.Values.Select(f => f.ToMetricFamily()));
    }

    /// <summary>Asks the instruments that speak only when asked. What they do not name any more is gone.</summary>
    private void Observe()
    {
        lock (_lock)
        {
            foreach (var (name, family) in _families.Where(f => f.Value.Observed).ToList())
            {
                _series -= family.Series.Count;
                _families.Remove(name);
            }
        }
        _listener.RecordObservableInstruments();
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        IReadOnlyList<Label> labels = Labels(tags);
        lock (_lock)
        {
            if (!_families.TryGetValue(instrument.Name, out var family))
            {
                var kind = instrument switch
                {
                    Counter<long> => MetricKind.Counter,
                    Histogram<double> => MetricKind.Histogram,
                    _ => MetricKind.Gauge,
                };
                _families[instrument.Name] = family = new Family(
                    new MetricInfo(instrument.Name, kind, "", instrument.Description ?? ""),
                    instrument.IsObservable
                );
            }
            var key = string.Join('\0', labels);
            if (!family.Series.TryGetValue(key, out var series))
            {
                if (_series >= MaxSeries)
                    return; // labels come from fixed sets; this only guards against a mistake
                _series++;
                family.Series[key] = series = new Series(
                    labels,
                    replaces: instrument.IsObservable || instrument is Gauge<long>
                );
            }
            series.Add(value);
        }
    }

    private static List<Label> Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<Label>(tags.Length);
        foreach (var (key, value) in tags)
            labels.Add(new Label(key, value?.ToString() ?? ""));
        return labels;
    }

    private sealed record Family(MetricInfo Info, bool Observed)
    {
        public SortedDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);

        public MetricFamily ToMetricFamily() =>
            Info.Kind == MetricKind.Histogram
                ? new MetricFamily(Info) { Histograms = [.. Series.Values.Select(s => s.ToHistogram())] }
                : new MetricFamily(Info) { Samples = [.. Series.Values.Select(s => s.ToSample())] };
    }

    /// <summary>A number, or what a histogram is made of; the family knows which.</summary>
    private sealed class Series(IReadOnlyList<Label> labels, bool replaces)
    {
        private readonly long[] _counts = new long[Buckets.Length];
        private long _count;
        private double _value;

        public void Add(double value)
        {
            for (var i = 0; i < Buckets.Length; i++)
            {
                if (value <= Buckets[i])
                    _counts[i]++;
            }
            _count++;
            _value = replaces ? value : _value + value;
        }

        public Sample ToSample() => new(labels, _value);

        public HistogramSample ToHistogram() =>
            new(
                labels,
                [
                    .. Buckets.Select(
                        (bound, i) => new Bucket(bound.ToString("R", CultureInfo.InvariantCulture), bound, _counts[i])
                    ),
                ],
                _count,
                _value
            );
    }
}
