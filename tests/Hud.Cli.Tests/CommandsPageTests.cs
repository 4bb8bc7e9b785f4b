using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using Hud.Cli.Commands;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Tests;

/// <summary>docs/commands.md is what the declarations of the verbs say: help, exit codes and completion of each.</summary>
public sealed class CommandsPageTests
{
    private static readonly RootCommand Tree = CommandTree.Build();

    [Fact]
    public void The_page_of_every_command_is_the_generated_one()
    {
        string actual = Page();
        string path = Path.Combine(Docs(), "commands.md");
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);

        Assert.Equal(File.ReadAllText(path), actual);
    }

    [Fact]
    public void Every_verb_has_its_notes_and_no_note_is_left_over() =>
        Assert.Equal(
            CommandTree.Verbs(Tree).Order(StringComparer.Ordinal),
            VerbNotes.Verbs.Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Exit_codes_in_help_are_those_of_the_diagnostics() =>
        Assert.Equal(
            DiagnosticKinds.All.Select(k => k.ExitCode).Concat([0, 130]).Distinct().Order(),
            Commands(Tree).SelectMany(c => VerbNotes.Of(c).ExitCodes).Distinct().Order()
        );

    private static string Page()
    {
        var page = new StringBuilder(
            "# Every command\n\nWritten from the program's own declarations; a test compares. [Quick start](quickstart.md) and\n"
                + "[kubectl hud](kubectl.md) say what to use when, [troubleshooting](troubleshooting.md) has the diagnostics by id.\n"
                + "\n| exit code | meaning |\n| --- | --- |\n"
        );
        foreach (int code in Commands(Tree).SelectMany(c => VerbNotes.Of(c).ExitCodes).Distinct().Order())
            page.Append($"| {code} | {VerbNotes.Meaning(code)} |\n");
        foreach (var command in Commands(Tree))
        {
            page.Append($"\n## {HelpText.Words(command)}\n\n```text\n{HelpText.Of(command)}```\n\nTab completes: ");
            page.AppendJoin("; ", Completions(command)).Append(".\n");
        }

        return page.ToString();
    }

    private static IEnumerable<string> Completions(Command command)
    {
        string line = HelpText.VerbPath(command);
        if (command.Subcommands.Count > 0)
            yield return "verbs "
                + string.Join(" ", command.Subcommands.Where(c => !c.Hidden).Select(c => $"`{c.Name}`"));
        if (VerbNotes.Of(command).Completes is { Length: > 0 } words)
            yield return words;
        yield return "flags "
            + string.Join(
                " ",
                Offered($"{line} --").Where(c => c.StartsWith("--", StringComparison.Ordinal)).Select(c => $"`{c}`")
            );
        foreach (var option in HelpText.Options(command).Where(o => o.CompletionSources.Count > 0))
        {
            string[] values = [.. Offered($"{line} {option.Name} ").Where(v => !v.StartsWith('-'))];
            if (
                values.Length > 0
                && option.HelpName is { } help
                && help
                    == string.Join(
                        '|',
                        values
                            .OrderBy(v => help.IndexOf(v, StringComparison.Ordinal))
                            .ThenBy(v => v, StringComparer.Ordinal)
                    )
            )
                yield return $"`{option.Name}` with {string.Join(" ", values.Select(v => $"`{v}`"))}";
        }
    }

    /// <summary>What the shell would be given at the end of the line.</summary>
    private static IEnumerable<string> Offered(string line) =>
        Tree.Parse(line.TrimStart()).GetCompletions(line.TrimStart().Length).Select(c => c.Label);

    private static IEnumerable<Command> Commands(Command command) =>
        command.Subcommands.Where(c => !c.Hidden).SelectMany(Commands).Prepend(command);

    private static string Docs([CallerFilePath] string caller = "") =>
        Path.Combine(Path.GetDirectoryName(caller)!, "..", "..", "docs");
}
