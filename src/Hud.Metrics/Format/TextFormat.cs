using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hud.Metrics.Format;

/// <summary>
/// The text formats of Prometheus: 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0
/// (https://prometheus.io/docs/specs/om/open_metrics_spec/). Pure.
/// </summary>
public static class TextFormat
{
    public const string PlainType = "text/plain; version=0.0.4; charset=utf-8";
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// <summary>Characters of the names and values of an exemplar's labels: the bound of OpenMetrics.</summary>
    public const int MaxExemplarLabels = 128;

    /// <summary>Bytes of a part, of which the last line may go beyond them.</summary>
    private const int PartBytes = 32 << 10;

    public static string Plain(IEnumerable<MetricFamily> families) => Whole(families, openMetrics: false);

    public static string OpenMetrics(IEnumerable<MetricFamily> families) => Whole(families, openMetrics: true);

    /// <summary>In UTF-8, each part until the next is asked for: the whole can be many times what it is made of.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Parts(IEnumerable<MetricFamily> families, bool openMetrics)
    {
        ArgumentNullException.ThrowIfNull(families);
        var text = new StringBuilder();
        var part = new ArrayBufferWriter<byte>(PartBytes);
        foreach (var family in families)
        {
            Head(text, family.Info, openMetrics);
            foreach (var sample in family.Samples)
            {
                Line(text, family.Info.Name, sample.Labels, null, Number(sample.Value)).Append('\n');
                if (IsFull())
                    yield return Take();
            }

            foreach (var histogram in family.Histograms)
            {
                Write(text, family.Info.Name, histogram, openMetrics);
                if (IsFull())
                    yield return Take();
            }
        }

        if (openMetrics)
            text.Append("# EOF\n");
        yield return Take();

        bool IsFull() => text.Length >= PartBytes;

        ReadOnlyMemory<byte> Take()
        {
            part.ResetWrittenCount();
            foreach (var piece in text.GetChunks())
                Encoding.UTF8.GetBytes(piece.Span, part);
            text.Clear();
            return part.WrittenMemory;
        }
    }

    private static string Whole(IEnumerable<MetricFamily> families, bool openMetrics)
    {
        var whole = new ArrayBufferWriter<byte>();
        foreach (var part in Parts(families, openMetrics))
            whole.Write(part.Span);
        return Encoding.UTF8.GetString(whole.WrittenSpan);
    }

    private static void Head(StringBuilder text, MetricInfo info, bool openMetrics)
    {
        string name = openMetrics ? info.FamilyName : info.Name;
        text.Append("# HELP ").Append(name).Append(' ').Append(Escape(info.Help, quotes: openMetrics)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(Type(info.Kind, openMetrics)).Append('\n');
        if (openMetrics && info.Unit.Length > 0)
            text.Append("# UNIT ").Append(name).Append(' ').Append(info.Unit).Append('\n');
    }

    private static void Write(StringBuilder text, string name, HistogramSample histogram, bool openMetrics)
    {
        foreach (var bucket in histogram.Buckets)
            Bucket(bucket.BoundText, bucket.Count, bucket.Exemplar);
        Bucket("+Inf", histogram.Count, histogram.AboveExemplar);
        Line(text, name + "_sum", histogram.Labels, null, Number(histogram.Sum)).Append('\n');
        Line(text, name + "_count", histogram.Labels, null, Number(histogram.Count)).Append('\n');

        void Bucket(string bound, long count, Exemplar? exemplar)
        {
            Line(text, name + "_bucket", histogram.Labels, bound, Number(count));
            if (openMetrics && exemplar is not null && exemplar.Fits())
            {
                text.Append(" # ");
                Labels(text, exemplar.Labels, null, always: true);
                text.Append(' ').Append(Number(exemplar.Value)).Append(' ').Append(Time(exemplar.At));
            }

            text.Append('\n');
        }
    }

    /// <summary>Whether OpenMetrics allows as many characters.</summary>
    internal static bool Fits(this Exemplar exemplar) =>
        exemplar.Labels.Sum(l => l.Name.EnumerateRunes().Count() + l.Value.EnumerateRunes().Count())
        <= MaxExemplarLabels;

    private static string Type(MetricKind kind, bool openMetrics) =>
        kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Histogram => "histogram",
            MetricKind.Info when openMetrics => "info",
            _ => "gauge",
        };

    private static StringBuilder Line(
        StringBuilder text,
        string name,
        IReadOnlyList<Label> labels,
        string? bound,
        string value
    )
    {
        text.Append(name);
        Labels(text, labels, bound, always: false);
        return text.Append(' ').Append(value);
    }

    private static void Labels(StringBuilder text, IReadOnlyList<Label> labels, string? bound, bool always)
    {
        if (labels.Count == 0 && bound is null && !always)
            return;
        text.Append('{');
        for (int i = 0; i < labels.Count; i++)
            text.Append(i > 0 ? "," : "")
                .Append(labels[i].Name)
                .Append("=\"")
                .Append(Escape(labels[i].Value, quotes: true))
                .Append('"');
        if (bound is not null)
            text.Append(labels.Count > 0 ? "," : "").Append("le=\"").Append(bound).Append('"');
        text.Append('}');
    }

    private static string Escape(string text, bool quotes)
    {
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Seconds since 1970, to the millisecond.</summary>
    private static string Time(DateTimeOffset at) =>
        (at.ToUnixTimeMilliseconds() / 1000m).ToString("0.000", CultureInfo.InvariantCulture);
}
