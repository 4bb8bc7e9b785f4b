using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hud.Kubernetes;

/// <summary>metav1.Time: RFC 3339, whole seconds, UTC. One that cannot be read is none: it must not cost a list or a watch.</summary>
public sealed class TimeConverter : JsonConverter<DateTime?>
{
    public override DateTime? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Times.Read(ref reader);

    public override void Write(Utf8JsonWriter writer, DateTime? value, JsonSerializerOptions options) =>
        Times.Write(writer, value, "yyyy-MM-dd'T'HH:mm:ss'Z'");
}

/// <summary>metav1.MicroTime: the API server insists on exactly six digits after the point.</summary>
public sealed class MicroTimeConverter : JsonConverter<DateTime?>
{
    public override DateTime? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Times.Read(ref reader);

    public override void Write(Utf8JsonWriter writer, DateTime? value, JsonSerializerOptions options) =>
        Times.Write(writer, value, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
}

public static class Times
{
    /// <summary>The library's times have no offset: they are UTC.</summary>
    public static DateTimeOffset? AsOffset(this DateTime? time) =>
        time is { } t ? new DateTimeOffset(DateTime.SpecifyKind(t, DateTimeKind.Utc)) : null;

    internal static DateTime? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var value))
            return value.UtcDateTime;
        reader.TrySkip();
        return null;
    }

    internal static void Write(Utf8JsonWriter writer, DateTime? value, string format)
    {
        if (value is { } v)
            writer.WriteStringValue(v.ToUniversalTime().ToString(format, CultureInfo.InvariantCulture));
        else
            writer.WriteNullValue();
    }
}
