using System.CommandLine;
using System.Globalization;
using Hud.Cli.Local;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Commands;

/// <summary><c>hud [PROCESS]</c>: profile a process of this machine, with the flags people know from hud.</summary>
internal sealed class RootVerb
{
    private static readonly GoDuration HeadlessDuration = GoDuration.Parse("60s");
    private readonly Argument<string?> _process = new("PROCESS")
    {
        Description = "Name of the process or of its executable, or its pid",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<int?> _pid = new("--pid", "-p")
    {
        Description = "The process by its pid",
        HelpName = "pid",
    };
    private readonly Option<string?> _target = new("--target", "-t")
    {
        Description = "The process by the path of its executable",
        HelpName = "path",
    };
    private readonly Option<double> _threshold = new("--threshold")
    {
        Description = "A poll longer than this many milliseconds blocks its worker",
        HelpName = "ms",
        DefaultValueFactory = _ => 5,
    };
    private readonly Option<string?> _duration = new("--duration", "-d")
    {
        Description = "Seconds, or like 1m30s; default: until Ctrl-C on a terminal, else 60",
        HelpName = "time",
    };
    private readonly Option<string[]> _workers = new("--workers")
    {
        Description = "Only threads whose name begins with this count as workers",
        HelpName = "prefix",
    };
    private readonly Option<double> _budget = new("--budget")
    {
        Description = "What profiling may cost, in percent of the target's CPU",
        HelpName = "percent",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<int> _frequency = new("--frequency")
    {
        Description = "On-CPU samples a second",
        HelpName = "hz",
        DefaultValueFactory = _ => 99,
    };
    private readonly RunOptions _run = new();

    public RootCommand Build()
    {
        var root = new RootCommand(
            "Finds what blocks the worker threads of a live Tokio service, and where in the code."
        )
        {
            _process,
        };
        Option[] own = [_pid, _target, _threshold, _duration, _workers, _budget, _frequency];
        foreach (var option in own)
            root.Options.Add(option);
        _run.AddTo(root);
        CompletionVerb.Offer(_process, CompletionVerb.Processes);
        // a misspelt flag would otherwise be taken for a process's name
        _process.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } flag)
                result.AddError($"{flag.Value} is no flag of hud");
        });
        root.SetAction(parsed => Runner.Run(ToRequest(parsed)));
        return root;
    }

    private RunRequest ToRequest(ParseResult parsed)
    {
        var process = Query(parsed.GetValue(_process), parsed.GetValue(_pid), parsed.GetValue(_target));
        double threshold = parsed.GetValue(_threshold);
        var session = new ProfilingSessionSpec
        {
            Target = new TargetSpec { ProcessName = process.Name is { Length: > 0 } name ? name : null },
            Threshold = threshold is > 0 and < 1e9 ? GoDuration.FromMilliseconds(threshold) : default,
            Duration = parsed.GetValue(_duration) is { } text
                ? RunOptions.ParseDuration(text)
                : DefaultDuration(parsed),
            WorkerThreadNames = parsed.GetValue(_workers) ?? [],
            OverheadBudgetPercent = parsed.GetValue(_budget),
            SampleFrequencyHz = parsed.GetValue(_frequency),
            Output = new OutputSpec { TopHotspots = SessionBounds.MaxTopHotspots },
        };
        Check(session);
        return _run.ToRequest(parsed, session, process);
    }

    /// <summary>On a terminal somebody watches and ends it; the bound is the longest session there is.</summary>
    private GoDuration DefaultDuration(ParseResult parsed) =>
        Terminal.OutputIsTerminal && !parsed.GetValue(_run.Headless) && parsed.GetValue(_run.Output) == OutputKind.Text
            ? SessionBounds.MaxDuration
            : HeadlessDuration;

    private static ProcessQuery Query(string? name, int? pid, string? executable)
    {
        if (name is null && pid is null && executable is null)
            throw Bad(
                DiagnosticKinds.BadUsage,
                "which process?",
                "name it: hud my-service, hud --pid 4242, or hud --target /usr/bin/my-service; hud --help shows all"
            );
        // "hud 4242": a number is a pid unless a process bears it as its name
        if (
            pid is null
            && name is not null
            && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && !ProcessTable.System.List().Any(p => p.IsNamed(name))
        )
        {
            return new ProcessQuery(null, number, executable);
        }

        return new ProcessQuery(name, pid, executable);
    }

    private static void Check(ProfilingSessionSpec session)
    {
        // here the process is named by the command line, so any name will do for the file's rules
        var named = session with
        {
            Target = session.Target with { ProcessName = session.Target.ProcessName ?? "pid" },
        };
        var failures = new SessionValidator(SessionScope.Local).Validate(named).Errors;
        if (failures.Count > 0)
        {
            throw Bad(
                DiagnosticKinds.OutOfRange,
                string.Join("\n  ", failures.Select(f => $"{Flag(f.PropertyName)}: {f.ErrorMessage}")),
                "change the value; hud --help shows the units"
            );
        }
    }

    private static string Flag(string field) =>
        field switch
        {
            "spec.threshold" => "--threshold (in ms)",
            "spec.duration" => "--duration",
            "spec.overheadBudgetPercent" => "--budget",
            "spec.sampleFrequencyHz" => "--frequency",
            "spec.workerThreadNames" => "--workers",
            "spec.target.processName" => "PROCESS",
            _ => field,
        };

    private static DiagnosticException Bad(DiagnosticKind kind, string message, string next) =>
        new(new(kind, message, next));
}
