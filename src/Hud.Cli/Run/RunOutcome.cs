using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Cli.Run;

/// <summary>How a run ended: what there is to show, what went wrong, and the exit code. Pure.</summary>
internal sealed record RunOutcome(ProfileDocument? Profile, IReadOnlyList<Diagnostic> Problems, int ExitCode)
{
    /// <param name="agentExit">The agent's exit code, 128 + n after signal n.</param>
    /// <param name="logTail">The end of its log, shown when it ended without a word.</param>
    public static RunOutcome Judge(
        AgentStreamReader stream,
        IReadOnlyList<WarningMessage> warnings,
        IReadOnlyList<TargetMessage> targets,
        ProgressMessage? lastProgress,
        int agentExit,
        bool killedByUs,
        IReadOnlyList<string> logTail
    )
    {
        var problems = new List<Diagnostic>();
        if (stream.EndMessage is not { } ending)
        {
            problems.Add(Died(lastProgress, agentExit, killedByUs, logTail, warnings));
            return new(stream.Profile, problems, DiagnosticKinds.AgentDied.ExitCode);
        }

        if (stream.MissingLines > 0 || stream.BadLines > 0 || stream.ProfileError.Length > 0)
        {
            string what =
                stream.ProfileError.Length > 0
                    ? stream.ProfileError
                    : $"{stream.MissingLines} lines are missing and {stream.BadLines} cannot be read";
            problems.Add(
                new(
                    DiagnosticKinds.StreamIncomplete,
                    what,
                    "run again; if it happens again, hud and hud-agent may be of different versions"
                )
            );
        }

        int exit = ending.ExitCode;
        if (DiagnosticKinds.All.FirstOrDefault(k => k.Id == ending.Reason) is { } kind)
        {
            problems.Add(FromAgent(kind, warnings, targets));
            exit = exit == 0 ? kind.ExitCode : exit;
        }
        else if (ending.Reason == TargetReasons.TargetGone)
        {
            problems.Add(FromAgent(DiagnosticKinds.TargetGone, warnings, targets));
            exit = DiagnosticKinds.TargetGone.ExitCode;
        }

        if (exit == 0 && problems.Count == 0 && stream.Profile is { VerdictLevel: VerdictLevel.NoData })
            problems.Add(FromAgent(DiagnosticKinds.Idle, warnings, targets)); // a complete run of the agent, and no answer for whoever asked
        if (exit == 0 && problems.Count > 0)
            exit = problems[0].Kind.ExitCode;
        return new(stream.Profile, problems, exit);
    }

    private static Diagnostic FromAgent(
        DiagnosticKind kind,
        IReadOnlyList<WarningMessage> warnings,
        IReadOnlyList<TargetMessage> targets
    )
    {
        var warning = warnings.LastOrDefault(w => w.Id == kind.Id);
        string message =
            warning?.Text ?? targets.LastOrDefault(t => t.Target.Message.Length > 0)?.Target.Message ?? kind.Title;
        return new(
            kind,
            message,
            warning?.NextStep is { Length: > 0 } next ? next
                : kind == DiagnosticKinds.TargetGone ? "the report holds what was seen until then"
                : kind == DiagnosticKinds.Idle ? "send it some load while Hud watches"
                : "run hud doctor to see what works on this machine"
        );
    }

    private static Diagnostic Died(
        ProgressMessage? last,
        int agentExit,
        bool killedByUs,
        IReadOnlyList<string> logTail,
        IReadOnlyList<WarningMessage> warnings
    )
    {
        string how = agentExit > 128 ? $"signal {agentExit - 128}" : $"exit code {agentExit}";
        string known = last is null
            ? "it had measured nothing yet"
            : $"after {last.ElapsedNs / 1_000_000_000} s it had seen {last.Summary.Polls} polls, {last.Summary.SlowPolls} of them slow";
        string log =
            logTail.Count == 0
                ? ""
                : "\n  the end of its log:\n"
                    + string.Join('\n', logTail.TakeLast(8).Select(l => "    " + Reports.Text.Printable.Clean(l)));
        string warned = warnings.Count == 0 ? "" : $"\n  it had warned: {warnings[^1].Text}";
        return killedByUs
            ? new(
                DiagnosticKinds.AgentDied,
                $"the agent was killed ({how}); {known}",
                "press Ctrl-C once and wait a moment to get the report"
            )
            : new(
                DiagnosticKinds.AgentDied,
                $"the agent ended without its report ({how}); {known}{warned}{log}",
                agentExit == 128 + 9
                    ? "something killed it: look for the out-of-memory killer in dmesg; nothing stays attached to the target"
                    : "run hud doctor; nothing stays attached to the target"
            );
    }
}
