using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>
/// A duration as Go and Kubernetes write it: <c>1m30s</c>, <c>250ms</c>, <c>100us</c>. Kept in integer nanoseconds.
/// Grammar: <c>time.ParseDuration</c> of the Go standard library, without signs (no duration of Hud is negative).
/// </summary>
[JsonConverter(typeof(GoDurationJsonConverter))]
public readonly record struct GoDuration(long Nanoseconds) : IComparable<GoDuration>
{
    // longest first, so that "ms" is not read as "m"
    private static readonly (string Unit, decimal Nanoseconds)[] Units =
    [
        ("ns", 1m),
        ("us", 1e3m),
        ("\u00b5s", 1e3m),
        ("\u03bcs", 1e3m),
        ("ms", 1e6m),
        ("s", 1e9m),
        ("m", 60e9m),
        ("h", 3600e9m),
    ];

    public TimeSpan ToTimeSpan() => TimeSpan.FromTicks(Nanoseconds / 100);

    public static GoDuration FromMilliseconds(double milliseconds) => new((long)Math.Round(milliseconds * 1e6));

    public static GoDuration FromSeconds(double seconds) => new((long)Math.Round(seconds * 1e9));

    /// <summary>Characters: what the CRD takes.</summary>
    public const int MaxLength = 32;

    /// <summary>Parses text such as <c>1m30s</c>; false for anything else, signs and overflow included.</summary>
    public static bool TryParse(string? text, out GoDuration value)
    {
        value = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            return false;
        if (text == "0")
            return true;

        decimal total = 0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            int digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
                digits++;
            if (
                digits == 0
                || !decimal.TryParse(
                    rest[..digits],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out decimal number
                )
            )
                return false;
            rest = rest[digits..];
            if (!TryTakeUnit(ref rest, out decimal unit) || number > long.MaxValue / unit)
                return false;
            total += number * unit;
            if (total > long.MaxValue)
                return false;
        }

        value = new GoDuration((long)total);
        return true;
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out decimal unit)
    {
        foreach (var (name, nanoseconds) in Units)
        {
            if (rest.StartsWith(name, StringComparison.Ordinal))
            {
                rest = rest[name.Length..];
                unit = nanoseconds;
                return true;
            }
        }

        unit = 0;
        return false;
    }

    public static GoDuration Parse(string text) =>
        TryParse(text, out var value)
            ? value
            : throw new FormatException($"\"{text}\" is not a duration; write it like 90s, 1m30s or 250ms");

    /// <summary>The shortest exact text: <c>1m30s</c>, <c>5ms</c>, <c>1.5ms</c>.</summary>
    public override string ToString()
    {
        if (Nanoseconds == 0)
            return "0s";
        if (Nanoseconds < 1_000_000_000)
        {
            return Nanoseconds >= 1_000_000 ? $"{Nanoseconds / 1e6m:0.######}ms"
                : Nanoseconds >= 1_000 ? $"{Nanoseconds / 1e3m:0.###}us"
                : $"{Nanoseconds}ns";
        }

        var text = new StringBuilder();
        long seconds = Nanoseconds / 1_000_000_000;
        if (seconds >= 3600)
            text.Append(seconds / 3600).Append('h');
        if (seconds % 3600 >= 60)
            text.Append(seconds % 3600 / 60).Append('m');
        decimal rest = seconds % 60 + Nanoseconds % 1_000_000_000 / 1e9m;
        if (rest != 0)
            text.Append($"{rest:0.#########}s");
        return text.ToString();
    }

    public int CompareTo(GoDuration other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator <(GoDuration a, GoDuration b) => a.Nanoseconds < b.Nanoseconds;

    public static bool operator >(GoDuration a, GoDuration b) => a.Nanoseconds > b.Nanoseconds;

    public static bool operator <=(GoDuration a, GoDuration b) => a.Nanoseconds <= b.Nanoseconds;

    public static bool operator >=(GoDuration a, GoDuration b) => a.Nanoseconds >= b.Nanoseconds;
}

internal sealed class GoDurationJsonConverter : JsonConverter<GoDuration>
{
    public override GoDuration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && GoDuration.TryParse(reader.GetString(), out var value)
            ? value
            : throw new JsonException("expected a duration such as 90s, 1m30s or 250ms");

    public override void Write(Utf8JsonWriter writer, GoDuration value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
