using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Confine;
using Hud.NodeAgent.Interop;
using Hud.NodeAgent.Preflight;
using Hud.NodeAgent.Run;
using Hud.NodeAgent.Serving;
using Hud.Symbolization;

const string Help = """
    hud-agent: profiles Tokio processes of this machine and writes one JSON object a line to stdout.

      HUD_AGENT_TASK='{...}' hud-agent    runs the task; SIGTERM or SIGINT ends it early, with its report;
                                          SIGUSR1 has it tell the last while, if the task says how long
      hud-agent doctor                    prints what works on this machine, as JSON
      hud-agent metrics --from FIFO --listen ADDRESS
                                          serves the metrics of a run that has this FIFO; without any right
      hud-agent --version

    People start it through `hud`, clusters through the operator.
    """;

switch (args)
{
    case ["--help" or "-h"]:
        Console.WriteLine(Help);
        return 0;
    case ["--version"]:
        Console.WriteLine(AgentVersion.Text);
        return 0;
    case ["doctor"]:
        var report = Machine.Examine();
        report = report with { Checks = [.. report.Checks, Confinement.Try()] };
        Console.WriteLine(JsonSerializer.Serialize(report, HudJson.Indented.PreflightReport));
        return 0;
    case [MetricsSidecar.Verb, .. var rest]:
        return MetricsSidecar.Run(rest);
    case [SymbolizerServer.Verb, ..]:
        // reads debug information of strangers: dies alone, and is started again
        SymbolizerServer.RunIfAsked(args, HelperSandbox.Enter);
        return 0;
    case not []:
        Console.Error.WriteLine($"hud-agent: unknown argument {args[0]}\n\n{Help}");
        return 2;
}

string? text = Environment.GetEnvironmentVariable(AgentTask.EnvironmentVariable);
if (string.IsNullOrEmpty(text))
{
    Console.Error.WriteLine($"hud-agent: {AgentTask.EnvironmentVariable} is not set\n\n{Help}");
    return 2;
}

AgentTask task;
try
{
    task = JsonSerializer.Deserialize(text, HudJson.Default.AgentTask) ?? throw new JsonException("the task is null");
}
catch (JsonException e)
{
    Console.Error.WriteLine($"hud-agent: {AgentTask.EnvironmentVariable} is not a valid task: {e.Message}");
    return 2;
}

// before that is given up
string noPipe = "";
using var pipe = task.Options.MetricsPipe is { Length: > 0 } path ? MetricsPipe.Open(path, out noPipe) : null;

// as soon as it is known whether a server of debug files is to be asked, which no session of a cluster can want
var unconfined = Confinement.Enter(network: task.Options.DebuginfodUrls.Count > 0);

using var stop = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
var requests = new LookBackRequests();
using var ask = PosixSignalRegistration.Create(LookBackRequests.Signal, Ask);
using var output = Console.OpenStandardOutput();

// the console's stream waits where a pipe is full and must not block, and swallows the error by which a reader is known to be gone
return new ProfilerRun(
    task,
    new AgentStreamWriter(output, static () => Libc.IsBroken(1)),
    stop.Token,
    requests,
    pipe
).Execute(
    unconfined,
    noPipe.Length == 0
        ? null
        : new Diagnostic(
            DiagnosticKinds.NoMetricsPipe,
            $"there are no metrics: {noPipe}",
            "give it a folder that it may write to, and nothing of that name in it; the run goes on without"
        )
);

void End(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

void Ask(PosixSignalContext context)
{
    context.Cancel = true;
    requests.Add();
}
