using System.CommandLine;
using System.Reflection;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Commands;

/// <summary><c>hud help [VERB]</c> and <c>hud version</c>: the words that people try before they know the flags.</summary>
internal static class HelpVerbs
{
    public static Command Help(Command root)
    {
        var verb = new Argument<string[]>("VERB")
        {
            Description = "A verb, such as show or kubectl run",
            Arity = ArgumentArity.ZeroOrMore,
        };
        CompletionVerb.Offer(verb, _ => root.Subcommands.Select(c => c.Name));
        var command = new Command("help", "Show the help of hud or of a verb") { verb };
        command.SetAction(parsed => HelpText.Print(Find(root, parsed.GetValue(verb) ?? [])));
        return command;
    }

    public static Command Version()
    {
        var command = new Command("version", "Print the version of hud");
        command.SetAction(_ =>
        {
            Console.Out.WriteLine(Number);
            return 0;
        });
        return command;
    }

    private static string Number =>
        typeof(HelpVerbs).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    private static Command Find(Command root, IReadOnlyList<string> words)
    {
        var found = root;
        foreach (string word in words)
        {
            found =
                found.Subcommands.FirstOrDefault(c => c.Name == word)
                ?? throw new DiagnosticException(
                    new(
                        DiagnosticKinds.BadUsage,
                        $"no verb has this name: {FlagValues.NoneOf(word, [.. found.Subcommands.Select(c => c.Name)])}",
                        "hud help lists the verbs"
                    )
                );
        }

        return found;
    }
}
