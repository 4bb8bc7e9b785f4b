using Hud.Analysis;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;

namespace Hud.NodeAgent.Run;

/// <summary>What a reader of the report has to know beside its figures. Pure.</summary>
/// <param name="WorkerPrefixes">Names that threads had to begin with; empty when all of them counted.</param>
internal sealed record ClosingWarnings(string WorkerPrefixes)
{
    private const string GiveItCpu =
        "give it a CPU request (in Kubernetes: resources.requests.cpu), see who else uses the machine (top), or watch for longer";

    /// <summary>Of the run as a whole: what was dropped, guessed, left out or not timed.</summary>
    /// <param name="guessed">Of the stacks: those with callers that no unwind table vouches for.</param>
    /// <param name="leftOut">Messages of the live view that were too long.</param>
    /// <param name="lowered">Changes of the level of detail; none where nothing is an estimate.</param>
    public static IEnumerable<Diagnostic> OfRun(
        Losses losses,
        long stacks,
        long guessed,
        long leftOut,
        IReadOnlyList<LevelChange> lowered
    )
    {
        if (losses.Events() > 0)
            yield return new Diagnostic(
                DiagnosticKinds.EventsDropped,
                $"{losses.Events()} events did not reach the report: {losses.RingBufferDrops} ring buffer full, {losses.RateLimited} rate-limited, {losses.Events() - losses.RingBufferDrops - losses.RateLimited} other",
                "raise the threshold, so that fewer polls count as slow; what was rate-limited is scaled and marked as estimated"
            );
        if (guessed * 10 > stacks)
            yield return new Diagnostic(
                DiagnosticKinds.GuessedCallers,
                $"in {guessed} of {stacks} stacks callers were guessed, for code without unwind tables: such a caller may be a call that had returned",
                "build with unwind tables (RUSTFLAGS=\"-C force-unwind-tables=yes\"); the C library musl never has any"
            );
        if (leftOut > 0)
            yield return new Diagnostic(
                DiagnosticKinds.StreamIncomplete,
                $"{leftOut} messages of the live view were too long for a line and were left out",
                "the report is whole; nothing needs to be done"
            );
        if (lowered.MaxBy(c => c.Level) is { } worst)
            yield return new Diagnostic(
                DiagnosticKinds.BudgetLowered,
                $"the level of detail went down to {worst.Level}: {worst.Reason}",
                "raise the overhead budget, or accept that counts are estimates and short polls were not all timed"
            );
    }

    public static Diagnostic OfLateTokio(LateLibrary late) =>
        new(
            DiagnosticKinds.LoadedLate,
            $"{late.Target.Name} ({late.Target.Pid}) loaded {late.Name} during the run: it has a Tokio of its own, and its tasks were "
                + (late.TimedFromNs is { } from ? $"timed from {HumanText.Duration(from)} on" : "not timed"),
            "run Hud again, now that it is loaded"
        );

    /// <summary>What was not said of each process of a run that follows its targets.</summary>
    /// <param name="ended">Processes that ended.</param>
    /// <param name="refused">Wanted ones that can't be watched.</param>
    public static IEnumerable<Diagnostic> OfFollowed(int ended, int refused)
    {
        if (ended > 0)
            yield return new Diagnostic(
                DiagnosticKinds.TargetGone,
                $"{HumanText.Count(ended)} more processes ended during the run",
                "the report holds what was seen of each until then"
            );
        if (refused > 0)
            yield return new Diagnostic(
                DiagnosticKinds.TooManyTargets,
                $"{HumanText.Count(refused)} more processes that were wanted could not be watched, and have no line in the report",
                "look at the reasons of those that have one"
            );
    }

    /// <summary>Of the targets that were silent, or hardly ran.</summary>
    public IEnumerable<Diagnostic> OfTargets(ProfileDocument document) =>
        document
            .Targets.Where(IsSilent)
            .Select(Silent)
            .Concat(document.Targets.Where(t => HardlyRan(t, document.Summary.ObservedNs)).Select(Held));

    private static bool IsSilent(TargetProfile target) =>
        target.Reason == ProfileBuilder.Unclear
        || (
            target.Polls + target.SlowPolls == 0
            && target.Reason is "Idle" or "NotTimed" or ProfileBuilder.Starved or ProfileBuilder.NoSuchWorkers
        );

    private static bool HardlyRan(TargetProfile target, long observedNs) =>
        target.Polls + target.SlowPolls > 0
        && (
            target.Reason == ProfileBuilder.Starved
            || CpuStarvation.SaysNothing(target.CpuWaitNs, target.CpuNs, observedNs)
        );

    private static Diagnostic Held(TargetProfile target) =>
        new(
            DiagnosticKinds.Starved,
            $"{target.Process} ({target.Pid}) waited {HumanText.Duration(target.CpuWaitNs)} for a CPU and ran for {HumanText.Duration(target.CpuNs)}: what its code does shows only as far as it ran",
            GiveItCpu
        );

    private Diagnostic Silent(TargetProfile target)
    {
        var (who, next) = target.Reason switch
        {
            ProfileBuilder.NoSuchWorkers => (
                "",
                "name what their names begin with, or leave out workerThreadNames (--workers) to watch them all"
            ),
            _ when WorkerPrefixes.Length > 0 => (
                $", on threads named {WorkerPrefixes}",
                $"look at the names of its threads (ps -T -p {target.Pid}), or leave out --workers to watch them all"
            ),
            ProfileBuilder.Unclear => (
                "",
                $"see what they do with another tool (gdb -p {target.Pid}, thread apply all bt), or watch again"
            ),
            ProfileBuilder.Starved => ("", GiveItCpu),
            _ => ("", "send it some load while Hud watches; this does not mean all is well"),
        };
        return new Diagnostic(DiagnosticKinds.Idle, $"{target.Process} ({target.Pid}): {target.Message}{who}", next);
    }
}
