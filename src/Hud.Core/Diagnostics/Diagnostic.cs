using Hud.Core.Api;

namespace Hud.Core.Diagnostics;

/// <summary>A stable id, what it means, and the page of the troubleshooting guide with the same anchor.</summary>
/// <param name="TargetReason">Its name as the reason why a target failed; null where it never is one.</param>
public sealed record DiagnosticKind(string Id, string Title, int ExitCode, string? TargetReason = null);

/// <summary>Something that went wrong or must be known: what happened and what to do next.</summary>
public sealed record Diagnostic(DiagnosticKind Kind, string Message, string NextStep)
{
    /// <summary>For a terminal: the message may quote what a process calls itself.</summary>
    public override string ToString() =>
        $"{Kind.Id}: {SafeText.CleanLines(Message)}\n  next: {SafeText.CleanLines(NextStep)}";
}

/// <summary>An error that ends a run, made to be shown as it is.</summary>
public sealed class DiagnosticException(Diagnostic diagnostic) : Exception(diagnostic.Message)
{
    public Diagnostic Diagnostic { get; } = diagnostic;
}

/// <summary>Every diagnostic id of Hud. Ids are never reused. Exit codes: 2 wrong input, 3 machine cannot, 4 nothing to measure, 5 cut off.</summary>
public static class DiagnosticKinds
{
    public static readonly DiagnosticKind NoSuchProcess = new("HUD001", "No such process", 2, TargetReasons.TargetGone);
    public static readonly DiagnosticKind SeveralProcesses = new(
        "HUD002",
        "Several processes match",
        2,
        TargetReasons.ProcessAmbiguous
    );
    public static readonly DiagnosticKind OutOfRange = new("HUD003", "A value is out of range", 2);
    public static readonly DiagnosticKind BadSession = new("HUD004", "The session file is not valid", 2);
    public static readonly DiagnosticKind BadUsage = new("HUD005", "The command line is not valid", 2);
    public static readonly DiagnosticKind NotPermitted = new(
        "HUD101",
        "A capability is missing",
        3,
        TargetReasons.KernelUnsupported
    );
    public static readonly DiagnosticKind NoBtf = new(
        "HUD102",
        "The kernel has no BTF",
        3,
        TargetReasons.KernelUnsupported
    );
    public static readonly DiagnosticKind KernelTooOld = new(
        "HUD103",
        "The kernel is too old",
        3,
        TargetReasons.KernelUnsupported
    );
    public static readonly DiagnosticKind BpfLoadFailed = new(
        "HUD104",
        "The kernel refused a BPF program",
        3,
        TargetReasons.KernelUnsupported
    );
    public static readonly DiagnosticKind ProbeModeUnavailable = new(
        "HUD105",
        "This probe mode does not work here",
        3,
        TargetReasons.KernelUnsupported
    );
    public static readonly DiagnosticKind AgentMissing = new("HUD106", "hud-agent was not found", 3);
    public static readonly DiagnosticKind Lockdown = new(
        "HUD107",
        "Kernel lockdown forbids BPF tracing",
        3,
        TargetReasons.KernelUnsupported
    );
    public static readonly DiagnosticKind NotTokio = new(
        "HUD201",
        "Not a Tokio program",
        4,
        TargetReasons.NoTokioRuntime
    );
    public static readonly DiagnosticKind Idle = new("HUD202", "Tokio was found, but no poll was seen", 4);
    public static readonly DiagnosticKind TargetGone = new(
        "HUD203",
        "The process ended during the run",
        5,
        TargetReasons.TargetGone
    );
    public static readonly DiagnosticKind ForeignBinary = new(
        "HUD204",
        "A 32-bit or foreign binary",
        4,
        TargetReasons.ForeignBinary
    );
    public static readonly DiagnosticKind UnreadableExecutable = new(
        "HUD205",
        "The executable cannot be read",
        4,
        TargetReasons.UnreadableExecutable
    );
    public static readonly DiagnosticKind BelowThreshold = new("HUD206", "No poll was over the threshold", 0);
    public static readonly DiagnosticKind AgentDied = new("HUD207", "The agent ended before its report", 5);
    public static readonly DiagnosticKind NoReturnProbes = new("HUD301", "No return probes on this target", 0);
    public static readonly DiagnosticKind SlowProbeSites = new(
        "HUD302",
        "Some probe sites were refused",
        0,
        TargetReasons.NoProbeSites
    );
    public static readonly DiagnosticKind EventsDropped = new("HUD303", "Events were dropped", 0);
    public static readonly DiagnosticKind BudgetLowered = new("HUD304", "The budget lowered the level of detail", 0);
    public static readonly DiagnosticKind MissingSymbols = new("HUD305", "Names or lines are missing", 0);
    public static readonly DiagnosticKind OldTokio = new("HUD306", "This Tokio is read through symbols", 0);
    public static readonly DiagnosticKind StreamIncomplete = new("HUD307", "The agent's stream has gaps", 5);
    public static readonly DiagnosticKind ExpectationsNotMet = new("HUD308", "An expectation was not met", 6);
    public static readonly DiagnosticKind TooManyTargets = new(
        "HUD309",
        "Too many processes for one agent",
        0,
        TargetReasons.TooManyTargets
    );
    public static readonly DiagnosticKind Starved = new("HUD310", "The process got hardly any CPU", 0);
    public static readonly DiagnosticKind Unconfined = new("HUD311", "The agent could not confine itself", 0);
    public static readonly DiagnosticKind GuessedCallers = new("HUD312", "Callers were guessed", 0);
    public static readonly DiagnosticKind BlockingPoolFull = new("HUD313", "The blocking pool is full", 0);
    public static readonly DiagnosticKind LoadedLate = new("HUD314", "Another Tokio was loaded during the run", 0);
    public static readonly DiagnosticKind CpuWithoutClock = new("HUD315", "A CPU is not sampled", 0);
    public static readonly DiagnosticKind BadTargetList = new("HUD316", "The list of targets can't be used", 0);
    public static readonly DiagnosticKind MetricsEnded = new("HUD318", "Metrics are no longer served", 0);
    public static readonly DiagnosticKind LookBackLacking = new("HUD319", "A look-back is not what was asked for", 0);
    public static readonly DiagnosticKind NoMetricsPipe = new("HUD320", "Metrics can't be handed on", 0);
    public static readonly DiagnosticKind KubectlFailed = new("HUD401", "kubectl could not do it", 3);
    public static readonly DiagnosticKind NoSuchSession = new("HUD402", "No such session", 2);
    public static readonly DiagnosticKind SessionFailed = new("HUD403", "The session failed", 5);
    public static readonly DiagnosticKind NoReport = new("HUD404", "The session has no report", 5);
    public static readonly DiagnosticKind GotWorse = new("HUD405", "The second run is worse", 6);

    public static IReadOnlyList<DiagnosticKind> All { get; } =
    [
        NoSuchProcess,
        SeveralProcesses,
        OutOfRange,
        BadSession,
        BadUsage,
        NotPermitted,
        NoBtf,
        KernelTooOld,
        BpfLoadFailed,
        ProbeModeUnavailable,
        AgentMissing,
        Lockdown,
        NotTokio,
        Idle,
        TargetGone,
        ForeignBinary,
        UnreadableExecutable,
        BelowThreshold,
        AgentDied,
        NoReturnProbes,
        SlowProbeSites,
        EventsDropped,
        BudgetLowered,
        MissingSymbols,
        OldTokio,
        StreamIncomplete,
        ExpectationsNotMet,
        TooManyTargets,
        Starved,
        Unconfined,
        GuessedCallers,
        BlockingPoolFull,
        LoadedLate,
        CpuWithoutClock,
        BadTargetList,
        MetricsEnded,
        LookBackLacking,
        NoMetricsPipe,
        KubectlFailed,
        NoSuchSession,
        SessionFailed,
        NoReport,
        GotWorse,
    ];
}
