using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.Frames;
using Hud.NodeAgent.Proc;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Looks at the targets one after the other, each on a thread of its own and within bounds of time and bytes: what a target's files
/// make the agent do, and whether they answer at all, is up to whoever wrote them and whoever keeps its disks.
/// </summary>
internal sealed class TargetOpener(
    CancellationToken stop,
    TimeSpan? perTarget = null,
    TimeSpan? allTargets = null,
    long bytesPerTarget = TargetOpener.BytesPerTarget,
    UnwindTableCache? tables = null
)
{
    /// <summary>Large services have some hundred megabytes of code and symbols, which are gone through a few times.</summary>
    internal const long BytesPerTarget = 8L << 30;

    /// <summary>Names and tables of what stacks lead into, as long as the run lasts.</summary>
    private const long BytesOfRun = 64L << 30;

    private static readonly TimeSpan TimePerTarget = TimeSpan.FromSeconds(30),
        TimeForAll = TimeSpan.FromSeconds(120);
    private readonly UnwindTableCache _tables = tables ?? new();
    private readonly long _start = TimeProvider.System.GetTimestamp();

    public Target Open(TargetId id, AgentTarget spec)
    {
        var left = (allTargets ?? TimeForAll) - TimeProvider.System.GetElapsedTime(_start);
        var time = perTarget ?? TimePerTarget;
        time = left < time ? left : time;
        if (stop.IsCancellationRequested || time <= TimeSpan.Zero)
            return TooSlow(spec, null);
        var budget = new ReadBudget(bytesPerTarget, time, stop);
        var work = Task.Factory.StartNew(
            () => TargetFinder.Find(id, spec, new TargetFiles(_tables, budget)),
            CancellationToken.None,
            TaskCreationOptions.LongRunning, // a thread that can be left behind where it waits for a disk that never answers
            TaskScheduler.Default
        );
        try
        {
            // what ends by the budget comes a moment later
            if (!work.Wait(time + TimeSpan.FromSeconds(1), stop))
                return TooSlow(spec, budget);
        }
        catch (OperationCanceledException)
        {
            return TooSlow(spec, budget);
        }
        catch (AggregateException e) when (e.InnerException is { } inner)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
        }

        var target = work.Result;
        if (budget.IsExceeded)
            return TooSlow(spec, budget, target);
        budget.Renew(BytesOfRun, Timeout.InfiniteTimeSpan);
        return target;
    }

    private RefusedTarget TooSlow(AgentTarget spec, ReadBudget? budget, Target? seen = null)
    {
        string who = seen is null
            ? spec.Pid is { } pid
                ? $"process {pid}"
                : spec.Pod ?? "a target"
            : $"{seen.Name} ({seen.Pid})";
        return new RefusedTarget
        {
            Spec = spec,
            Pid = seen?.Pid ?? spec.Pid ?? 0,
            Name = seen?.Name ?? "",
            Executable = seen?.Executable ?? "",
            Problem = new Diagnostic(
                DiagnosticKinds.UnreadableExecutable,
                stop.IsCancellationRequested ? $"the run was ended before the files of {who} were read"
                    : budget is null
                        ? $"the files of {who} were not looked at: those of the other targets took all the time there is for it"
                    : $"the files of {who} take too long to read, or are too large",
                stop.IsCancellationRequested
                    ? "let it run for longer"
                    : "look at its executable (readelf -lW) and at the disk it is on; choose fewer targets where there are many"
            ),
        };
    }
}
