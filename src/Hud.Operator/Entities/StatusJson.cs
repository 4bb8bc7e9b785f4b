using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Hud.Core;
using Hud.Core.Api;

namespace Hud.Operator.Entities;

/// <summary>
/// The status as it is written: without texts and lists that are empty, which makes it shorter to read and to store. Reading gives the same
/// back, since empty is what the types begin with.
/// </summary>
public static class StatusJson
{
    public static JsonElement Write(ProfilingSessionStatus status) =>
        Write(status, HudJson.Default.ProfilingSessionStatus);

    public static JsonElement Write(ProfilingPolicyStatus status) =>
        Write(status, HudJson.Default.ProfilingPolicyStatus);

    private static JsonElement Write<T>(T status, JsonTypeInfo<T> type)
    {
        var node = JsonSerializer.SerializeToNode(status, type)!;
        Strip(node);
        using var document = JsonDocument.Parse(node.ToJsonString());
        return document.RootElement.Clone();
    }

    private static void Strip(JsonNode node)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
            {
                if (item is not null)
                    Strip(item);
            }
        }
        if (node is not JsonObject fields)
            return;
        foreach (var (name, value) in fields.ToList())
        {
            if (
                value is null
                || value is JsonArray { Count: 0 }
                || (value is JsonValue text && text.TryGetValue<string>(out var s) && s.Length == 0)
            )
                fields.Remove(name);
            else
                Strip(value);
        }
    }
}
