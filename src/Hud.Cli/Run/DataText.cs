using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hud.Cli.Commands;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hud.Cli.Run;

/// <summary>What a program reads instead of the text: a value as JSON, or the same fields as YAML.</summary>
internal static class DataText
{
    public const string Json = "json";
    public const string Yaml = "yaml";

    // to another reader of YAML these are booleans, nothing, or a number
    private static readonly string[] Words =
    [
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "null",
        "nan",
        "inf",
        "infinity",
    ];

    /// <summary><c>-o text|json|yaml</c>.</summary>
    public static Option<string?> Option() =>
        FlagValues.Choice("--output", "-o", "text", Json, Yaml).With("text, json or yaml [default: text]");

    /// <summary>Null for text.</summary>
    public static string? Format(ParseResult parsed, Option<string?> output) =>
        parsed.GetValue(output) is { } format && format != "text" ? format : null;

    /// <param name="type">Of an indented context: people read it too.</param>
    /// <param name="format">json or yaml.</param>
    public static string Render<T>(T value, JsonTypeInfo<T> type, string format) =>
        format == Yaml
            ? ToYaml(JsonSerializer.SerializeToElement(value, type))
            : JsonSerializer.Serialize(value, type) + "\n";

    public static string ToYaml(JsonElement value)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings().WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, value);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Block));
                foreach (var field in value.EnumerateObject())
                {
                    Emit(emitter, field.Name);
                    Emit(emitter, field.Value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                // histograms are lists of forty numbers
                var style = value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number)
                    ? SequenceStyle.Flow
                    : SequenceStyle.Block;
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, style));
                foreach (var item in value.EnumerateArray())
                    Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                Emit(emitter, value.GetString()!);
                break;
            default:
                emitter.Emit(Scalar(value.GetRawText(), ScalarStyle.Plain));
                break;
        }
    }

    private static void Emit(Emitter emitter, string text) =>
        emitter.Emit(Scalar(text, IsPlain(text) ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted));

    private static Scalar Scalar(string text, ScalarStyle style) =>
        new(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true);

    private static bool IsPlain(string text) =>
        text.Length > 0
        && char.IsAsciiLetter(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
        && !Words.Contains(text, StringComparer.OrdinalIgnoreCase);
}
