using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Tests.Schema;

/// <summary>
/// The JSON Schema of the profile document, made from the serializer's own contract (names, types, what may be absent) and
/// the sources' summaries. Only the test does this; what is published is a file.
/// </summary>
internal sealed class SchemaWriter
{
    private readonly JsonObject _definitions = [];
    private readonly NullabilityInfoContext _nullability = new();
    private readonly Dictionary<string, string> _summaries = [];

    private SchemaWriter()
    {
        foreach (string folder in new[] { "Profile", "Api" })
        {
            foreach (
                string file in Directory
                    .EnumerateFiles(Path.Combine(Tool.Repository, "src", "Hud.Core", folder), "*.cs")
                    .Order(StringComparer.Ordinal)
            )
                ReadSummaries(File.ReadAllLines(file));
        }
    }

    public static string Write()
    {
        var writer = new SchemaWriter();
        var root = writer.Object(typeof(ProfileDocument));
        ((JsonObject)root["properties"]!)["schemaVersion"] = new JsonObject
        {
            ["const"] = ProfileDocument.CurrentSchemaVersion,
        };
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$id"] = "https://" + ProfileDocument.CurrentSchemaVersion + ".schema.json",
            ["title"] = "Hud profile document",
        };
        foreach (var (key, value) in root.ToList())
        {
            root.Remove(key);
            schema[key] = value;
        }

        schema["$defs"] = new JsonObject(
            writer
                ._definitions.OrderBy(d => d.Key, StringComparer.Ordinal)
                .ToList()
                .Select(d =>
                {
                    writer._definitions.Remove(d.Key);
                    return d;
                })
        );
        return schema.ToJsonString(
                new JsonSerializerOptions
                {
                    WriteIndented = true,
                    NewLine = "\n",
                    Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                }
            ) + "\n";
    }

    private JsonObject Object(Type type)
    {
        var contract =
            HudJson.Default.GetTypeInfo(type)
            ?? throw new InvalidOperationException(type + " is not in the serializer's context");
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in contract.Properties)
        {
            var member = (PropertyInfo)property.AttributeProvider!;
            bool optional =
                Nullable.GetUnderlyingType(property.PropertyType) is not null
                || _nullability.Create(member).ReadState == NullabilityState.Nullable;
            var schema = Value(property.PropertyType, member.Name);
            if (_summaries.GetValueOrDefault($"{type.Name}.{member.Name}") is { } summary)
                schema["description"] = summary;
            properties[property.Name] = schema;
            if (!optional)
                required.Add(property.Name);
        }

        var made = new JsonObject { ["type"] = "object" };
        if (_summaries.GetValueOrDefault(type.Name) is { } about)
            made["description"] = about;
        made["properties"] = properties;
        if (required.Count > 0)
            made["required"] = required;
        made["additionalProperties"] = false;
        return made;
    }

    private JsonObject Value(Type type, string name)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return new JsonObject { ["type"] = "string" };
        if (type == typeof(bool))
            return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(double))
            return new JsonObject { ["type"] = "number" };
        if (
            type == typeof(ulong)
            || (
                type == typeof(long)
                && (name.EndsWith("Ns", StringComparison.Ordinal) || name == "Count")
                && name != "StartNs"
            )
        )
            return new JsonObject { ["type"] = "integer", ["minimum"] = 0 };
        if (type == typeof(int) || type == typeof(long))
            return new JsonObject { ["type"] = "integer" };
        if (type == typeof(DateTimeOffset))
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        if (type == typeof(GoDuration))
            return new JsonObject { ["type"] = "string", ["pattern"] = "^(0|([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h))+)$" };
        if (type.IsEnum)
            return Reference(
                type,
                () => new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => (JsonNode)n)]) }
            );
        var contract = HudJson.Default.GetTypeInfo(type)!;
        return contract.Kind switch
        {
            JsonTypeInfoKind.Enumerable => new JsonObject
            {
                ["type"] = "array",
                ["items"] = Value(contract.ElementType!, ""),
            },
            JsonTypeInfoKind.Dictionary => new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = Value(contract.ElementType!, ""),
            },
            JsonTypeInfoKind.Object => Reference(type, () => Object(type)),
            _ => throw new InvalidOperationException($"{type} has no schema yet"),
        };
    }

    private JsonObject Reference(Type type, Func<JsonObject> make)
    {
        if (!_definitions.ContainsKey(type.Name))
        {
            _definitions[type.Name] = null;
            _definitions[type.Name] = make();
        }

        return new JsonObject { ["$ref"] = "#/$defs/" + type.Name };
    }

    /// <summary>Summaries as <c>Type</c> and <c>Type.Member</c>, tags stripped.</summary>
    private void ReadSummaries(string[] lines)
    {
        string type = "",
            comment = "";
        foreach (string raw in lines)
        {
            string line = raw.Trim();
            if (line.StartsWith("///", StringComparison.Ordinal))
            {
                comment += " " + line[3..].Trim();
                continue;
            }

            if (Declaration(line) is { } declared)
            {
                if (declared.IsType)
                    type = declared.Name;
                string text = Regex.Replace(
                    comment,
                    "<see cref=\"(?<c>[^\"]*)\"/>",
                    "${c}",
                    RegexOptions.ExplicitCapture,
                    TimeSpan.FromSeconds(5)
                );
                text = Regex
                    .Replace(text, "<[^>]*>", "", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))
                    .Replace("&lt;", "<", StringComparison.Ordinal)
                    .Replace("&gt;", ">", StringComparison.Ordinal)
                    .Trim();
                if (text.Length > 0)
                    _summaries[declared.IsType ? type : $"{type}.{declared.Name}"] = text;
            }

            if (!line.StartsWith('['))
                comment = "";
        }
    }

    private static (string Name, bool IsType)? Declaration(string line)
    {
        var match = Regex.Match(
            line,
            @"^public (sealed record|enum|readonly record struct) (?<type>\w+)|^public .*?(?<member>\w+) \{ get;",
            RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(5)
        );
        return !match.Success ? null
            : match.Groups["type"].Success ? (match.Groups["type"].Value, true)
            : (match.Groups["member"].Value, false);
    }
}
