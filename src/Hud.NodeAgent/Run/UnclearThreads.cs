using Hud.Analysis;
using Hud.Frames;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Threads whose stacks say nothing, where their name is a worker's: every process has threads of other kinds, and those aren't a
/// reason to doubt a report. Pure.
/// </summary>
internal static class UnclearThreads
{
    /// <summary>What Tokio calls its threads where the program says nothing else: as the kernel cuts it, until 1.49 and since 1.50.</summary>
    private static readonly string[] TokiosNames = ["tokio-runtime-w", "tokio-rt-worker"];

    public static IReadOnlyDictionary<TargetId, int> Count(
        IEnumerable<(TargetId Target, string Name)> threads,
        IReadOnlyList<WorkerFacts> workers
    )
    {
        var names = workers.Select(w => (w.Target, w.Name)).ToHashSet();
        return threads
            .Where(t => TokiosNames.Contains(t.Name, StringComparer.Ordinal) || names.Contains(t))
            .CountBy(t => t.Target)
            .ToDictionary();
    }
}
