using YamlDotNet.RepresentationModel;

namespace Hud.ClusterTests.Harness;

internal static class Yaml
{
    public static YamlNode Load(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents[0].RootNode;
    }
}

/// <summary>Examples as the documentation has them, indented by four spaces.</summary>
internal static class Docs
{
    /// <summary>The indented block that begins with a line, without its indentation.</summary>
    public static string Block(string page, string firstLine)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", page))
            .SkipWhile(l => l != "    " + firstLine)
            .TakeWhile(l => l.Length == 0 || l.StartsWith("    ", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(lines);
        return string.Join('\n', lines.Select(l => l.Length < 4 ? "" : l[4..]));
    }

    public static YamlNode Yaml(string page, string firstLine) => Harness.Yaml.Load(Block(page, firstLine));
}
