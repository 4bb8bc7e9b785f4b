using System.CommandLine;
using System.Globalization;
using Hud.Cli.Local;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Commands;

/// <summary><c>hud [PROCESS]</c>: profile a process of this machine.</summary>
internal sealed class RootVerb
{
    private static readonly GoDuration HeadlessDuration = GoDuration.Parse("60s");
    private readonly Argument<string?> _process = new("PROCESS")
    {
        Description = "Name of the process or of its executable, or its pid",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<int?> _pid = FlagValues
        .Whole("--pid", "4242", "too large for a process id", "-p")
        .With("pid", "The process by its pid");
    private readonly Option<string?> _target = new("--target", "-t")
    {
        Description = "The process by the path of its executable",
        HelpName = "path",
    };
    private readonly Option<GoDuration?> _threshold = FlagValues
        .Milliseconds("--threshold")
        .With("time", "A poll that takes longer blocks its worker: 5ms, 500us [default: 5ms]");
    private readonly Option<GoDuration?> _duration = FlagValues
        .Duration("--duration", "-d")
        .With("time", "How long: 30, 1m30s, 2h [default: until Ctrl-C; 60s with neither a terminal nor --metrics]");
    private readonly Option<string[]> _workers = new("--workers")
    {
        Description = "Only threads whose name begins with this count as workers",
        HelpName = "prefix",
    };
    private readonly Option<double?> _budget = FlagValues
        .Number("--budget", "0.5")
        .With("percent", "What profiling may cost of the target's CPU time [default: 1]");
    private readonly Option<int?> _frequency = FlagValues
        .Whole("--frequency", "99")
        .With("hz", "On-CPU samples a second [default: 99]");
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
        root.SetAction(parsed => Runner.Run(ToRequest(parsed)));
        return root;
    }

    private RunRequest ToRequest(ParseResult parsed)
    {
        var process = Query(parsed.GetValue(_process), parsed.GetValue(_pid), parsed.GetValue(_target));
        var defaults = new ProfilingSessionSpec();
        var session = new ProfilingSessionSpec
        {
            Target = new TargetSpec { ProcessName = process.Name is { Length: > 0 } name ? name : null },
            Threshold = parsed.GetValue(_threshold) ?? defaults.Threshold,
            Duration = parsed.GetValue(_duration) ?? DefaultDuration(parsed),
            WorkerThreadNames = parsed.GetValue(_workers) ?? [],
            OverheadBudgetPercent = parsed.GetValue(_budget) ?? defaults.OverheadBudgetPercent,
            SampleFrequencyHz = parsed.GetValue(_frequency) ?? defaults.SampleFrequencyHz,
            Output = new OutputSpec { TopHotspots = SessionBounds.MaxTopHotspots },
        };
        Check(session);
        return _run.ToRequest(parsed, session, process) with
        {
            Again = Again(process) + (parsed.GetValue(_run.Follow) ? " --follow" : ""),
        };
    }

    /// <summary>On a terminal the user watches and ends it, and so does who has it serve metrics; the bound only ends what was forgotten.</summary>
    private GoDuration DefaultDuration(ParseResult parsed) =>
        parsed.GetValue(_run.Metrics) is not null
        || Terminal.OutputIsTerminal
            && !parsed.GetValue(_run.Headless)
            && RunOptions.KindOf(parsed.GetValue(_run.Output)) == OutputKind.Text
            ? SessionBounds.MaxLocalDuration
            : HeadlessDuration;

    private static ProcessQuery Query(string? name, int? pid, string? executable)
    {
        if (name is "")
            throw Bad(
                DiagnosticKinds.BadUsage,
                "PROCESS is \"\", an empty name",
                "name the process, as in: hud my-service; an unset variable in a script is a usual cause"
            );
        if (executable is "")
            throw Bad(
                DiagnosticKinds.BadUsage,
                "--target is \"\", an empty path",
                "name the executable, as in: hud --target /usr/bin/my-service"
            );
        if (pid is <= 0)
            throw Bad(
                DiagnosticKinds.BadUsage,
                $"--pid: {pid} cannot be the pid of a process",
                "pids begin at 1; list the candidates with: ps -eo pid,comm,args"
            );
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

    private static string Again(ProcessQuery process) =>
        NextCommand.Sudo
        + (
            process.Name is { } name ? $"hud {NextCommand.Word(name)}"
            : process.Pid is { } pid ? $"hud --pid {pid}"
            : $"hud --target {NextCommand.Word(process.Executable ?? "")}"
        );

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
                string.Join(
                    "\n  ",
                    failures.Select(f =>
                        $"{Flag(f.PropertyName)} {Written(spec: session, f.PropertyName)}: {FlagValues.Rule(f.PropertyName, f.ErrorMessage)}"
                    )
                ),
                "change the value; hud --help shows the units"
            );
        }
    }

    private static string Flag(string field) =>
        field switch
        {
            "spec.threshold" => "--threshold",
            "spec.duration" => "--duration",
            "spec.overheadBudgetPercent" => "--budget",
            "spec.sampleFrequencyHz" => "--frequency",
            "spec.workerThreadNames" => "--workers",
            "spec.target.processName" => "PROCESS",
            _ => field,
        };

    /// <summary>The value as it was understood: "2h" for 7200.</summary>
    private static string Written(ProfilingSessionSpec spec, string field) =>
        field switch
        {
            "spec.threshold" => spec.Threshold.ToString(),
            "spec.duration" => spec.Duration.ToString(),
            "spec.overheadBudgetPercent" => $"{spec.OverheadBudgetPercent:0.###}",
            "spec.sampleFrequencyHz" => $"{spec.SampleFrequencyHz}",
            "spec.workerThreadNames" => FlagValues.Shown(string.Join(',', spec.WorkerThreadNames)),
            "spec.target.processName" => FlagValues.Shown(spec.Target.ProcessName ?? ""),
            _ => "",
        };

    private static DiagnosticException Bad(DiagnosticKind kind, string message, string next) =>
        new(new(kind, message, next));
}
