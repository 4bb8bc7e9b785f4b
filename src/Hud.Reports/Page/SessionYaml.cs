using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Page;

/// <summary>
/// The spec as a manifest. YAML is a superset of JSON, so values are written as JSON scalars wherever plain text could be
/// read as something else; mappings and sequences are indented for people.
/// </summary>
internal static class SessionYaml
{
    private const int MaxDepth = 12;

    public static string Write(ProfileDocument document)
    {
        var session = new ProfilingSession
        {
            Metadata = new ObjectMetadata { Name = Name(document) },
            Spec = document.Session,
        };
        var node = JsonSerializer.SerializeToNode(session, HudJson.Default.ProfilingSession)!;
        var yaml = new StringBuilder();
        Append(yaml, node, 0);
        return yaml.ToString();
    }

    /// <summary>A DNS label from what was profiled: <c>checkout-again</c>.</summary>
    private static string Name(ProfileDocument document)
    {
        string from = document.Targets.Count > 0 ? document.Targets[0].Pod ?? document.Targets[0].Process : "session";
        string name = new([.. from.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-').Take(40)]);
        name = name.Trim('-');
        return (name.Length > 0 ? name : "session") + "-again";
    }

    private static void Append(StringBuilder yaml, JsonNode node, int depth)
    {
        if (node is not JsonObject map || depth > MaxDepth)
            return;
        foreach (var (key, value) in map)
        {
            yaml.Append(' ', depth * 2).Append(Scalar(key)).Append(':');
            AppendValue(yaml, value, depth);
        }
    }

    private static void AppendValue(StringBuilder yaml, JsonNode? value, int depth)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                yaml.Append('\n');
                Append(yaml, map, depth + 1);
                break;
            case JsonArray { Count: > 0 } list when list.All(i => i is JsonValue):
                yaml.Append(" [").AppendJoin(", ", list.Select(i => Text(i!))).Append("]\n");
                break;
            case JsonArray { Count: > 0 } list:
                yaml.Append('\n');
                foreach (var item in list)
                    yaml.Append(' ', depth * 2).Append("- ").Append(item?.ToJsonString() ?? "null").Append('\n');
                break;
            case null:
                yaml.Append(" null\n");
                break;
            default:
                yaml.Append(' ').Append(value is JsonValue ? Text(value) : value.ToJsonString()).Append('\n');
                break;
        }
    }

    private static string Text(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String ? Scalar(value.GetValue<string>()) : value.ToJsonString();

    /// <summary>Plain only what no YAML reader takes for a number, a boolean, null, an anchor or a mapping.</summary>
    private static string Scalar(string text)
    {
        bool plain =
            text.Length is > 0 and <= 200
            && char.IsAsciiLetter(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
            && text.ToLowerInvariant()
                is not ("true" or "false" or "yes" or "no" or "on" or "off" or "null" or "y" or "n");
        return plain || (text != "0" && GoDuration.TryParse(text, out _))
            ? text
            : JsonValue.Create(text)!.ToJsonString();
    }
}
