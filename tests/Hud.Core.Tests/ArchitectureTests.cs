using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Hud.Core.Tests;

/// <summary>The picture in docs/architecture.md is the truth about which project may use which.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Root = FindRoot();
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "architecture.md"));

    [Fact]
    public void Projects_use_each_other_only_where_the_picture_has_an_arrow() =>
        Assert.Equal(Drawn().Order(StringComparer.Ordinal), Referenced().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_project_has_its_row() =>
        Assert.All(Projects(), p => Assert.Contains($"| `{Path.GetFileNameWithoutExtension(p)}` |", Page));

    [Fact]
    public void Every_hop_of_a_sample_names_files_that_exist()
    {
        var paths = Hop()
            .Matches(Page)
            .SelectMany(m => m.Groups["open"].Value.Split(", "))
            .Select(p => p.Trim('`'))
            .ToList();
        Assert.True(paths.Count > 15, "the table of hops was not found");
        Assert.All(paths, p => Assert.True(Path.Exists(Path.Combine(Root, p)), $"{p} does not exist"));
    }

    [Fact]
    public void Tests_of_a_project_stand_beside_it() =>
        Assert.All(
            Projects().Select(p => Path.GetFileNameWithoutExtension(p)!).Where(p => p != "Hud.Frames"), // tested with Hud.Analysis
            p => Assert.True(Directory.Exists(Path.Combine(Root, "tests", p + ".Tests")), $"{p} has no test project")
        );

    private static string[] Projects() =>
        Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories);

    private static List<string> Drawn() => [.. Arrow().Matches(Page).Select(m => m.Value.Trim())];

    private static List<string> Referenced() =>
        [
            .. Projects()
                .SelectMany(p =>
                    XDocument
                        .Load(p)
                        .Descendants("ProjectReference")
                        .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))
                        .Select(used => $"{Path.GetFileNameWithoutExtension(p)} --> {used}")
                ),
        ];

    private static string FindRoot([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));

    [GeneratedRegex(@"^\s+Hud\.\w+ --> Hud\.\w+$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Arrow();

    [GeneratedRegex(
        @"^\| [a-z]+ \| (?<open>`(?:src|config|bpf)[^|]*`) \|",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Hop();
}
