using System.Runtime.CompilerServices;

namespace Hud.Analysis.Tests;

public class CausesPagesTests
{
    [Fact]
    public void Every_piece_of_advice_has_its_page_and_every_page_its_advice()
    {
        var slugs = AdviceTable.Rows.Select(r => r.Docs).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var pages = Directory
            .GetFiles(Folder(), "*.md")
            .Select(Path.GetFileNameWithoutExtension)
            .Where(p => p != "README")
            .Order(StringComparer.Ordinal);

        Assert.Equal(slugs, pages!);
    }

    [Fact]
    public void The_index_lists_every_page()
    {
        string index = File.ReadAllText(Path.Combine(Folder(), "README.md"));

        Assert.All(
            Directory.GetFiles(Folder(), "*.md").Select(Path.GetFileName).Where(p => p != "README.md"),
            page => Assert.Contains($"({page})", index, StringComparison.Ordinal)
        );
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "causes"));
}
