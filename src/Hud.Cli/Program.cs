using System.CommandLine;
using System.CommandLine.Help;
using Hud.Cli.Commands;
using Hud.Cli.Kubectl;
using Hud.Core.Diagnostics;

var root = new RootVerb().Build();
root.Subcommands.Add(new RunVerb().Build());
root.Subcommands.Add(DoctorVerb.Build());
root.Subcommands.Add(ShowVerb.Build());
root.Subcommands.Add(DiffVerb.Build());
root.Subcommands.Add(CompletionVerb.Build());
root.Subcommands.Add(new ClusterVerbs().Build());
if (root.Options.OfType<HelpOption>().FirstOrDefault()?.Action is HelpAction help)
    help.MaxWidth = 80;

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(new Diagnostic(DiagnosticKinds.BadUsage, string.Join("\n  ", parsed.Errors.Select(e => e.Message)), "hud --help shows every flag"));
    return DiagnosticKinds.BadUsage.ExitCode;
}

try
{
    // signals are the run's own business: the first ends it in order, with its report
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (DiagnosticException e)
{
    Console.Error.WriteLine(e.Diagnostic);
    return e.Diagnostic.Kind.ExitCode;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    // a file that cannot be written, or a pipe whose reader has gone
    Console.Error.WriteLine(new Diagnostic(DiagnosticKinds.BadUsage, e.Message, "check the path"));
    return DiagnosticKinds.BadUsage.ExitCode;
}
