using Hud.Analysis;
using Hud.Core.Diagnostics;
using Hud.Frames;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Reports a runtime whose blocking pool has all the threads it may have: then closures of <c>spawn_blocking</c>, file access and
/// name lookups of <c>tokio::fs</c> and <c>tokio::net</c> wait for one, and no worker shows it.
/// </summary>
internal sealed class BlockingPools(IReadOnlyList<TargetProcess> targets, Action<Diagnostic> warn)
{
    /// <summary>Tokio's <c>max_blocking_threads</c> where the program says nothing else; the workers come on top.</summary>
    internal const int DefaultLimit = 512;

    private readonly HashSet<TargetId> _reported = [];

    public void Look(IReadOnlyList<WorkerFacts> workers)
    {
        foreach (var target in targets.Where(t => !t.Gone && !_reported.Contains(t.Id)))
        {
            var own = workers.Where(w => w.Target == target.Id && w.Polls > 0).Select(w => w.Name).ToList();
            var threads = ProcFs.Threads(target.Pid);
            // few services have so many threads, and only of those all names are read
            if (threads.Count < DefaultLimit + own.Count || own.Count == 0)
                continue;
            if (!IsFull(threads.Select(t => ProcFs.ThreadName(target.Pid, t)), own))
                continue;
            _reported.Add(target.Id);
            warn(
                new Diagnostic(
                    DiagnosticKinds.BlockingPoolFull,
                    $"{target.Name} ({target.Pid}) had {DefaultLimit} threads in its blocking pool, all that Tokio allows by default: closures of spawn_blocking, tokio::fs and name lookups waited for a free one",
                    "find what keeps them (gdb -p PID, thread apply all bt); give long work threads of its own, or raise max_blocking_threads"
                )
            );
        }
    }

    /// <summary>A runtime gives the threads of its pool the names of its workers. Pure.</summary>
    internal static bool IsFull(IEnumerable<string> threads, IReadOnlyList<string> workers)
    {
        var limits = workers.CountBy(n => n, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return threads
            .Where(limits.ContainsKey)
            .CountBy(n => n, StringComparer.Ordinal)
            .Any(n => n.Value >= DefaultLimit + limits[n.Key]);
    }
}
