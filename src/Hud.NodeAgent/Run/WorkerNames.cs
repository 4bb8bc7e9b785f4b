using Hud.Analysis;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Threads that count when a session names its workers: those whose name begins with one of the prefixes, all where none is
/// given. The kernel's totals by task type know no threads, so they are brought down to what the named ones can have.
/// </summary>
internal sealed class WorkerNames(IReadOnlyList<string> prefixes)
{
    private const int MaxNames = 8;

    private readonly Dictionary<TaskTypeId, long> _leftOut = [];

    public bool Given => prefixes.Count > 0;

    public string Text => string.Join(", ", prefixes.Select(p => p + "*"));

    /// <param name="threadName">As the kernel keeps it: 15 bytes at most.</param>
    public bool IsWorker(string threadName) =>
        !Given || prefixes.Any(p => threadName.StartsWith(p, StringComparison.Ordinal));

    /// <summary>What to say when none of these threads is named; null when one is, or when nothing says that one is not.</summary>
    /// <param name="names">Of threads of the target, written by the target.</param>
    public string? Unmatched(IReadOnlyCollection<string> names)
    {
        if (!Given || names.Count == 0 || names.Any(IsWorker))
            return null;
        var kinds = names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        string more = kinds.Count > MaxNames ? $" and {kinds.Count - MaxNames} others" : "";
        return $"workerThreadNames ({Text}) match none of its threads, which are named {string.Join(", ", kinds.Take(MaxNames))}{more}";
    }

    /// <summary>Whether a record counts; a slow poll that does not is remembered by its type.</summary>
    /// <param name="weight">Polls that it stands for.</param>
    public bool Accept(in HudEvent record, string threadName, int weight)
    {
        if (IsWorker(threadName))
            return true;
        if (record.Kind == EventKind.Poll && (record.Flags & EventFlags.Open) == EventFlags.None)
            _leftOut[record.TaskType] = _leftOut.GetValueOrDefault(record.TaskType) + weight;
        return false;
    }

    /// <param name="workers">Those that count.</param>
    /// <param name="recorded">Slow polls that were kept, by type.</param>
    /// <param name="worstNs">The longest of them.</param>
    public IReadOnlyList<TaskTypeFacts> Narrow(
        IReadOnlyList<TaskTypeFacts> types,
        IReadOnlyList<WorkerFacts> workers,
        IReadOnlyDictionary<TaskTypeId, long> recorded,
        long worstNs,
        long thresholdNs
    )
    {
        if (!Given)
            return types;
        var polling = workers.Where(w => w.Polls > 0).Select(w => w.Target).ToHashSet();
        return
        [
            .. types.Select(
                (type, i) =>
                    !polling.Contains(type.Target)
                        ? new TaskTypeFacts
                        {
                            Target = type.Target,
                            Name = type.Name,
                            Histogram = new long[type.Histogram.Length],
                        }
                    : _leftOut.GetValueOrDefault(new TaskTypeId(i)) is > 0 and var others
                        ? OfOurs(type, recorded.GetValueOrDefault(new TaskTypeId(i)), others)
                    : type
            ),
        ];

        // what the token bucket left out is theirs and ours in the same proportion
        TaskTypeFacts OfOurs(TaskTypeFacts type, long ours, long others) =>
            type with
            {
                Slow = (long)Math.Round((double)type.Slow * ours / (ours + others)),
                MaxNs = Math.Min(type.MaxNs, ours > 0 ? worstNs : thresholdNs),
            };
    }
}
