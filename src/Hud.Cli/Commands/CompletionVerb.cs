using System.CommandLine;
using Hud.Cli.Local;

namespace Hud.Cli.Commands;

/// <summary>
/// <c>hud completion bash</c>: the script for a shell. It asks <c>hud "[suggest:POSITION]" "LINE"</c>, which the parser answers
/// by itself; here are the candidates that it cannot know.
/// </summary>
internal static class CompletionVerb
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static Command Build()
    {
        var shell = new Argument<string>("SHELL") { Description = string.Join(", ", Shells) };
        shell.CompletionSources.Add(Shells);
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [var written] && !Shells.Contains(written.Value, StringComparer.Ordinal))
                result.AddError($"SHELL: {FlagValues.NoneOf(written.Value, Shells)}");
        });
        var command = new Command(
            "completion",
            "Print the completion script for a shell: source <(hud completion bash)"
        )
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            using var script = typeof(CompletionVerb).Assembly.GetManifestResourceStream(
                "hud." + parsed.GetValue(shell)
            )!;
            using var output = Console.OpenStandardOutput();
            script.CopyTo(output);
            return 0;
        });
        return command;
    }

    /// <summary>Offers what <paramref name="names"/> gives, as long as the argument is not written yet.</summary>
    public static void Offer(Argument argument, Func<ParseResult, IEnumerable<string>> names) =>
        argument.CompletionSources.Add(context =>
            context.ParseResult.GetResult(argument)?.Tokens is [var written, ..]
            && written.Value != context.WordToComplete
                ? []
                : names(context.ParseResult).Where(IsPlain)
        );

    /// <summary>Names of running programs with several threads, as a Tokio service has.</summary>
    public static IEnumerable<string> Processes(ParseResult parsed) =>
        ProcessTable
            .System.List()
            .Where(p => p.Threads > 1)
            .Select(p => p.Comm)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

    /// <summary>A shell puts candidates on the line as they are: names that it would read as something else are not offered.</summary>
    public static bool IsPlain(string name) =>
        name.Length > 0 && name[0] is not '-' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
