using System.Text.Json;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Reports.Tests.Documents;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hud.Cli.Tests.Run;

public class DataTextTests
{
    [Fact]
    public void Yaml_holds_what_json_holds()
    {
        ProfileDocument[] documents = [RealisticDocuments.Checkout(), RealisticDocuments.Hostile(), new()];
        foreach (var document in documents)
        {
            var json = JsonSerializer.SerializeToElement(document, HudJson.Default.ProfileDocument);
            AssertSame(json, Read(DataText.ToYaml(json)), "");
        }
    }

    [Theory]
    [InlineData("true")]
    [InlineData("No")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("1e3")]
    [InlineData("~")]
    [InlineData("- a")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    [InlineData("\x1b[2J\n\t\"'\\")]
    [InlineData("東京")]
    public void A_text_stays_a_text(string text)
    {
        var read = Assert.IsType<YamlScalarNode>(
            Read(DataText.ToYaml(JsonSerializer.SerializeToElement(text, HudJson.Default.String)))
        );

        Assert.Equal((text, ScalarStyle.DoubleQuoted), (read.Value, read.Style));
    }

    [Fact]
    public void It_is_indented_for_people() =>
        Assert.Equal(
            "a:\n- b: 1\n  c: [1, 2]\n- {}\nd: \"e f\"\ng: []\n",
            DataText.ToYaml(JsonElement.Parse("""{"a": [{"b": 1, "c": [1, 2]}, {}], "d": "e f", "g": []}"""))
        );

    private static YamlNode Read(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Assert.Single(stream.Documents).RootNode;
    }

    private static void AssertSame(JsonElement json, YamlNode yaml, string path)
    {
        switch (yaml)
        {
            case YamlMappingNode map:
                Assert.Equal(
                    json.EnumerateObject().Select(p => p.Name),
                    map.Children.Keys.Select(k => ((YamlScalarNode)k).Value)
                );
                foreach (var (key, value) in map.Children)
                    AssertSame(json.GetProperty(((YamlScalarNode)key).Value!), value, $"{path}.{key}");
                break;
            case YamlSequenceNode list:
                Assert.Equal(json.GetArrayLength(), list.Children.Count);
                for (int i = 0; i < list.Children.Count; i++)
                    AssertSame(json[i], list.Children[i], $"{path}[{i}]");
                break;
            case YamlScalarNode text when json.ValueKind == JsonValueKind.String:
                Assert.Equal(json.GetString(), text.Value);
                // what is not quoted must not be taken for anything but a text
                Assert.True(
                    text.Style == ScalarStyle.DoubleQuoted || char.IsAsciiLetter(text.Value![0]),
                    $"{path}: {text.Value}"
                );
                break;
            case YamlScalarNode text:
                Assert.Equal((json.GetRawText(), ScalarStyle.Plain), (text.Value, text.Style));
                break;
        }
    }
}
