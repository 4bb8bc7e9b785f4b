using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hud.Tests.Support;

/// <summary>
/// JSON that stays JSON while its values become others: bits that flip mostly end in "this is not JSON", and then no reader of the values
/// has been asked.
/// </summary>
internal static class JsonDamage
{
    /// <summary>Stands for half of a pair of surrogates, which the tree itself cannot hold.</summary>
    private const string Half = "half-a-pair";

    private static readonly string[] Values =
    [
        "null",
        "[null]",
        "{}",
        "[]",
        "[[]]",
        "[{}]",
        "true",
        "-1",
        "0",
        "1e308",
        "0.5",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999",
        "4294967296",
        "\"\"",
        "\"NaN\"",
        "\"1s\"",
        "\"-9223372036854775808ns\"",
        "\"\\u0000\\u001b[2J\"",
        $"\"{Half}\"",
        "\"<script>alert(1)</script>\"",
    ];

    /// <summary>Mostly other values at up to four places, sometimes damaged bytes.</summary>
    public static byte[] Of(byte[] json, Random random)
    {
        if (random.Next(4) == 0)
            return Fuzz.Damage(json, random);
        if (JsonNode.Parse(json) is not { } root)
            return json;
        for (int n = random.Next(1, 5); n > 0; n--)
            root = Change(root, random);
        return Encoding.UTF8.GetBytes(root.ToJsonString().Replace(Half, @"\ud83d", StringComparison.Ordinal));
    }

    private static JsonNode Change(JsonNode root, Random random)
    {
        var places = new List<(JsonNode Parent, object Key)>();
        Collect(root, places);
        if (places.Count == 0)
            return root;
        var (parent, key) = places[random.Next(places.Count)];
        var value = Value(random, places);
        switch (parent, key)
        {
            case (JsonObject map, string name) when random.Next(8) == 0:
                map.Remove(name);
                break;
            case (JsonObject map, string name):
                map[name] = value;
                break;
            case (JsonArray list, int at) when random.Next(8) == 0:
                for (int i = random.Next(40); i > 0; i--)
                    list.Add(list[at]?.DeepClone());
                break;
            case (JsonArray list, int at):
                list[at] = value;
                break;
        }

        return root;
    }

    /// <summary>One of the list, or what stands somewhere else.</summary>
    private static JsonNode? Value(Random random, List<(JsonNode Parent, object Key)> places)
    {
        if (random.Next(4) > 0)
            return JsonNode.Parse(Values[random.Next(Values.Length)], documentOptions: new JsonDocumentOptions());
        var (parent, key) = places[random.Next(places.Count)];
        return (key is string name ? parent[name] : parent[(int)key])?.DeepClone();
    }

    private static void Collect(JsonNode node, List<(JsonNode Parent, object Key)> places)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                {
                    places.Add((map, name));
                    if (value is not null)
                        Collect(value, places);
                }

                break;
            case JsonArray list:
                for (int i = 0; i < list.Count; i++)
                {
                    places.Add((list, i));
                    if (list[i] is { } value)
                        Collect(value, places);
                }

                break;
        }
    }
}
