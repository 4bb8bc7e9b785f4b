using System.Text.Json;

namespace Hud.Core.Stream;

/// <summary>
/// What a profile takes in memory once it is read, estimated from its text before anything of it is made: <c>{}</c> is two bytes of text
/// and hundreds of memory, so a bound on the text alone bounds nothing. Pure.
/// </summary>
public static class ProfileWeight
{
    // the largest record of the document, and what lists and texts take beside their content
    private const int ObjectBytes = 256;
    private const int ListBytes = 64;
    private const int TextBytes = 40;
    private const int ValueBytes = 16;

    /// <summary>73 years in nanoseconds: whatever is added up of a report, or of a few, stays a number.</summary>
    private const double MostInAll = 1L << 61;

    /// <exception cref="JsonException">
    /// It is not JSON, or it is not what the deserializer takes it for: a list of it has an empty place, which no type here allows, or its numbers
    /// cannot be added up. The message says which.
    /// </exception>
    public static long Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = HudJson.Default.Options.MaxDepth });
        long weight = 0;
        double inAll = 0;
        bool isId = false; // read from the target's memory and never added up
        var before = JsonTokenType.None;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null && before != JsonTokenType.PropertyName)
                throw new JsonException("a list in it has an empty place");
            if (reader.TokenType == JsonTokenType.PropertyName)
                isId = reader.ValueTextEquals("taskId"u8);
            if (
                reader.TokenType == JsonTokenType.Number
                && !isId
                && !((inAll += Math.Abs(reader.GetDouble())) < MostInAll)
            )
                throw new JsonException("the numbers in it are too large");
            before = reader.TokenType;
            weight += reader.TokenType switch
            {
                JsonTokenType.StartObject => ObjectBytes,
                JsonTokenType.StartArray => ListBytes,
                JsonTokenType.String => TextBytes + 2L * reader.ValueSpan.Length,
                JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null => ValueBytes,
                _ => 0,
            };
        }
        return weight;
    }
}
