using System.Collections;

namespace Hud.Metrics.Format;

/// <summary>A list whose items are made of those of another when they are asked for, and not kept.</summary>
internal sealed class MappedList<TSource, TItem>(IReadOnlyList<TSource> source, Func<TSource, TItem> make)
    : IReadOnlyList<TItem>
{
    public int Count => source.Count;

    public TItem this[int index] => make(source[index]);

    public IEnumerator<TItem> GetEnumerator() => source.Select(make).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
