using System.Diagnostics.CodeAnalysis;
using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// Tables by the content they are made of, within a bound on their memory: the least recently used leave first. One table larger than the
/// whole bound is handed out and not kept. Thread-safe; a table asked for by two threads at once is built once.
/// </summary>
public sealed class UnwindTableCache(long maxBytes = UnwindTableCache.DefaultMaxBytes)
{
    public const long DefaultMaxBytes = 48L << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();

    public long Bytes { get; private set; }

    public int Count => _entries.Count;

    public long Hits { get; private set; }

    public long Misses { get; private set; }

    public long Evictions { get; private set; }

    /// <summary>The table of a file; files with the same <see cref="ElfFile.ContentKey"/> share one.</summary>
    public UnwindTable Of(ElfFile elf)
    {
        ArgumentNullException.ThrowIfNull(elf);
        return GetOrBuild(elf.ContentKey, () => UnwindTable.Build(elf));
    }

    internal UnwindTable GetOrBuild(string key, Func<UnwindTable> build)
    {
        Entry entry;
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var node))
            {
                Hits++;
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                entry = node.Value;
            }
            else
            {
                Misses++;
                entry = new Entry(key, new Lazy<UnwindTable>(build));
                _entries[key] = _byUse.AddFirst(entry);
            }
        }

        var table = entry.Table.Value; // built outside the lock: other keys do not wait
        lock (_lock)
        {
            Account(entry, table);
        }

        return table;
    }

    public bool TryGet(string key, [NotNullWhen(true)] out UnwindTable? table)
    {
        lock (_lock)
        {
            table = _entries.TryGetValue(key, out var node) && node.Value.Bytes > 0 ? node.Value.Table.Value : null;
            return table is not null;
        }
    }

    private void Account(Entry entry, UnwindTable table)
    {
        if (entry.Bytes == 0 && _entries.TryGetValue(entry.Key, out var node) && ReferenceEquals(node.Value, entry))
        {
            entry.Bytes = Math.Max(1, table.MemoryBytes);
            Bytes += entry.Bytes;
        }

        for (var node2 = _byUse.Last; Bytes > maxBytes && node2 is not null; )
        {
            var previous = node2.Previous;
            if (node2.Value.Bytes > 0)
            {
                _byUse.Remove(node2);
                _entries.Remove(node2.Value.Key);
                Bytes -= node2.Value.Bytes;
                Evictions++;
            }

            node2 = previous;
        }
    }

    private sealed class Entry(string key, Lazy<UnwindTable> table)
    {
        public string Key => key;

        public Lazy<UnwindTable> Table => table;

        /// <summary>0 while it is being built.</summary>
        public long Bytes { get; set; }
    }
}
