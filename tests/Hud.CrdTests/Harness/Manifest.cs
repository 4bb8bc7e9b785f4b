using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hud.CrdTests.Harness;

/// <summary>Objects as users write them.</summary>
internal static class Manifest
{
    /// <param name="spec">The lines below spec, unindented.</param>
    public static string Session(string name, string spec) => Of("ProfilingSession", name, spec);

    public static string Of(string kind, string name, string spec) =>
        $"apiVersion: hud.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{string.Join('\n', spec.Split('\n').Select(l => "  " + l.TrimEnd()))}\n";

    /// <summary>YAML as JSON: plain scalars that look like numbers, booleans and null are such.</summary>
    public static JsonNode? Json(YamlNode node) =>
        node switch
        {
            YamlMappingNode map => new JsonObject(
                map.Children.Select(p => KeyValuePair.Create(p.Key.ToString(), Json(p.Value)))
            ),
            YamlSequenceNode list => new JsonArray([.. list.Select(Json)]),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(
                flag.Value == "true"
            ),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "~" or "" } => null,
            // as it is written: 99.0 and 1e2 are not 99 and 100 to whoever reads JSON strictly
            YamlScalarNode { Style: ScalarStyle.Plain } number
                when double.TryParse(number.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
                    && number.Value![^1] != '.' => JsonNode.Parse(number.Value.TrimStart('+')),
            _ => JsonValue.Create(((YamlScalarNode)node).Value),
        };
}
