using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>From the numbers that the BPF programs have for the targets to the rows of the report.</summary>
internal static class TargetRows
{
    /// <summary>The row whose process has this number now; null when none has.</summary>
    public static int? RowOf(this IReadOnlyList<TargetProcess> targets, uint number)
    {
        // true of all targets of the start
        if (number < targets.Count && targets[(int)number].Number == number)
            return (int)number;
        for (int row = 0; row < targets.Count; row++)
        {
            if (targets[row].Number == number)
                return row;
        }

        return null;
    }

    /// <summary>The threads of targets that have a row, by that row.</summary>
    public static List<WorkerState> ByRow(this IReadOnlyList<TargetProcess> targets, IReadOnlyList<WorkerState> workers)
    {
        var known = new List<WorkerState>(workers.Count);
        foreach (var worker in workers)
        {
            // of a slot that is free, or being handed out right now, nothing is known
            if (worker is { Tid: 0, NsTid: 0 } || targets.RowOf(worker.Target) is not { } row)
                continue;
            known.Add(worker with { Target = (uint)row });
        }

        return known;
    }
}
