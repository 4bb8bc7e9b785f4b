using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

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
        var text = new StringBuilder();
        Observe();
        lock (_lock)
        {
            foreach (var (name, family) in _families)
            {
                text.Append("# HELP ").Append(name).Append(' ').Append(family.Help).Append('\n');
                text.Append("# TYPE ").Append(name).Append(' ').Append(family.Type).Append('\n');
                foreach (var (labels, series) in family.Series)
                    series.Write(text, name, labels);
            }
        }
        return text.ToString();
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
        var labels = Labels(tags);
        lock (_lock)
        {
            if (!_families.TryGetValue(instrument.Name, out var family))
            {
                var type = instrument switch
                {
                    Counter<long> => "counter",
                    Histogram<double> => "histogram",
                    _ => "gauge",
                };
                _families[instrument.Name] = family = new Family(
                    type,
                    (instrument.Description ?? "").Replace("\n", " ", StringComparison.Ordinal),
                    instrument.IsObservable
                );
            }
            if (!family.Series.TryGetValue(labels, out var series))
            {
                if (_series >= MaxSeries)
                    return; // labels come from fixed sets; this only guards against a mistake
                _series++;
                family.Series[labels] = series =
                    family.Type == "histogram"
                        ? new HistogramSeries()
                        : new ValueSeries(replaces: instrument.IsObservable || instrument is Gauge<long>);
            }
            series.Add(value);
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            var escaped = (value?.ToString() ?? "")
                .Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length == 0 ? "" : ",").Append(key).Append("=\"").Append(escaped).Append('"');
        }
        return text.ToString();
    }

    private sealed record Family(string Type, string Help, bool Observed)
    {
        public SortedDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);
    }

    private abstract class Series
    {
        public abstract void Add(double value);

        public abstract void Write(StringBuilder text, string name, string labels);

        protected static void Line(StringBuilder text, string name, string labels, double value) =>
            text.Append(name)
                .Append(labels.Length == 0 ? "" : "{" + labels + "}")
                .Append(' ')
                .Append(value.ToString("R", CultureInfo.InvariantCulture))
                .Append('\n');
    }

    private sealed class ValueSeries(bool replaces) : Series
    {
        private double _value;

        public override void Add(double value) => _value = replaces ? value : _value + value;

        public override void Write(StringBuilder text, string name, string labels) => Line(text, name, labels, _value);
    }

    private sealed class HistogramSeries : Series
    {
        private readonly long[] _counts = new long[Buckets.Length];
        private long _count;
        private double _sum;

        public override void Add(double value)
        {
            for (var i = 0; i < Buckets.Length; i++)
            {
                if (value <= Buckets[i])
                    _counts[i]++;
            }
            _count++;
            _sum += value;
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            var separator = labels.Length == 0 ? "" : ",";
            for (var i = 0; i < Buckets.Length; i++)
                Line(
                    text,
                    name + "_bucket",
                    $"{labels}{separator}le=\"{Buckets[i].ToString("R", CultureInfo.InvariantCulture)}\"",
                    _counts[i]
                );
            Line(text, name + "_bucket", $"{labels}{separator}le=\"+Inf\"", _count);
            Line(text, name + "_sum", labels, _sum);
            Line(text, name + "_count", labels, _count);
        }
    }
}
