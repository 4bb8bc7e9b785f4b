using YamlDotNet.RepresentationModel;

namespace Hud.Operator.Tests;

/// <summary>The schema as the file of the CRD has it: that of sessions, unless another is named.</summary>
internal static class Crd
{
    public const string OfSessions = "profilingsessions";
    public const string OfPolicies = "profilingpolicies";

    public static string Location(string plural = OfSessions) =>
        Path.Combine(AppContext.BaseDirectory, "config", "crd", $"hud.dev_{plural}.yaml");

    public static YamlMappingNode Root(string plural = OfSessions)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Location(plural))));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    public static YamlNode? At(YamlNode? node, params string[] path)
    {
        foreach (var step in path)
            node =
                node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(step), out var next) ? next
                : node is YamlSequenceNode list && int.TryParse(step, out var i) ? list[i]
                : null;
        return node;
    }

    /// <param name="part">spec or status.</param>
    public static YamlNode Schema(string part, string plural = OfSessions) =>
        At(Root(plural), "spec", "versions", "0", "schema", "openAPIV3Schema", "properties", part)!;

    public static string? Text(YamlNode? node, params string[] path) => (At(node, path) as YamlScalarNode)?.Value;

    /// <summary>Every field below a part, depth first; entries of lists are written as <c>[]</c>, values of maps as <c>{}</c>.</summary>
    public static IEnumerable<(string Path, YamlNode Field, bool Required)> Fields(string path, YamlNode schema)
    {
        var required =
            (At(schema, "required") as YamlSequenceNode)?.Select(n => n.ToString()).ToHashSet(StringComparer.Ordinal)
            ?? [];
        foreach (var (key, field) in At(schema, "properties") as YamlMappingNode ?? [])
        {
            yield return ($"{path}.{key}", field, required.Contains(key.ToString()));
            foreach (var below in Fields($"{path}.{key}", field))
                yield return below;
        }
        foreach (var (keyword, sign) in ((string, string)[])[("items", "[]"), ("additionalProperties", "{}")])
        {
            if (At(schema, keyword) is not { } entry)
                continue;
            yield return (path + sign, entry, Required: true);
            foreach (var below in Fields(path + sign, entry))
                yield return below;
        }
    }
}
