using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Hud.Cli.Commands;
using Hud.Cli.Session;
using Hud.Cli.Tests.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Tests;

/// <summary>The documentation says what the program does: ids, flags, links and session files are compared.</summary>
public sealed partial class DocsTests
{
    private static readonly string Root = FindRoot();

    private static readonly Lazy<string> Help = new(() =>
        string.Concat(
            CommandTree
                .Verbs(CommandTree.Build())
                .Select(verb =>
                    HudProcess
                        .Run("blocked", [.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"])
                        .Output
                )
        )
    );

    public static TheoryData<string> Pages =>
        [
            .. Directory
                .GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Append(Path.Combine(Root, "README.md"))
                .Select(p => Path.GetRelativePath(Root, p))
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void Every_diagnostic_has_its_section_with_its_title()
    {
        string page = File.ReadAllText(Path.Combine(Root, "docs", "troubleshooting.md"));
        var sections = Heading()
            .Matches(page)
            .Select(m => (Id: m.Groups["id"].Value, Title: m.Groups["title"].Value))
            .ToList();

        Assert.Equal(DiagnosticKinds.All.Select(k => (k.Id, k.Title)).Order(), sections.Order());
    }

    [Theory]
    [InlineData("main-80x24.txt")]
    [InlineData("detail-80x24.txt")]
    [InlineData("tasks-80x24.txt")]
    public void The_screens_on_the_page_of_the_cockpit_are_what_it_draws(string golden)
    {
        string page = File.ReadAllText(Path.Combine(Root, "docs", "cockpit.md"));
        string[] screen = File.ReadAllLines(Path.Combine(Root, "tests", "Hud.Cli.Tests", "Cockpit", "Golden", golden));

        string quoted = string.Join('\n', screen.Select(line => ("    " + line).TrimEnd())).TrimEnd();

        Assert.Contains("\n" + quoted + "\n\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_diagnostic_kind_is_listed_and_no_id_is_used_twice()
    {
        var declared = typeof(DiagnosticKinds)
            .GetFields()
            .Select(f => f.GetValue(null))
            .OfType<DiagnosticKind>()
            .ToList();

        Assert.Equal(
            declared.OrderBy(k => k.Id, StringComparer.Ordinal),
            DiagnosticKinds.All.OrderBy(k => k.Id, StringComparer.Ordinal)
        );
        Assert.Equal(declared.Count, declared.Select(k => k.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("troubleshooting.md", new[] { 0 })]
    [InlineData("kubectl.md", new[] { 0, 130 })]
    public void Every_exit_code_is_in_the_table(string page, int[] withoutDiagnostic)
    {
        var table = ExitCodeRow()
            .Matches(File.ReadAllText(Path.Combine(Root, "docs", page)))
            .Select(m => int.Parse(m.Groups["code"].Value, CultureInfo.InvariantCulture));

        Assert.Equal(DiagnosticKinds.All.Select(k => k.ExitCode).Concat(withoutDiagnostic).Distinct().Order(), table);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_between_pages_lead_somewhere(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Root, page))!;
        foreach (Match link in Link().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            string target = link.Groups["target"].Value;
            if (!target.Contains("://", StringComparison.Ordinal))
                Assert.True(
                    Path.Exists(Path.Combine(folder, target.Split('#')[0])) || target.StartsWith('#'),
                    $"{page} links to {target}"
                );
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Flags_of_hud_in_the_documentation_exist(string page)
    {
        foreach (Match command in HudCommand().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            foreach (Match flag in Flag().Matches(command.Value))
                Assert.True(
                    Help.Value.Contains(flag.Value, StringComparison.Ordinal),
                    $"{page}: {flag.Value} in: {command.Value}"
                );
        }
    }

    [Fact]
    public void The_pattern_for_commands_finds_those_of_the_quick_start() =>
        Assert.InRange(HudCommand().Count(File.ReadAllText(Path.Combine(Root, "docs", "quickstart.md"))), 9, 100);

    [Theory]
    [MemberData(nameof(Pages))]
    public void Session_files_in_the_documentation_are_valid(string page)
    {
        foreach (Match block in Yaml().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            string text = block.Groups["text"].Value;
            if (
                !text.StartsWith("kind: ProfilingSession", StringComparison.Ordinal)
                && !text.Contains("\nkind: ProfilingSession", StringComparison.Ordinal)
            )
                continue;
            bool local =
                !text.Contains("podSelector", StringComparison.Ordinal)
                && !text.Contains("workloadRef", StringComparison.Ordinal)
                && !text.Contains("podName", StringComparison.Ordinal);
            SessionFile.Parse(text, local ? SessionScope.Local : SessionScope.Cluster);
        }
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    [GeneratedRegex(
        @"^## (?<id>HUD\d{3}): (?<title>.+)$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Heading();

    [GeneratedRegex(
        @"^\| (?<code>\d+) \|",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex ExitCodeRow();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Link();

    // "hud ..." and "kubectl hud ..." at the start of a line of code or of inline code, but not "hud-agent"
    [GeneratedRegex(
        @"(?<=^(    |\$ )(sudo )?|`(sudo )?)(out/)?(kubectl )?hud [^\n`#]*",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex HudCommand();

    [GeneratedRegex(@"(?<=\s)--?[a-z][a-z-]*", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Flag();

    [GeneratedRegex(
        @"```yaml\n(?<text>.*?)```",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Yaml();
}
