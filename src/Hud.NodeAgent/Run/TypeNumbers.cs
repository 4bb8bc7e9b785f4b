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

    public TaskTypeId First => new(first);

    /// <summary>What code outside of all polls is counted under: behind the types of the start.</summary>
    public TaskTypeId Outside { get; } = new(first + count);

    /// <param name="count">Types that come behind those that are known.</param>
    /// <param name="number">The number of the first of them.</param>
    public void Add(int count, int number)
    {
        _blocks.Add((_count, number));
        _count += count;
    }

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
