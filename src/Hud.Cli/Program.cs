using System.CommandLine;
using Hud.Cli.Commands;
using Hud.Cli.Serving;
using Hud.Core.Diagnostics;

if (args is [MetricsServer.Verb])
    return MetricsServer.Run();

var parsed = CommandTree.Build().Parse(args);
if (UsageErrors.Of(parsed) is { } wrong)
{
    Console.Error.WriteLine(wrong);
    return wrong.Kind.ExitCode;
}

try
{
    // signals are the run's own business: the first ends it in order, with its report
    return parsed.Invoke(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }
    );
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
