using System.CommandLine;
using System.CommandLine.Help;
using Hud.Cli.Kubectl;

namespace Hud.Cli.Commands;

/// <summary>Every verb of hud.</summary>
internal static class CommandTree
{
    public static RootCommand Build()
    {
        var root = new RootVerb().Build();
        Command[] verbs =
        [
            new RunVerb().Build(),
            DoctorVerb.Build(),
            ShowVerb.Build(),
            DiffVerb.Build(),
            MergeVerb.Build(),
            CompletionVerb.Build(),
            new ClusterVerbs().Build(),
        ];
        foreach (var verb in verbs)
            root.Subcommands.Add(verb);
        root.Subcommands.Add(HelpVerbs.Help(root));
        root.Subcommands.Add(HelpVerbs.Version());
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpText.Action();
            help.Description = "Show this help";
            help.Aliases.Remove("/h");
            help.Aliases.Remove("/?");
        }

        foreach (var version in root.Options.OfType<VersionOption>())
            version.Description = "Print the version of hud";
        return root;
    }

    /// <summary>The words before the flags of every verb, such as "kubectl run"; the root's are empty.</summary>
    public static IEnumerable<string> Verbs(Command command, string words = "") =>
        command
            .Subcommands.SelectMany(verb => Verbs(verb, words.Length == 0 ? verb.Name : $"{words} {verb.Name}"))
            .Prepend(words);
}
