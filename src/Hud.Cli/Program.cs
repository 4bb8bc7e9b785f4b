using System.CommandLine;
using System.CommandLine.Help;
using Hud.Cli.Commands;
using Hud.Core.Diagnostics;

var root = new RootVerb().Build();
root.Subcommands.Add(new RunVerb().Build());
root.Subcommands.Add(DoctorVerb.Build());
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
