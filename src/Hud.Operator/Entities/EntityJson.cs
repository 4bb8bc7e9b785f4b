using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Hud.Operator.Entities;

/// <summary>Spec and status of an object of ours, which stay as they came until they are asked for.</summary>
internal static class EntityJson
{
    /// <summary>False with a sentence when the spec cannot be read; it is an empty one then.</summary>
    /// <param name="noDuration">The sentence for a field that should have been a duration, by its path; null for any other.</param>
    public static bool TryReadSpec<T>(
        JsonElement json,
        JsonTypeInfo<T> type,
        Func<string?, string?> noDuration,
        out T spec,
        out string error
    )
        where T : class, new()
    {
        spec = new T();
        error = "";
        try
        {
            if (json.ValueKind == JsonValueKind.Object && json.Deserialize(type) is { } read)
            {
                spec = read;
                return true;
            }
            error = "spec is missing";
        }
        catch (JsonException e)
        {
            error =
                noDuration(e.Path)
                ?? $"{(e.Path ?? "spec").Replace("$", "spec", StringComparison.Ordinal)} cannot be read: {e.Message}";
        }
        return false;
    }

    /// <summary>What the operator wrote last; an empty status when there is none or it cannot be read.</summary>
    public static T ReadStatus<T>(JsonElement json, JsonTypeInfo<T> type)
        where T : class, new()
    {
        try
        {
            if (json.ValueKind == JsonValueKind.Object && json.Deserialize(type) is { } read)
                return read;
        }
        catch (JsonException)
        {
            // written by a newer operator or by hand: as if nothing were known
        }
        return new T();
    }
}
