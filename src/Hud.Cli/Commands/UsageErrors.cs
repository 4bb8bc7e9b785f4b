using System.CommandLine;
using System.CommandLine.Parsing;
using Hud.Cli.Session;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Commands;

/// <summary>
/// From what the parser refused to what a person reads: the mistake, the value, and what to type. The parser's own
/// sentences stay only where a flag of ours wrote them (see <see cref="FlagValues"/>). Pure.
/// </summary>
internal static class UsageErrors
{
    /// <summary>Null when the line is right.</summary>
    public static Diagnostic? Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        // help answers any line, also a wrong one
        if (parsed.Action is HelpText.Action)
            return null;
        var messages = Unmatched(parsed, command).ToList();
        if (messages.Count == 0)
            messages = [.. parsed.Errors.Select(e => Sentence(e, command)).Distinct(StringComparer.Ordinal)];
        return messages.Count == 0
            ? null
            : new(
                DiagnosticKinds.BadUsage,
                string.Join("\n  ", messages),
                $"{HelpText.Words(command)} --help shows the usage"
            );
    }

    /// <summary>Words that found no place; a misspelt flag takes its value along, so only flags are named when there are any.</summary>
    private static IEnumerable<string> Unmatched(ParseResult parsed, Command command)
    {
        // the root's PROCESS takes the first word, also one that begins with a dash
        var words = command
            .Arguments.SelectMany(a => parsed.GetResult(a)?.Tokens.Select(t => t.Value) ?? [])
            .Where(IsFlag)
            .Concat(parsed.UnmatchedTokens)
            .ToList();
        var flags = words.Where(IsFlag).ToList();
        if (flags.Count > 0)
            return flags.Select(flag => UnknownFlag(flag, command));
        if (words.Count == 0)
            return [];
        string verbs = string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name));
        if (command.Arguments.Count == 0 && verbs.Length > 0)
            return
            [
                $"{HelpText.Words(command)}: {FlagValues.NoneOf(words[0], [.. command.Subcommands.Select(c => c.Name)])}",
            ];
        string hint =
            command is RootCommand
            && parsed.GetResult(command.Arguments[0])?.Tokens is [var first, ..]
            && Suggestion.For(first.Value, command.Subcommands.Select(c => c.Name)) is { } verb
                ? $"; did you mean: hud {verb} {string.Join(' ', words.Select(FlagValues.Shown))}?"
            : command.Arguments.Count > 0 ? $"; it takes {string.Join(' ', command.Arguments.Select(a => a.Name))}"
            : "; it takes no arguments";
        return [$"{HelpText.Words(command)}: \"{FlagValues.Shown(words[0])}\" is one argument too many{hint}"];
    }

    private static bool IsFlag(string word) => word.Length > 1 && word[0] == '-';

    private static string UnknownFlag(string written, Command command)
    {
        string flag = written.Split('=')[0];
        var known = HelpText.Options(command).SelectMany(o => o.Aliases.Append(o.Name)).ToList();
        if (known.Contains(flag, StringComparer.Ordinal))
            return $"expected a name, got the flag {flag}";
        string near =
            flag.Length > 2 && Suggestion.For(flag, known.Where(k => k.Length > 2)) is { } name
                ? $"; did you mean {name}?"
                : "";
        return $"{HelpText.Words(command)} has no flag {FlagValues.Shown(flag)}{near}";
    }

    private static string Sentence(ParseError error, Command command) =>
        error.SymbolResult switch
        {
            OptionResult { IdentifierToken: null } => Required(command, error),
            OptionResult { Tokens.Count: 0 } option when TakesValue(option.Option) =>
                $"{option.Option.Name} needs a value{Forms(option.Option)}",
            OptionResult option when !TakesValue(option.Option) =>
                $"{option.Option.Name} takes no value, and \"{FlagValues.Shown(ValueOf(option))}\" was given",
            OptionResult option when option.Tokens.Count > option.Option.Arity.MaximumNumberOfValues =>
                $"{option.Option.Name} is given {option.Tokens.Count} times: {string.Join(", ", option.Tokens.Select(t => FlagValues.Shown(t.Value)))}; keep one",
            ArgumentResult { Tokens.Count: 0, Parent: OptionResult option } when TakesValue(option.Option) =>
                $"{option.Option.Name} needs a value{Forms(option.Option)}",
            ArgumentResult { Tokens.Count: 0 } argument => Missing(argument.Argument, command),
            CommandResult => Required(command, error),
            _ => error.Message,
        };

    /// <summary>The first thing that must be there and is not.</summary>
    private static string Required(Command command, ParseError error)
    {
        var missing = command
            .Options.Where(o => o.Required && error.SymbolResult!.GetResult(o) is null or { IdentifierToken: null })
            .Select(o => $"{HelpText.Words(command)} needs {o.Name} <{o.HelpName}>{About(o.Description)}")
            .Concat(
                command
                    .Arguments.Where(a =>
                        a.Arity.MinimumNumberOfValues > 0
                        && error.SymbolResult!.GetResult(a) is not { Tokens.Count: > 0 }
                    )
                    .Select(a => Missing(a, command))
            );
        return missing.FirstOrDefault() ?? error.Message;
    }

    private static string Missing(Argument argument, Command command) =>
        $"{HelpText.Words(command)} needs {argument.Name}{About(argument.Description)}";

    private static string About(string? description) =>
        description is { Length: > 0 } ? $" ({char.ToLowerInvariant(description[0])}{description[1..]})" : "";

    private static string Forms(Option option) =>
        option.HelpName is { Length: > 0 } name ? $": {option.Name} <{name}>" : "";

    private static bool TakesValue(Option option) =>
        option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;

    private static string ValueOf(OptionResult option) => option.Tokens.Count > 0 ? option.Tokens[0].Value : "";
}
