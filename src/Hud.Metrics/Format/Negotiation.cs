using System.Globalization;

namespace Hud.Metrics.Format;

public enum ExpositionFormat
{
    Plain,
    OpenMetrics,
    Protobuf,
}

/// <summary>Which format a client wants, by its Accept header (RFC 9110, 12.5.1). Pure.</summary>
public static class Negotiation
{
    /// <summary>The one with the highest weight, the first of equals; plain text where none is named that there is.</summary>
    public static ExpositionFormat Choose(string accept)
    {
        ArgumentNullException.ThrowIfNull(accept);
        var (chosen, best) = (ExpositionFormat.Plain, 0.0);
        foreach (string range in accept.Split(','))
        {
            string[] parts = range.Split(';', StringSplitOptions.TrimEntries);
            if (Known(parts[0], parts.AsSpan(1)) is { } format && Weight(parts) is var weight && weight > best)
                (chosen, best) = (format, weight);
        }

        return chosen;
    }

    public static string ContentType(ExpositionFormat format) =>
        format switch
        {
            ExpositionFormat.Protobuf => ProtobufFormat.ContentType,
            ExpositionFormat.OpenMetrics => TextFormat.OpenMetricsType,
            _ => TextFormat.PlainType,
        };

    public static IEnumerable<ReadOnlyMemory<byte>> Write(
        ExpositionFormat format,
        IEnumerable<MetricFamily> families
    ) =>
        format == ExpositionFormat.Protobuf
            ? ProtobufFormat.Parts(families)
            : TextFormat.Parts(families, openMetrics: format == ExpositionFormat.OpenMetrics);

    private static ExpositionFormat? Known(string type, ReadOnlySpan<string> parameters) =>
        type.ToLowerInvariant() switch
        {
            "application/openmetrics-text" when Value(parameters, "version") is null or "1.0.0" =>
                ExpositionFormat.OpenMetrics,
            "application/vnd.google.protobuf"
                when Value(parameters, "proto") == "io.prometheus.client.MetricFamily"
                    && Value(parameters, "encoding") == "delimited" => ExpositionFormat.Protobuf,
            "text/plain" when Value(parameters, "version") is null or "0.0.4" => ExpositionFormat.Plain,
            "text/*" or "*/*" => ExpositionFormat.Plain,
            _ => null,
        };

    private static double Weight(ReadOnlySpan<string> parameters) =>
        Value(parameters, "q") is not { } text ? 1
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double weight)
            ? Math.Clamp(weight, 0, 1)
        : 0;

    private static string? Value(ReadOnlySpan<string> parameters, string name)
    {
        foreach (string parameter in parameters)
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && parameter.AsSpan(0, equals).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                return parameter[(equals + 1)..].Trim().Trim('"');
        }

        return null;
    }
}
