using Hud.Analysis;

namespace Hud.NodeAgent.Run;

/// <summary>
/// The numbers under which the kernel counts the task types of one target: a run of them from <paramref name="first"/> on, one more for
/// code outside of polls, and a run for each library that was loaded later.
/// </summary>
/// <param name="first">The number of the target's first type.</param>
/// <param name="count">Its types at the start of the run.</param>
internal sealed class TypeNumbers(int first, int count)
{
    private readonly List<(int Type, int Number)> _blocks = [(0, first)];
    private int _count = count;

    /// <summary>Libraries that have numbers, loaded by this process or by an earlier one of the same program.</summary>
    private Dictionary<string, (int Number, int Count)> _ofFiles = new(StringComparer.Ordinal);

    /// <summary>Types at the start.</summary>
    public int Initial { get; } = count;

    public TaskTypeId First => new(first);

    /// <summary>What code outside of all polls is counted under: behind the types of the start.</summary>
    public TaskTypeId Outside { get; } = new(first + count);

    /// <param name="count">Types that come behind those that are known.</param>
    /// <param name="number">The number of the first of them.</param>
    /// <param name="file">What the types are of.</param>
    public void Add(int count, int number, string file)
    {
        _ofFiles[file] = (number, count);
        _blocks.Add((_count, number));
        _count += count;
    }

    /// <summary>The number of the first type of a library that has had numbers; null when it has none for so many.</summary>
    public int? OfFile(string file, int types) =>
        _ofFiles.TryGetValue(file, out var block) && block.Count == types ? block.Number : null;

    /// <summary>The same numbers for a process that runs the same program and has loaded nothing yet.</summary>
    public TypeNumbers Again() => new(First.Number, Initial) { _ofFiles = _ofFiles };

    /// <param name="type">By its place among the target's types.</param>
    public TaskTypeId NumberOf(int type)
    {
        var (start, number) = _blocks.FindLast(b => type >= b.Type);
        return new TaskTypeId(number + type - start);
    }

    /// <returns>The place of the type with this number; -1 when the target has none.</returns>
    public int TypeOf(TaskTypeId id)
    {
        for (int i = 0; i < _blocks.Count; i++)
        {
            int end = i + 1 < _blocks.Count ? _blocks[i + 1].Type : _count,
                type = _blocks[i].Type + id.Number - _blocks[i].Number;
            if (id.Number >= _blocks[i].Number && type < end)
                return type;
        }

        return -1;
    }
}
