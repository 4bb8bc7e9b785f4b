using System.Text.RegularExpressions;
using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>The table of what happens when something goes away names a test in each of its rows.</summary>
public sealed partial class OutageDocsTests
{
    [Fact]
    public void Each_row_names_tests_that_exist()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs/kubernetes.md"))
            .SkipWhile(l => l != "## When something goes away under a session")
            .Skip(1)
            .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))
            .Where(l =>
                l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| ---", StringComparison.Ordinal)
            )
            .Skip(1)
            .ToList();
        Assert.InRange(rows.Count, 11, 40);
        var tests = Directory
            .GetFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(f => Path.GetFileNameWithoutExtension(f), StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var named = TestName().Matches(row.Split('|')[^2]);
            Assert.True(named.Count > 0, $"no test: {row}");
            Assert.All(
                named,
                m =>
                    Assert.True(
                        tests[m.Groups["class"].Value]
                            .Any(f =>
                                File.ReadAllText(f).Contains($" {m.Groups["method"].Value}(", StringComparison.Ordinal)
                            ),
                        $"there is no test {m.Value}"
                    )
            );
        }
    }

    [GeneratedRegex(
        @"`(?<class>\w+Tests)\.(?<method>\w+)`",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex TestName();
}
