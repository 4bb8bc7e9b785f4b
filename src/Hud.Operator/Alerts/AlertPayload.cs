using System.Text.Json;

namespace Hud.Operator.Alerts;

/// <summary>
/// The body that Alertmanager's webhook sends, version 4 (<c>notify/webhook</c>, <c>template.Data</c>):
/// <code>{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Slow"},"startsAt":"2026-01-01T08:10:00Z",
/// "fingerprint":"a1b2c3d4e5f60718", ...}], ...}</code>
/// Whoever has the token writes it, and into the labels whoever writes rules or exports metrics. It is read in one pass; all that is not needed is
/// skipped.
/// </summary>
public static class AlertPayload
{
    public const int MaxBytes = 1 << 20;

    /// <summary>Of one request.</summary>
    public const int MaxAlerts = 1000;

    /// <summary>Of objects and lists in each other; Alertmanager's has four.</summary>
    public const int MaxDepth = 16;

    /// <summary>Of one alert.</summary>
    public const int MaxLabels = 64;

    /// <summary>Bytes as they are sent.</summary>
    public const int MaxLabelName = 256;

    /// <summary>Bytes as they are sent.</summary>
    public const int MaxLabelValue = 4096;

    private const int MaxFingerprint = 64;
    private const string Version = "4";

    /// <returns>Null with a sentence where it cannot be read as a whole.</returns>
    public static AlertBatch? TryRead(ReadOnlySpan<byte> body, out string error)
    {
        error = "";
        try
        {
            return Read(body, out error);
        }
        // the second is what a text says that is no UTF-8, or has half of a surrogate pair
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = "the body cannot be read as JSON";
            return null;
        }
    }

    private static AlertBatch? Read(ReadOnlySpan<byte> body, out string error)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        var (version, firing, resolved, malformed, hasAlerts) = ("", new List<Alert>(), 0, 0, false);
        error = "";
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            error = "the body has to be an object, as Alertmanager's webhook sends it";
            return null;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("version"))
            {
                version = Text(ref reader, MaxFingerprint) ?? "";
            }
            else if (reader.ValueTextEquals("alerts") && reader.Read() && reader.TokenType == JsonTokenType.StartArray)
            {
                hasAlerts = true;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (firing.Count + resolved + malformed == MaxAlerts)
                    {
                        error = $"more than {MaxAlerts} alerts; set max_alerts of the webhook";
                        return null;
                    }
                    var (fires, alert) = One(ref reader);
                    if (!fires)
                        resolved++;
                    else if (alert is null)
                        malformed++;
                    else
                        firing.Add(alert);
                }
            }
            else
            {
                reader.Skip();
            }
        }
        reader.Read(); // what comes after the object is an error of its own
        if (version != Version)
            error = $"version {Version} of Alertmanager's webhook is needed";
        else if (!hasAlerts)
            error = "the body has no list of alerts";
        return error.Length == 0 ? new AlertBatch(firing, resolved, malformed) : null;
    }

    /// <summary>The reader is at the beginning of a value, and at its end afterwards.</summary>
    private static (bool Fires, Alert? Alert) One(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return (true, null);
        }
        var (status, fingerprint, startsAt) = ("", "", (DateTimeOffset?)null);
        Dictionary<string, string>? labels = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("status"))
                status = Text(ref reader, MaxFingerprint) ?? "";
            else if (reader.ValueTextEquals("fingerprint"))
                fingerprint = Text(ref reader, MaxFingerprint) ?? "";
            else if (reader.ValueTextEquals("startsAt"))
                startsAt = Time(ref reader);
            else if (reader.ValueTextEquals("labels"))
                labels = Labels(ref reader);
            else
                reader.Skip();
        }
        if (status == "resolved")
            return (false, null);
        var isWhole =
            status == "firing"
            && fingerprint.Length > 0
            && fingerprint.All(char.IsAsciiLetterOrDigit)
            && labels is not null;
        return (true, isWhole && startsAt is { } began ? new Alert(fingerprint, began, labels!) : null);
    }

    /// <returns>Null where there are too many, or one is too long or no text: an alert of which a part is missing could match what it must not.</returns>
    private static Dictionary<string, string>? Labels(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var (labels, isWhole) = (new Dictionary<string, string>(StringComparer.Ordinal), true);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan.Length <= MaxLabelName ? reader.GetString() : null;
            var value = Text(ref reader, MaxLabelValue);
            isWhole &= name is not null && value is not null && labels.Count < MaxLabels;
            if (isWhole)
                labels[name!] = value!;
        }
        return isWhole ? labels : null;
    }

    /// <summary>The reader is at the name of the field. Null for what is no text, or too long.</summary>
    private static string? Text(ref Utf8JsonReader reader, int max)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= max)
            return reader.GetString();
        reader.Skip();
        return null;
    }

    private static DateTimeOffset? Time(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var time))
            return time.ToUniversalTime();
        reader.Skip();
        return null;
    }
}
