using Hud.Frames;

namespace Hud.Analysis;

/// <summary>A distinct stack: lookup addresses, leaf first.</summary>
public sealed record StoredStack(TargetId Target, ulong[] Addresses, UnwindQuality Quality, StopReason Stop);

/// <summary>
/// Distinct stacks. Bounded; stacks beyond are counted and get no id. A run of hours meets more than there is room for, so those that nothing refers
/// to any longer are forgotten; their ids are not given again.
/// </summary>
public sealed class StackStore(int maxStacks = 20_000)
{
    private static readonly StoredStack Forgotten = new(default, [], UnwindQuality.None, StopReason.NoStack);
    private readonly Dictionary<Key, StackId> _ids = [];
    private readonly Dictionary<StackId, StoredStack> _stacks = [];
    private int _next;

    public int Count => _stacks.Count;

    public int MaxStacks => maxStacks;

    /// <summary>Time to forget: a tenth of the room is left at most.</summary>
    public bool IsNearlyFull => Count > maxStacks - maxStacks / 10;

    /// <summary>Stacks that found no place.</summary>
    public long Refused { get; private set; }

    /// <summary>One without any address when it was forgotten.</summary>
    public StoredStack this[StackId id] => _stacks.GetValueOrDefault(id) ?? Forgotten;

    public bool Contains(StackId id) => _stacks.ContainsKey(id);

    /// <summary>Forgets all stacks but these.</summary>
    public void KeepOnly(IReadOnlySet<StackId> used)
    {
        ArgumentNullException.ThrowIfNull(used);
        foreach (var (id, stack) in _stacks)
        {
            if (!used.Contains(id) && _stacks.Remove(id))
                _ids.Remove(new Key(stack.Target, stack.Addresses));
        }
    }

    /// <summary>None when there is nothing to keep or no place.</summary>
    /// <param name="addresses">leaf first, pc - 1 for callers; the kernel's own frames come before the thread's</param>
    public StackId Intern(TargetId target, ulong[] addresses, UnwindQuality quality, StopReason stop)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        if (addresses.Length == 0)
            return StackId.None;
        var key = new Key(target, addresses);
        if (_ids.TryGetValue(key, out var id))
            return id;
        if (_stacks.Count >= maxStacks)
        {
            Refused++;
            return StackId.None;
        }

        id = new StackId(_next++);
        _stacks.Add(id, new StoredStack(target, addresses, quality, stop));
        _ids.Add(key, id);
        return id;
    }

    /// <summary>The same stack as far as this frame: what lies beyond a poll is the same for every task.</summary>
    public StackId Cut(StackId id, int lastFrame)
    {
        var whole = this[id];
        return lastFrame + 1 >= whole.Addresses.Length
            ? id
            : Intern(whole.Target, whole.Addresses[..(lastFrame + 1)], whole.Quality, StopReason.ReachedPoll);
    }

    private readonly struct Key(TargetId target, ulong[] addresses) : IEquatable<Key>
    {
        private readonly TargetId _target = target;
        private readonly ulong[] _addresses = addresses;

        public bool Equals(Key other) =>
            _target == other._target && _addresses.AsSpan().SequenceEqual(other._addresses);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(_target);
            foreach (ulong address in _addresses)
                hash.Add(address);
            return hash.ToHashCode();
        }
    }
}
