using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>One document within a merge: where its indexes and its clock start in the merged one.</summary>
internal sealed class MergePart
{
    public required ProfileDocument Document { get; init; }
    public required int FirstTarget { get; init; }
    public required int FirstWorker { get; init; }
    public required int FirstTask { get; init; }
    public required long ShiftNs { get; init; }

    /// <summary>Stack of this document to stack of the merged one.</summary>
    public required int[] StackMap { get; init; }

    /// <summary>Workers x wall: what percentages are of.</summary>
    public double WorkerNs => (double)Document.Summary.Workers * Document.Summary.ObservedNs;

    public int Target(int index) => Index(index, FirstTarget, Document.Targets.Count);

    public int WorkerIndex(int index) => Index(index, FirstWorker, Document.Workers.Count);

    public int TaskIndex(int index) => Index(index, FirstTask, Document.Tasks.Count);

    public int Stack(int index) => index >= 0 && index < StackMap.Length ? StackMap[index] : -1;

    public WorkerProfile Worker(WorkerProfile worker) =>
        worker with
        {
            Target = Target(worker.Target),
            LatencyByStack = [.. worker.LatencyByStack.Select(g => g with { StackIndex = Stack(g.StackIndex) })],
        };

    /// <summary>An index beyond its own document must not become one into another part.</summary>
    private static int Index(int index, int first, int count) => index < 0 || index >= count ? -1 : first + index;
}

/// <summary>Distinct stacks by content, numbered in order of arrival.</summary>
internal sealed class StackPool
{
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private readonly List<StackEntry> _entries = [];

    public IReadOnlyList<StackEntry> Entries => _entries;

    public int Add(StackEntry entry)
    {
        // control characters separate, so that no name can imitate a border by accident; a forged one only joins its own stacks
        string key =
            string.Join(
                '\u0001',
                entry.Frames.Select(f =>
                    $"{f.Function}\u0002{f.Location}\u0002{f.Module}\u0002{(int)f.Kind}{f.Inlined}{f.Blamed}"
                )
            )
            + '\u0003'
            + entry.Quality
            + '\u0003'
            + entry.Stop;
        if (!_index.TryGetValue(key, out int index))
        {
            _index[key] = index = _entries.Count;
            _entries.Add(entry);
        }

        return index;
    }
}
