using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;
using Hud.Core.Diagnostics;
using Hud.Reports.Text;

namespace Hud.Cli.Commands;

/// <summary>
/// <c>--help</c> of one verb. Written from the declarations alone: what completion would look up (running processes,
/// sessions of a cluster) has no place in it.
/// </summary>
internal static class HelpText
{
    private const int Width = 80;
    private const int Indent = 2;
    private const int MaxNameColumn = 30;
    private const int MaxExampleColumn = 60;

    public static int Print(Command command)
    {
        Console.Out.Write(Of(command));
        return 0;
    }

    public static string Of(Command command)
    {
        var text = new StringBuilder();
        Paragraph(text, command.Description ?? "", 0);
        Heading(text, "Usage");
        Paragraph(text, Usage(command), Indent, hanging: 4);
        Rows(text, "Verbs", command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? "")));
        Rows(text, "Arguments", command.Arguments.Where(a => !a.Hidden).Select(a => (Label(a), a.Description ?? "")));
        Rows(text, "Flags", Options(command).Select(o => (Label(o), o.Description ?? "")));
        var notes = VerbNotes.Of(command);
        Rows(text, "Examples", notes.Examples, MaxExampleColumn);
        Rows(text, "Exit codes", notes.ExitCodes.Select(c => ($"{c}", VerbNotes.Meaning(c))));
        if (notes.More.Length > 0)
        {
            text.Append('\n');
            Paragraph(text, notes.More, 0);
        }

        return text.ToString();
    }

    /// <summary>The words to type, such as "kubectl hud run": the plugin's verbs go under kubectl's own name.</summary>
    public static string Words(Command command)
    {
        string words = VerbPath(command);
        return words.StartsWith("kubectl", StringComparison.Ordinal)
            ? ("kubectl hud" + words["kubectl".Length..])
            : $"hud {words}".TrimEnd();
    }

    /// <summary>The verb without hud, such as "kubectl run"; empty for hud itself.</summary>
    public static string VerbPath(Command command)
    {
        var parents = new List<string>();
        for (Symbol? symbol = command; symbol is not null and not RootCommand; symbol = symbol.Parents.FirstOrDefault())
            parents.Insert(0, symbol.Name);
        return string.Join(' ', parents);
    }

    /// <summary>Its own flags, then those that it shares with the verbs beside it.</summary>
    public static IEnumerable<Option> Options(Command command)
    {
        var parents = new List<Command>();
        for (var parent = Parent(command); parent is not null; parent = Parent(parent))
            parents.Add(parent);
        return command
            .Options.Where(o => o is not System.CommandLine.Help.HelpOption)
            .Concat(parents.SelectMany(p => p.Options.Where(o => o.Recursive)))
            .Concat(command.Options.OfType<System.CommandLine.Help.HelpOption>())
            .Where(o => !o.Hidden)
            .DistinctBy(o => o.Name, StringComparer.Ordinal);
    }

    private static Command? Parent(Command command) => command.Parents.OfType<Command>().FirstOrDefault();

    private static string Usage(Command command)
    {
        string arguments = string.Concat(command.Arguments.Where(a => !a.Hidden).Select(a => " " + Label(a)));
        string required = string.Concat(command.Options.Where(o => o.Required).Select(o => $" {o.Name} {o.HelpName}"));
        bool onlyVerbs = command.Subcommands.Count > 0 && command.Arguments.Count == 0;
        return $"{Words(command)}{required}{(onlyVerbs ? " VERB" : arguments)} [flags]";
    }

    private static string Label(Argument argument)
    {
        string many = argument.Arity.MaximumNumberOfValues > 1 ? "..." : "";
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name}]" : argument.Name + many;
    }

    private static string Label(Option option)
    {
        string names = string.Join(
            ", ",
            option
                .Aliases.Where(a => a.Length == 2 && char.IsAsciiLetter(a[1]))
                .Order(StringComparer.Ordinal)
                .Append(option.Name)
        );
        bool takesValue = option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
        return takesValue && option.HelpName is { Length: > 0 } value ? $"{names} <{value}>" : names;
    }

    private static void Heading(StringBuilder text, string title) => text.Append('\n').Append(title).Append(":\n");

    private static void Rows(
        StringBuilder text,
        string title,
        IEnumerable<(string Name, string Meaning)> rows,
        int column = MaxNameColumn
    )
    {
        var all = rows.ToList();
        if (all.Count == 0)
            return;
        Heading(text, title);
        int names = Math.Min(column, all.Max(r => r.Name.Length)) + Indent + 2;
        foreach (var (name, meaning) in all)
        {
            text.Append(' ', Indent).Append(name);
            if (meaning.Length == 0)
            {
                text.Append('\n');
                continue;
            }

            // a name longer than the column has its meaning on the next line
            int at = Indent + name.Length;
            if (at + 2 > names)
            {
                text.Append('\n');
                at = 0;
            }

            foreach (string line in Printable.Wrap(meaning, Width - names))
            {
                text.Append(' ', names - at).Append(line).Append('\n');
                at = 0;
            }
        }
    }

    private static void Paragraph(StringBuilder text, string words, int indent, int hanging = 0)
    {
        int at = indent;
        foreach (string line in Printable.Wrap(words, Width - indent - hanging))
        {
            text.Append(' ', at).Append(line).Append('\n');
            at = indent + hanging;
        }
    }

    /// <summary>Takes the place of the parser's own help, on every verb.</summary>
    internal sealed class Action : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult) => Print(parseResult.CommandResult.Command);
    }
}
