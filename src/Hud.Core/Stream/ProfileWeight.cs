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

    /// <exception cref="JsonException">It is not JSON, or a list of it has an empty place, which no type here allows and no check of the deserializer finds.</exception>
    public static long Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = HudJson.Default.Options.MaxDepth });
        long weight = 0;
        var before = JsonTokenType.None;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null && before != JsonTokenType.PropertyName)
                throw new JsonException("null in a list");
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
