using YamlDotNet.RepresentationModel;

namespace Hud.Tests.Support;

/// <summary>An alert of <c>charts/hud/rules/hud.yaml</c>.</summary>
internal sealed record AlertRule(string Name, string Expression, Dictionary<string, string> Labels)
{
    /// <param name="path">Of a file as Prometheus' <c>rule_files</c> has them.</param>
    public static IReadOnlyList<AlertRule> Read(string path)
    {
        var yaml = new YamlStream();
        using (var text = File.OpenText(path))
            yaml.Load(text);
        return
        [
            .. ((YamlSequenceNode)yaml.Documents[0].RootNode["groups"])
                .SelectMany(group => (YamlSequenceNode)group["rules"])
                .Select(rule => new AlertRule(
                    rule["alert"].ToString(),
                    rule["expr"].ToString(),
                    ((YamlMappingNode)rule["labels"]).ToDictionary(l => l.Key.ToString(), l => l.Value.ToString())
                )),
        ];
    }
}
